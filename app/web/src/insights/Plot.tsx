/** Lines over time, drawn by uPlot on a canvas. Who does not see it has the sentence and the table. */

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { Lines } from "./lines";

const HEIGHT = 260;
const COLORS = 6;
const DAY = 86_400;

interface Props {
  lines: Lines;
  /** The span, in seconds since 1970: all charts of a view have the same axis, whatever they know of it. */
  since: number;
  until: number;
  unit: string;
  isLog: boolean;
  /** What a screen reader says in place of the picture. */
  text: string;
}

export function Plot({ lines, since, until, unit, isLog, text }: Props) {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const target = container.current;
    if (!target || typeof ResizeObserver === "undefined") {
      return;
    }
    const data: uPlot.AlignedData = [lines.times, ...lines.lines.map(({ values }) => values)];
    const plot = new uPlot(optionsOf(lines, [since, until], isLog, target), data, target);
    const observer = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: HEIGHT }));
    observer.observe(target);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [lines, since, until, isLog]);
  return (
    <figure>
      <div className="plot" ref={container} role="img" aria-label={text} />
      <figcaption className="fine">{unit}; times in UTC</figcaption>
    </figure>
  );
}

function optionsOf(lines: Lines, span: [number, number], isLog: boolean, target: HTMLElement): uPlot.Options {
  const style = getComputedStyle(target);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--soft"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { stroke: color("--line"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  return {
    width: target.clientWidth || 600,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: {
      x: { range: () => span },
      y: isLog ? { distr: 3 } : { range: (_, __, most) => [0, Math.max(most * 1.05, 1)] },
    },
    legend: { markers: { dash: (_, index) => (lines.lines[index - 1]?.isDashed ? "dashed" : "solid") } },
    axes: [
      { ...axis, values: (_, at, __, ___, step) => at.map((seconds) => shown(seconds, step)) },
      { ...axis, size: 64 },
    ],
    series: [
      { value: (_, seconds) => (seconds === null ? "" : `${shown(seconds, DAY)} ${shown(seconds, 1)}`) },
      ...lines.lines.map(
        ({ label, isDashed, color: number }): uPlot.Series => ({
          label,
          stroke: color(`--line-${number % COLORS}`),
          width: 2,
          spanGaps: false,
          ...(isDashed ? { dash: [6, 4] } : {}),
        }),
      ),
    ],
  };
}

/** The day for steps of days and at midnight, else the time. */
function shown(seconds: number, step: number): string {
  const moment = new Date(seconds * 1000).toISOString();
  return step >= DAY || (step > 1 && seconds % DAY === 0) ? moment.slice(5, 10) : moment.slice(11, 16);
}

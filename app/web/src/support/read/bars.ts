/**
 * Where each span lies on one axis, in percent of its width. Time is drawn to scale, but for the time between an end and
 * what came after it: hours of it would leave nothing to see of the seconds before, so it is a break of a fixed width.
 */

import type { SpanBody, UsualBody } from "../../status/schema";
import { duration } from "../times";

const BREAK_PERCENT = 5;
const MOST_BREAKS_PERCENT = 40;
const STEPS = [1, 2, 5];
const LONG_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

export interface Bar {
  span: SpanBody;
  left: number;
  width: number;
  isBreak: boolean;
}

export interface Tick {
  /** In seconds of time that is to scale. */
  at: number;
  left: number;
}

/** Half take no longer than the first, and 95 in 100 no longer than the second. */
export function usualWords({ p50, p95 }: Pick<UsualBody, "p50" | "p95">, isOutlier: boolean): string {
  return `${isOutlier ? "long, " : ""}usually ${duration(p50)} to ${duration(p95)}`;
}

export function barsOf(spans: readonly SpanBody[]): { bars: Bar[]; ticks: Tick[] } {
  const breaks = spans.filter(isBreak).length;
  const broken = Math.min(breaks * BREAK_PERCENT, MOST_BREAKS_PERCENT);
  const breakWidth = breaks ? broken / breaks : 0;
  const scaled = spans.reduce((sum, span) => sum + (isBreak(span) ? 0 : span.seconds), 0);
  const percent = scaled > 0 ? (100 - broken) / scaled : 0;
  let left = 0;
  const bars = spans.map((span) => {
    const width = isBreak(span) ? breakWidth : span.seconds * percent;
    const bar = { span, left, width, isBreak: isBreak(span) };
    left += width;
    return bar;
  });
  return { bars, ticks: ticksOf(bars, scaled, percent) };
}

function isBreak({ kind }: SpanBody): boolean {
  return kind === "ended";
}

function ticksOf(bars: readonly Bar[], scaled: number, percent: number): Tick[] {
  if (scaled <= 0) {
    return [];
  }
  const step = stepOf(scaled / 4);
  const ticks: Tick[] = [];
  for (let number = 0; number * step <= scaled; number += 1) {
    ticks.push({ at: number * step, left: placeOf(bars, number * step, percent) });
  }
  return ticks;
}

/** The next round number of seconds: 1, 2 or 5 and zeros; whole minutes and hours where it is long. */
function stepOf(seconds: number): number {
  const size = 10 ** Math.floor(Math.log10(seconds));
  const short = (STEPS.find((step) => step * size >= seconds) ?? 10) * size;
  return seconds <= 20 ? short : (LONG_STEPS.find((step) => step >= seconds) ?? Math.ceil(seconds / 86_400) * 86_400);
}

function placeOf(bars: readonly Bar[], at: number, percent: number): number {
  let before = 0;
  for (const { span, left, isBreak: isGap } of bars) {
    if (!isGap && at <= before + span.seconds) {
      return left + (at - before) * percent;
    }
    before += isGap ? 0 : span.seconds;
  }
  return 100;
}

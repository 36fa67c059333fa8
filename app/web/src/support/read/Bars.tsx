/** Where the time went: every span as a bar on one axis, with its seconds. They add up to the whole. */

import { useId } from "react";
import type { TimelineBody } from "../../status/schema";
import { duration } from "../times";
import { capital, KINDS, spanWords } from "../words";
import { barsOf, usualWords } from "./bars";

export function Bars({ body, title = "Where the time went" }: { body: TimelineBody; title?: string }) {
  const { spans, seconds, parts, isTerminal } = body;
  const { bars, ticks } = barsOf(spans);
  const id = useId();
  return (
    <section className="time" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p className="sum">
        {Object.entries(parts).map(([kind, sum]) => (
          <span key={kind} data-kind={kind}>
            {KINDS[kind as keyof typeof KINDS] ?? kind} <b>{duration(sum)}</b>
          </span>
        ))}
        <span className="whole">
          {isTerminal ? "the whole" : "so far"} <b>{duration(seconds)}</b>
        </span>
      </p>
      <table className="bars">
        <caption className="spoken">The time of this upload, in parts that follow each other without a gap</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">
              <span className="axis" aria-hidden="true">
                {ticks.map(({ at, left }) => (
                  <span key={at} style={{ insetInlineStart: `${left}%` }}>
                    {tickWords(at)}
                  </span>
                ))}
              </span>
              <span className="spoken">Share of the axis</span>
            </th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {bars.map(({ span, left, width, isBreak }, index) => (
            <tr key={span.from + span.kind + span.attempt} data-new={isNewAttempt(bars, index) || undefined}>
              <th scope="row">
                {capital(spanWords(span))}
                {isNewAttempt(bars, index) && span.attempt > 0 && <small> attempt {span.attempt}</small>}
                {span.worker && span.worker !== bars[index - 1]?.span.worker && (
                  <small className="worker"> {span.worker}</small>
                )}
              </th>
              <td className="track">
                <span
                  className="bar-of"
                  data-kind={span.kind}
                  data-break={isBreak || undefined}
                  style={{ insetInlineStart: `${left}%`, width: `${width}%` }}
                />
                <span className="spoken">{isBreak ? "not to scale" : `${width.toFixed(0)} %`}</span>
              </td>
              <td className="figure-of">
                {duration(span.seconds)}
                {span.usual && (
                  <small className={span.isOutlier ? "still" : ""}> {usualWords(span.usual, span.isOutlier)}</small>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function isNewAttempt(bars: { span: { attempt: number } }[], index: number): boolean {
  return index === 0 || bars[index]?.span.attempt !== bars[index - 1]?.span.attempt;
}

function tickWords(seconds: number): string {
  return duration(seconds)
    .replace(/(\.\d*?)0+ s$/, "$1 s")
    .replace(/\. s$/, " s")
    .replace(/ 00 \w+$/, "");
}

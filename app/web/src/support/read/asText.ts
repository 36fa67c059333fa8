/** A timeline as text for a ticket. It has nothing personal: no session, no name of a colleague, no reason. */

import type { TimelineBody } from "../../status/schema";
import { standingOf } from "../standing";
import { clock, day, duration, moment } from "../times";
import { actorWords, eventWords, STATUSES, spanWords } from "../words";

export function asText(body: TimelineBody): string {
  const { jobId, status, events, spans, seconds, failure, isTerminal, correlationId } = body;
  const { attempt, progress } = standingOf(body);
  const first = events[0];
  const lines = [
    `Darkroom upload ${jobId}`,
    `${status ? STATUSES[status] : "unreadable"}, ${progress} %, ${attempt} ${attempt === 1 ? "attempt" : "attempts"}`,
    first && `Submitted ${moment(first.recordedAt)} UTC; ${duration(seconds)} ${isTerminal ? "in all" : "so far"}`,
    failure && `${failure.code}${failure.stage ? ` at ${failure.stage}` : ""}: ${failure.happened}`,
    correlationId && `Correlation id ${correlationId}`,
    "",
    "Time",
    ...spans.map((span) => `  ${duration(span.seconds).padStart(12)}  ${spanWords(span)}`),
    "",
    "Events (UTC)",
    ...events.map((event) => {
      const code = event.code ? ` ${event.code}` : "";
      const time = `${day(event.recordedAt)} ${clock(event.recordedAt)}`;
      return `  ${String(event.version).padStart(3)}  ${time}  ${eventWords(event)}${code}, ${by(event.actor)}`;
    }),
  ];
  return `${lines.filter((line) => typeof line === "string").join("\n")}\n`;
}

function by(actor: string | null): string {
  const { who, kind } = actorWords(actor);
  return kind === "staff" ? "by staff" : `by ${who}`;
}

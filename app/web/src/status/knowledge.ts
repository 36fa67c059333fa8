/**
 * What is known of a job: a fold over the outcomes of its polls, in whatever order they come. It only moves forward.
 * Knows no network and no clock.
 */

import type { Outcome } from "./ask";
import type { StatusError } from "./StatusError";
import type { StatusBody } from "./schema";

export interface Knowledge {
  readonly body: StatusBody | null;
  readonly etag: string | null;
  /** What was wrong with the last poll; the body is then what was known before. */
  readonly error: StatusError | null;
  /** Polls in a row that failed. */
  readonly failures: number;
}

export const NOTHING: Knowledge = { body: null, etag: null, error: null, failures: 0 };

const POLL_MS = 2500;
const SHORTEST_POLL_MS = 2000;
const LONGEST_POLL_MS = 3000;
const LONGEST_PAUSE_MS = 30_000;

export function learn(known: Knowledge, outcome: Outcome): Knowledge {
  switch (outcome.kind) {
    case "moved":
      return { ...newer(known, outcome.body, outcome.etag), error: null, failures: 0 };
    case "unmoved":
      return { ...known, error: null, failures: 0 };
    case "trouble":
      return { ...known, error: outcome.error, failures: known.failures + 1 };
  }
}

/** An answer that was overtaken by a later one changes nothing. */
function newer(known: Knowledge, body: StatusBody, etag: string | null): Pick<Knowledge, "body" | "etag"> {
  return known.body && body.version < known.body.version ? known : { body, etag };
}

export function isOver({ body, error }: Knowledge): boolean {
  return body?.status === "completed" || body?.status === "failed" || (error?.isFinal ?? false);
}

/** How long to wait before the next poll. */
export function pauseMs({ body, error, failures }: Knowledge): number {
  if (error) {
    return Math.max(error.retryAfterMs ?? 0, Math.min(POLL_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
  }
  return Math.min(Math.max(body?.pollAfterMs ?? POLL_MS, SHORTEST_POLL_MS), LONGEST_POLL_MS);
}

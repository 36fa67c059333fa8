/**
 * What is known of a job: a fold over the outcomes of its polls, in whatever order they come. It only moves forward.
 * Knows no network and no clock.
 */

import type { Outcome } from "./ask.ts";
import type { StatusError } from "./StatusError.ts";
import type { StatusBody } from "./schema.d.ts";

export interface Knowledge {
  readonly body: StatusBody | null;
  readonly etag: string | null;
  /** What was wrong with the last poll; the body is then what was known before. */
  readonly error: StatusError | null;
  /** Polls in a row that failed. */
  readonly failures: number;
  /** The server holds its answers until the job moves. */
  readonly isHeld: boolean;
  /** Something in between cuts off what is held. */
  readonly isCut: boolean;
}

export const NOTHING: Knowledge = { body: null, etag: null, error: null, failures: 0, isHeld: false, isCut: false };

const POLL_MS = 2500;
const SHORTEST_POLL_MS = 2000;
const LONGEST_POLL_MS = 3000;
const LONGEST_PAUSE_MS = 30_000;
const HIDDEN_POLL_MS = 20_000;

export function learn(known: Knowledge, outcome: Outcome): Knowledge {
  switch (outcome.kind) {
    case "moved":
      return { ...known, ...newer(known, outcome.body, outcome.etag), ...well(outcome.isHeld) };
    case "unmoved":
      return { ...known, ...well(outcome.isHeld) };
    case "let go":
      return { ...known, isHeld: false };
    case "trouble": {
      const rest = { ...known, isHeld: false, isCut: known.isCut || outcome.isCut };
      // Where answers were held before, one that is cut off is no trouble yet: the next one is asked for without.
      return known.isHeld && outcome.isCut ? rest : { ...rest, error: outcome.error, failures: known.failures + 1 };
    }
  }
}

function well(isHeld: boolean) {
  return { error: null, failures: 0, isHeld };
}

/** An answer that was overtaken by a later one changes nothing. */
function newer(known: Knowledge, body: StatusBody, etag: string | null): Pick<Knowledge, "body" | "etag"> {
  return known.body && body.version < known.body.version ? known : { body, etag };
}

export function isOver({ body, error }: Knowledge): boolean {
  return (body?.isTerminal ?? false) || (error?.isFinal ?? false);
}

/** Whether the server may hold its next answer; in trouble people are to hear at once that it is over. */
export function mayHold({ error, isCut }: Knowledge): boolean {
  return error === null && !isCut;
}

/** Whether the next poll is sent at once, without a pause. */
export function isFollowed(known: Knowledge): boolean {
  return known.isHeld && !isOver(known);
}

/** How long to wait before the next poll. A tab that is not looked at asks slowly: it is to tell of the end. */
export function pauseMs({ body, error, failures }: Knowledge, isHidden = false): number {
  if (isHidden) {
    return Math.max(error?.retryAfterMs ?? 0, HIDDEN_POLL_MS);
  }
  if (error) {
    return Math.max(error.retryAfterMs ?? 0, Math.min(POLL_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
  }
  return Math.min(Math.max(body?.pollAfterMs ?? POLL_MS, SHORTEST_POLL_MS), LONGEST_POLL_MS);
}

/**
 * One poll of one job, and what came of it. Raises nothing: a trouble is an outcome like any other.
 * Knows nothing of what was answered before but its ETag.
 */

import { addressOf } from "./connection.ts";
import { type Hold, hold, isApplied, LONGEST_HOLD_MS } from "./hold.ts";
import { isStatus } from "./isStatus.ts";
import { refusalOf, retryAfterMs } from "./refusal.ts";
import { StatusError } from "./StatusError.ts";
import type { StatusBody } from "./schema.d.ts";

export interface Question {
  baseUrl: string;
  jobId: string;
  token: string;
  /** Of the last answer. */
  etag: string | null;
  /** The server may hold its answer until the job moves. */
  mayHold: boolean;
}

/**
 * What came of it. `isHeld`: the server holds its answers, so nothing is won by a pause before the next poll. `renewed`:
 * a token of the same session, to be used from now on.
 */
export type Outcome =
  | { kind: "moved"; body: StatusBody; etag: string | null; isHeld: boolean; renewed: string | null }
  | { kind: "unmoved"; isHeld: boolean; renewed: string | null }
  /** No component asks any more, or the network has gone: the request was given up, and nothing was learned. */
  | { kind: "let go" }
  /** `isCut`: it came while the answer was held, so that the holding may be to blame. */
  | { kind: "trouble"; error: StatusError; isCut: boolean };

/** A request without an answer is given up after this time, and asked again. */
const PATIENCE_MS = 15_000;
/** No session of ours, and no such upload: with these Darkroom ends the asking. All else passes. */
const FINAL: Record<number, string> = { 401: "UNAUTHORIZED", 404: "NOT_FOUND" };

export async function ask({ baseUrl, jobId, token, etag, mayHold }: Question, signal: AbortSignal): Promise<Outcome> {
  const impatience = new AbortController();
  const giveUp = () => impatience.abort();
  const held = mayHold ? hold(giveUp) : null;
  const timer = setTimeout(giveUp, held && etag ? LONGEST_HOLD_MS : PATIENCE_MS);
  signal.addEventListener("abort", giveUp);
  try {
    const headers = { "X-Session-Token": token, ...(etag && { "If-None-Match": etag }), ...held?.headers };
    const url = addressOf(baseUrl, `/api/status/${encodeURIComponent(jobId)}`);
    return await outcomeOf(await fetch(url, { headers, signal: impatience.signal, cache: "no-store" }), {
      jobId,
      etag,
      held,
    });
  } catch {
    // No answer, or half of one, or none in JSON: a network's doing, or that of a proxy in between.
    const error = new StatusError("NETWORK", "Darkroom cannot be reached just now.");
    return held?.isLetGo ? { kind: "let go" } : trouble(error, held);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    held?.end();
  }
}

interface Asked {
  jobId: string;
  /** Of the answer that was known. */
  etag: string | null;
  held: Hold | null;
}

async function outcomeOf(response: Response, { jobId, etag: known, held }: Asked): Promise<Outcome> {
  const isHeld = held !== null && isApplied(response);
  const renewed = response.headers.get("X-Session-Token");
  if (response.status === 304) {
    return { kind: "unmoved", isHeld: isHeld && held.isLong, renewed };
  }
  if (!response.ok) {
    return trouble(await refusal(response), held);
  }
  const body: unknown = await response.json();
  if (!isStatus(body, jobId)) {
    throw new TypeError("This is no status of Darkroom's.");
  }
  const etag = response.headers.get("ETag");
  return { kind: "moved", body, etag, isHeld: isHeld && etag !== known, renewed };
}

async function refusal(response: Response): Promise<StatusError> {
  const told = refusalOf(response.status, await response.json().catch(() => null));
  const isFinal = told.isOurs && FINAL[response.status] === told.code;
  return new StatusError(told.code, told.message, isFinal, retryAfterMs(response.headers));
}

function trouble(error: StatusError, held: Hold | null): Outcome {
  const isPassing = !error.isFinal && error.retryAfterMs === null;
  return { kind: "trouble", error, isCut: isPassing && (held?.isCut ?? false) };
}

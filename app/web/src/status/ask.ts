/**
 * One poll of one job, and what came of it. Raises nothing: a trouble is an outcome like any other.
 * Knows nothing of what was answered before but its ETag.
 */

import { StatusError } from "./StatusError";
import type { ErrorBody, StatusBody } from "./schema";

export type Outcome =
  | { kind: "moved"; body: StatusBody; etag: string | null }
  | { kind: "unmoved" }
  | { kind: "trouble"; error: StatusError };

/** A request that nobody answers is given up after this time, and asked again. */
const PATIENCE_MS = 15_000;
/** However long a server wishes to be left alone. */
const LONGEST_RETRY_AFTER_MS = 300_000;

export async function ask(jobId: string, token: string, etag: string | null, signal: AbortSignal): Promise<Outcome> {
  const impatience = new AbortController();
  const giveUp = () => impatience.abort();
  const timer = setTimeout(giveUp, PATIENCE_MS);
  signal.addEventListener("abort", giveUp);
  try {
    const headers = { "X-Session-Token": token, ...(etag && { "If-None-Match": etag }) };
    const url = `/api/status/${encodeURIComponent(jobId)}`;
    return await outcomeOf(await fetch(url, { headers, signal: impatience.signal, cache: "no-store" }));
  } catch {
    // No answer, or half of one, or none in JSON: a network's doing, or that of a proxy in between.
    return trouble(new StatusError("NETWORK", "Darkroom cannot be reached just now."));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

async function outcomeOf(response: Response): Promise<Outcome> {
  if (response.status === 304) {
    return { kind: "unmoved" };
  }
  if (!response.ok) {
    return trouble(await refusal(response));
  }
  const body = (await response.json()) as StatusBody;
  if (body.success !== true || typeof body.version !== "number") {
    throw new TypeError("This is no status of Darkroom's.");
  }
  return { kind: "moved", body, etag: response.headers.get("ETag") };
}

async function refusal(response: Response): Promise<StatusError> {
  const told = await response.json().then(
    (body: Partial<ErrorBody> | null) => body?.error,
    () => undefined,
  );
  const code = told?.code ?? `HTTP_${response.status}`;
  const message = told?.message ?? "Darkroom does not answer as it should.";
  return new StatusError(code, message, isFinal(response.status), retryAfterMs(response));
}

/** What the client did wrong stays wrong; too slow, too often and the server's own troubles pass. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function retryAfterMs(response: Response): number | null {
  const value = response.headers.get("Retry-After") ?? "";
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_RETRY_AFTER_MS) : null;
}

function trouble(error: StatusError): Outcome {
  return { kind: "trouble", error };
}

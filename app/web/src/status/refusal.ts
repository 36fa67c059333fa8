/** What a refusal says, and whether Darkroom itself said it: a proxy or a firewall in between may answer in its place. */

export interface Refusal {
  code: string;
  message: string;
  /** It is Darkroom's own JSON. */
  isOurs: boolean;
}

export function refusalOf(status: number, body: unknown): Refusal {
  const { success, error } = (body ?? {}) as { success?: unknown; error?: { code?: unknown; message?: unknown } };
  if (success === false && typeof error?.code === "string" && typeof error.message === "string") {
    return { code: error.code, message: error.message, isOurs: true };
  }
  const message = `Something between this page and Darkroom answered in its place, with status ${status}.`;
  return { code: `HTTP_${status}`, message, isOurs: false };
}

/** However long a server wishes to be left alone. */
const LONGEST_RETRY_AFTER_MS = 300_000;

/** How long the server asked to be left alone: a number of seconds, or a moment by its own clock. This one may be wrong. */
export function retryAfterMs(headers: { get(name: string): string | null }): number | null {
  const value = headers.get("Retry-After") ?? "";
  const now = Date.parse(headers.get("Date") ?? "") || Date.now();
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_RETRY_AFTER_MS) : null;
}

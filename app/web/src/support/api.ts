/** The requests of the console. Each answers with the server's body, or raises a SupportError with the server's sentence. */

import { refusalOf } from "../status/refusal";

export const API = "/api/support";

export class SupportError extends Error {
  override readonly name = "SupportError";

  constructor(
    /** Of HTTP; 0 where nothing answered. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** In seconds, where the server says when to ask again. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Nothing says that it was not carried out, and the same again may well succeed. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

interface Sent {
  method?: string;
  /** It becomes JSON. */
  json?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let csrfToken: string | null = null;

/** The token that every change must carry: it proves that this page asks, and not another one with the same cookie. */
export function keepCsrfToken(token: string | null): void {
  csrfToken = token;
}

export async function ask<Body>(path: string, sent: Sent = {}): Promise<Body> {
  return (await askWhole<Body>(path, sent)).body as Body;
}

/** The same with the status and the ETag of the answer; there is no body where nothing has changed (304). */
export async function askWhole<Body>(
  path: string,
  { method = "GET", json, headers = {}, signal }: Sent = {},
): Promise<{ status: number; etag: string | null; body: Body | null }> {
  const request: RequestInit = { method, cache: "no-store", headers: { ...headers } };
  const given = request.headers as Record<string, string>;
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    given["Content-Type"] = "application/json";
  }
  if (method !== "GET" && csrfToken !== null) {
    given["X-CSRF-Token"] = csrfToken;
  }
  if (signal) {
    request.signal = signal;
  }
  const response = await fetch(API + path, request).catch((error: unknown) => {
    if (signal?.aborted) {
      throw error;
    }
    throw new SupportError(0, "NETWORK", "Darkroom cannot be reached just now.");
  });
  const etag = response.headers.get("ETag");
  if (response.status === 304) {
    return { status: 304, etag, body: null };
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && (body as { success?: boolean } | null)?.success) {
    return { status: response.status, etag, body: body as Body };
  }
  const { code, message } = refusalOf(response.status, body);
  throw new SupportError(response.status, code, message, Number(response.headers.get("Retry-After")) || null);
}

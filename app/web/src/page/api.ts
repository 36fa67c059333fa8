/** The requests of the page other than polls. Each answers with the server's body, or raises an ApiError. */

import { refusalOf } from "../status/refusal";
import type { ErasureBody, ResultBody, StatusBody, SubmissionBody } from "../status/schema";
import { renewSession, sessionOf } from "../status/sessions";

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    message: string,
    /** The same again may well succeed. */
    readonly isPassing: boolean,
    readonly retryAfterMs: number | null = null,
    /** Darkroom itself said it, and nothing in between. */
    readonly isOurs = true,
    /** Of HTTP; 0 where nothing answered. */
    readonly status = 0,
  ) {
    super(message);
  }
}

export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

export function askResult(jobId: string, resultId: string): Promise<ResultBody> {
  return call(jobId, `/api/results/${resultId}`);
}

export function retry(jobId: string): Promise<StatusBody> {
  return call(jobId, `/api/uploads/${jobId}/retry`, "POST");
}

export function cancel(jobId: string): Promise<StatusBody> {
  return call(jobId, `/api/uploads/${jobId}/cancel`, "POST");
}

/** Erase the upload: its photo, and what was made of it. */
export function erase(jobId: string): Promise<ErasureBody> {
  return call(jobId, `/api/uploads/${jobId}`, "DELETE");
}

/** Send a photo. An XMLHttpRequest tells how far it is, which fetch does not. */
export function submit(
  photo: Blob,
  { session, key, signal }: { session: string | null; key: string; signal: AbortSignal },
  onProgress: (share: number) => void,
): Promise<SubmissionBody> {
  const form = new FormData();
  form.append("image", photo, "photo"); // the file's own name is private
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/uploads");
    request.setRequestHeader("Idempotency-Key", key);
    if (session !== null) {
      request.setRequestHeader("X-Session-Token", session);
    }
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const { body, error } = judged(request.status, request.responseText, request.getResponseHeader("Retry-After"));
      if (error) {
        reject(error);
      } else {
        resolve(withNewestToken(body as SubmissionBody, request.getResponseHeader("X-Session-Token")));
      }
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new StoppedError());
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/** A token that the server has renewed is that of the session's other uploads too. */
function withNewestToken(body: SubmissionBody, renewed: string | null): SubmissionBody {
  if (renewed === null) {
    return body;
  }
  renewSession(body.sessionToken, renewed);
  return { ...body, sessionToken: renewed };
}

async function call<Body>(jobId: string, url: string, method = "GET"): Promise<Body> {
  const headers = { "X-Session-Token": sessionOf(jobId) ?? "" };
  const response = await fetch(url, { method, headers, cache: "no-store" }).catch(() => {
    throw unreachable();
  });
  const { body, error } = judged(response.status, await response.text(), response.headers.get("Retry-After"));
  if (error) {
    throw error;
  }
  return body as Body;
}

function judged(status: number, text: string, retryAfter: string | null): { body?: unknown; error?: ApiError } {
  const body = parsed(text) as { success?: boolean } | null;
  if (status < 300 && body?.success) {
    return { body };
  }
  const { code, message, isOurs } = refusalOf(status, body);
  // 409 with Retry-After: the same submission is still under way, or was when its server ended.
  const isPassing =
    status < 400 || status >= 500 || status === 408 || status === 429 || (status === 409 && !!retryAfter);
  return { error: new ApiError(code, message, isPassing, Number(retryAfter) * 1000 || null, isOurs, status) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unreachable(): ApiError {
  return new ApiError("NETWORK", "Darkroom cannot be reached just now.", true);
}

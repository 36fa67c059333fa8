/** The requests of the page other than polls. Each answers with the server's body, or raises an ApiError. */

import { isStatus } from "../status/isStatus";
import { refusalOf, retryAfterMs } from "../status/refusal";
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
  return call(jobId, `/api/results/${resultId}`, {
    isWhole: ({ jobId: told = jobId, preview }) => told === jobId && typeof preview?.url === "string",
  });
}

export function retry(jobId: string): Promise<StatusBody> {
  return command(jobId, "retry");
}

export function cancel(jobId: string): Promise<StatusBody> {
  return command(jobId, "cancel");
}

function command(jobId: string, name: string): Promise<StatusBody> {
  const isWhole = (body: object) => isStatus(body, jobId);
  return call(jobId, `/api/uploads/${jobId}/${name}`, { method: "POST", isWhole });
}

/** Erase the upload: its photo, and what was made of it. */
export function erase(jobId: string): Promise<ErasureBody> {
  return call(jobId, `/api/uploads/${jobId}`, {
    method: "DELETE",
    isWhole: ({ jobId: told, erased }) => erased === true && told === jobId,
  });
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
      const headers = { get: (name: string) => request.getResponseHeader(name) };
      const { status, responseText } = request;
      const { body, error } = judged<SubmissionBody>({ status, text: responseText, headers }, isSubmission);
      if (body) {
        resolve(withNewestToken(body, headers.get("X-Session-Token")));
      } else {
        reject(error);
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

function isSubmission({ jobId, sessionToken }: Partial<SubmissionBody>): boolean {
  return typeof jobId === "string" && typeof sessionToken === "string";
}

interface Call<Body> {
  method?: string;
  /** It has what the page needs of it. */
  isWhole: (body: Partial<Body>) => boolean;
}

async function call<Body>(jobId: string, url: string, { method = "GET", isWhole }: Call<Body>): Promise<Body> {
  const headers = { "X-Session-Token": sessionOf(jobId) ?? "" };
  // An answer may also break off in its middle.
  const answer = await fetch(url, { method, headers, cache: "no-store" })
    .then(async (response) => ({ status: response.status, text: await response.text(), headers: response.headers }))
    .catch(() => {
      throw unreachable();
    });
  const { body, error } = judged<Body>(answer, isWhole);
  if (body) {
    return body;
  }
  throw error;
}

interface Answer {
  status: number;
  text: string;
  headers: { get(name: string): string | null };
}

function judged<Body>(
  { status, text, headers }: Answer,
  isWhole: (body: Partial<Body>) => boolean,
): { body?: Body; error?: ApiError } {
  const body = parsed(text) as (Partial<Body> & { success?: boolean }) | null;
  if (status < 300 && body?.success === true && isWhole(body)) {
    return { body: body as Body };
  }
  const { code, message, isOurs } = refusalOf(status, body);
  // 409 with Retry-After: the same submission is still under way, or was when its server ended.
  const wait = retryAfterMs(headers);
  const isPassing =
    status < 400 || status >= 500 || status === 408 || status === 429 || (status === 409 && wait !== null);
  return { error: new ApiError(code, message, isPassing, wait, isOurs, status) };
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

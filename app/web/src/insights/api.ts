/** The requests of the insights: with the console's session, or with a token that is kept until the tab is closed. */

import { refusalOf } from "../status/refusal";

const KEY = "darkroom-staff-token";
const SIGN_IN = "Charts of how Darkroom does, for staff. Sign in with the token that opens the support console.";

export class InsightsError extends Error {
  override readonly name = "InsightsError";

  constructor(
    /** Of HTTP; 0 where nothing answered. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export async function ask<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  return (await (await response(path, signal)).json()) as Body;
}

/** A file of the server, offered as a download: a plain link could not carry the token. */
export async function download(path: string, name: string): Promise<void> {
  const address = URL.createObjectURL(await (await response(path)).blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

async function response(path: string, signal?: AbortSignal): Promise<Response> {
  const token = sessionStorage.getItem(KEY);
  const request: RequestInit = { cache: "no-store", headers: token ? { Authorization: `Bearer ${token}` } : {} };
  if (signal) {
    request.signal = signal;
  }
  const answer = await fetch(`/api/analysis${path}`, request).catch((error: unknown) => {
    if (signal?.aborted) {
      throw error;
    }
    throw new InsightsError(0, "Darkroom cannot be reached just now.");
  });
  if (!answer.ok) {
    const { message } = refusalOf(answer.status, await answer.json().catch(() => null));
    if (answer.status === 401) {
      sessionStorage.removeItem(KEY);
    }
    // The server's own words are for a program: without a token it asks for a header.
    throw new InsightsError(answer.status, answer.status === 401 && !token ? SIGN_IN : message);
  }
  return answer;
}

/** Where Darkroom's API is and who owns a job: what a front end may choose, and what is used when it chooses nothing. */

import { browserSessions } from "./sessions.ts";

/** Where session tokens come from. */
export interface Sessions {
  /** The token of the session that owns the job; null if this front end does not know one. */
  sessionOf(jobId: string): string | null;
  /** Call back whenever an answer of `sessionOf` may have changed, until the returned function is called. */
  subscribe?(changed: () => void): () => void;
  /** The server has renewed a token: keep `renewed` in its place, for every job that had it. */
  renew?(token: string, renewed: string): void;
}

export interface Connection {
  /** The origin of the API, and a path if it has one; "" is the page's own origin. */
  readonly baseUrl: string;
  readonly sessions: Sessions;
}

export const HERE: Connection = { baseUrl: "", sessions: browserSessions };

/** The address of an endpoint, whether or not the base ends with a slash. */
export function addressOf(baseUrl: string, path: string): string {
  return baseUrl.replace(/\/+$/, "") + path;
}

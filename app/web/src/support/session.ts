/** Who is signed in. The session itself is a cookie that no script can read; the console knows what it may do with it. */

import { type QueryClient, useQuery } from "@tanstack/react-query";
import type { Role, StaffSessionBody } from "../status/schema";
import { ask, keepCsrfToken, SupportError } from "./api";

const KEY = ["session"];
const ORDER: Role[] = ["viewer", "agent", "admin"];

/** null: the person is not signed in. */
export function useSession() {
  return useQuery({ queryKey: KEY, queryFn: askSession, staleTime: Number.POSITIVE_INFINITY });
}

export async function signIn(client: QueryClient, secret: { token: string } | { link: string }): Promise<void> {
  begin(client, await ask<StaffSessionBody>("/session", { method: "POST", json: secret }));
}

export async function signOut(client: QueryClient): Promise<void> {
  await ask("/session", { method: "DELETE" });
  end(client);
}

/** The session is over: what was read is forgotten. */
export function end(client: QueryClient): void {
  keepCsrfToken(null);
  client.setQueryData(KEY, null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
}

export function covers(role: Role, needed: Role): boolean {
  return ORDER.indexOf(role) >= ORDER.indexOf(needed);
}

function begin(client: QueryClient, session: StaffSessionBody): void {
  keepCsrfToken(session.csrfToken);
  client.setQueryData(KEY, session);
}

async function askSession(): Promise<StaffSessionBody | null> {
  try {
    const session = await ask<StaffSessionBody>("/session");
    keepCsrfToken(session.csrfToken);
    return session;
  } catch (error) {
    if (error instanceof SupportError && error.status === 401) {
      return null;
    }
    throw error;
  }
}

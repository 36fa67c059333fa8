/** How long a person may come in, and what each role may do, in words. */

import type { MemberBody, Role } from "../../status/schema";
import { day, moment } from "../times";

const DAY_MS = 86_400_000;

export const ROLES: Record<Role, string> = {
  viewer: "Viewer: finds and reads",
  agent: "Agent: also retries, cancels, requeues, and looks at pictures",
  admin: "Admin: also erases, and manages the staff",
};

const ORDER: MemberBody["state"][] = ["active", "ended", "revoked"];

/** The moment at which the access ends whose last day, in UTC, is this one. */
export function endOf(lastDay: string): string {
  return new Date(Date.parse(lastDay) + DAY_MS).toISOString();
}

/** `the end of 2027-01-31` where the access has a last day, else the moment. */
export function untilWords(until: string): string {
  const end = Date.parse(until);
  return end % DAY_MS === 0 ? `the end of ${day(new Date(end - DAY_MS).toISOString())}` : moment(until);
}

/** Those who may come in first; each part by name, as the server has them. */
export function inOrder(members: readonly MemberBody[]): MemberBody[] {
  return [...members].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
}

/** What staff did, in words; looks that follow each other at the same upload by the same person are one line. */

import type { DeedBody } from "../../status/schema";
import { moment } from "../times";

const TIME = /^\d{4}-\d\d-\d\dT/;
const ACTIONS: Record<string, string> = {
  looked: "looked at",
  searched: "searched",
  "signed-in": "signed in",
  "signed-out": "signed out",
  "staff-added": "added",
  "staff-rotated": "gave a new token to",
  "staff-revoked": "revoked",
  "failures-resolved": "resolved failures",
  "failures-ignored": "ignored failures",
  "failures-reopened": "reopened failures",
  "bulk-planned": "planned a bulk action",
  "bulk-started": "started a bulk action",
  "bulk-stopped": "stopped a bulk action",
  failed: "cancelled",
  noted: "wrote a note on",
};

export interface Line {
  deed: DeedBody;
  /** How many alike follow each other, this one included. */
  times: number;
}

export function linesOf(deeds: readonly DeedBody[]): Line[] {
  const lines: Line[] = [];
  for (const deed of deeds) {
    const before = lines.at(-1);
    if (before && isAlike(before.deed, deed)) {
      before.times += 1;
    } else {
      lines.push({ deed, times: 1 });
    }
  }
  return lines;
}

function isAlike(one: DeedBody, other: DeedBody): boolean {
  return (
    one.action === "looked" &&
    other.action === "looked" &&
    one.actor === other.actor &&
    one.jobId === other.jobId &&
    one.facts.what === other.facts.what
  );
}

export function actionWords({ action, facts }: Pick<DeedBody, "action" | "facts">): string {
  const what = action === "looked" && typeof facts.what === "string" ? ` the ${facts.what}` : "";
  return `${ACTIONS[action] ?? action.replaceAll("-", " ")}${what}`;
}

/** What is known of it besides: `status failed, limit 50; 2 times`. */
export function asideOf({ deed, times }: Line): string {
  return [factsOf(deed), times > 1 && `${times} times`].filter(Boolean).join("; ");
}

function factsOf({ facts }: Pick<DeedBody, "facts">): string {
  return Object.entries(facts)
    .filter(([name, value]) => name !== "what" && value !== null && value !== "")
    .map(([name, value]) => `${name} ${worded(value)}`)
    .join(", ");
}

function worded(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([name, inner]) => `${name}=${inner}`)
      .join("&");
  }
  return typeof value === "string" && TIME.test(value) ? moment(value) : String(value);
}

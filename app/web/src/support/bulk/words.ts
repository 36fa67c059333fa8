/** Bulk actions in words. */

import type { BulkBody, BulkState, Role } from "../../status/schema";

export const BULK_ACTIONS: { name: BulkBody["action"]; label: string; needs: Role }[] = [
  { name: "retry", label: "Retry", needs: "agent" },
  { name: "requeue", label: "Requeue", needs: "agent" },
  { name: "cancel", label: "Cancel", needs: "agent" },
  { name: "erase", label: "Erase", needs: "admin" },
];

export const BULK_STATES: Record<BulkState, string> = {
  planned: "dry run",
  expired: "expired",
  running: "runs",
  stopped: "stopped",
  done: "done",
};

export const OUTCOMES: Record<string, string> = {
  done: "done",
  unchanged: "nothing to do",
  refused: "refused",
  failed: "failed",
};

/** `Retry 12 uploads` */
export function bulkTitle({ action, count }: Pick<BulkBody, "action" | "count">): string {
  const label = BULK_ACTIONS.find(({ name }) => name === action)?.label ?? action;
  return `${label} ${count.toLocaleString("en")} ${count === 1 ? "upload" : "uploads"}`;
}

/** Whether there is a dry run to start: one that would do nothing is not offered. */
export function isOffered({ state, fit }: Pick<BulkBody, "state" | "fit">): boolean {
  return state === "planned" && fit > 0;
}

/** How far it is, in percent; of no uploads all is done. */
export function bulkPercent({ count, progress }: Pick<BulkBody, "count" | "progress">): number {
  return count === 0 ? 100 : Math.floor(((count - progress.left) / count) * 100);
}

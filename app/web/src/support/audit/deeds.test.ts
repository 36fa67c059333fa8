/** What staff did, in words. */

import { expect, test } from "vitest";
import type { DeedBody } from "../../status/schema";
import { actionWords, asideOf, linesOf } from "./deeds";

function deed(action: string, given: Partial<DeedBody> = {}): DeedBody {
  const at = "2026-11-28T09:00:00Z";
  const none = { number: null, jobId: null, subject: null, reason: null, requestId: null, facts: {} };
  return { at, actor: "staff:agnes", action, ...none, ...given };
}

test("a watch, which is many looks at one upload, is one line", () => {
  const look = deed("looked", { jobId: "a", facts: { what: "timeline" } });
  const lines = linesOf([look, look, look, { ...look, jobId: "b" }, { ...look, jobId: "b", actor: "staff:max" }]);
  expect(lines.map(({ times }) => times)).toEqual([3, 1, 1]);
});

test("what was done is never put together", () => {
  expect(linesOf([deed("retried"), deed("retried")])).toHaveLength(2);
  expect(linesOf([deed("searched"), deed("searched")])).toHaveLength(2);
});

test.each([
  [deed("looked", { facts: { what: "timeline" } }), "looked at the timeline", ""],
  [deed("searched", { facts: { status: "failed" } }), "searched", "status failed"],
  [deed("failed", { facts: { code: "CANCELLED", version: 4 } }), "cancelled", "code CANCELLED, version 4"],
  [deed("signed-in", { facts: { until: "2026-11-28T21:00:00.5Z" } }), "signed in", "until 2026-11-28 21:00:00"],
  [deed("staff-added", { facts: { role: "agent", until: null } }), "added", "role agent"],
  [deed("polished-twice", { facts: { search: { status: "failed" } } }), "polished twice", "search status=failed"],
])("an action is told in words", (given, words, facts) => {
  expect([actionWords(given), asideOf({ deed: given, times: 1 })]).toEqual([words, facts]);
});

test("how many looks a line stands for is not taken for one of their facts", () => {
  const look = deed("looked", { facts: { what: "audit", by: "arne" } });
  expect(asideOf({ deed: look, times: 2 })).toBe("by arne; 2 times");
  expect(asideOf({ deed: deed("looked", { facts: { what: "failures" } }), times: 2 })).toBe("2 times");
});

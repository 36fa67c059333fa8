/** Bulk actions in words. */

import { expect, test } from "vitest";
import { bulkPercent, bulkTitle, isOffered } from "./words";

const NONE = { done: 0, unchanged: 0, refused: 0, failed: 0, left: 0 };

test("its title says what is done to how many", () => {
  expect(bulkTitle({ action: "retry", count: 1 })).toBe("Retry 1 upload");
  expect(bulkTitle({ action: "erase", count: 1200 })).toBe("Erase 1,200 uploads");
});

test("a dry run that would do nothing is not offered", () => {
  expect(isOffered({ state: "planned", fit: 1 })).toBe(true);
  expect(isOffered({ state: "planned", fit: 0 })).toBe(false);
  expect(isOffered({ state: "expired", fit: 1 })).toBe(false);
});

test("it is at its end when none is left, and not before", () => {
  expect(bulkPercent({ count: 1000, progress: { ...NONE, done: 999, left: 1 } })).toBe(99);
  expect(bulkPercent({ count: 3, progress: { ...NONE, done: 3 } })).toBe(100);
  expect(bulkPercent({ count: 0, progress: NONE })).toBe(100);
});

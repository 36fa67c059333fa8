/** Searches in addresses, in forms and in words. */

import { expect, test } from "vitest";
import { withQuery } from "./address";
import { filtersIn, filtersOf, inWords, isSame, tidyId } from "./filters";

test("a search comes back out of the address that it became", () => {
  const filters = { jobId: "3f0c", status: "failed", minAttempt: "2", createdAfter: "2026-11-28T09:00:00+01:00" };
  const address = new URL(withQuery("/support", filters), "http://darkroom");
  expect(filtersOf(address.searchParams)).toEqual(filters);
});

test("what is empty or no filter is left out", () => {
  expect(filtersOf(new URLSearchParams("status=&jobId=%20&cursor=abc&stage=storing"))).toEqual({ stage: "storing" });
  const form = new FormData();
  form.set("status", "");
  form.set("standsStill", "true");
  expect(filtersIn(form)).toEqual({ standsStill: "true" });
});

test.each([
  ["3F0C6F0E", "3f0c6f0e"],
  [" 3f0c6f0e-8d0b ", "3f0c6f0e-8d0b"],
  ["Job 3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a is stuck", "3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a"],
  ["http://darkroom/#3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a", "3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a"],
  ["“3f0c6f0e”…", "3f0c6f0e"],
  ["my job 3f0c6f0e is stuck", "3f0c6f0e"],
  ["It is 3F0C6F0E-8d0b-4f5e, please", "3f0c6f0e-8d0b-4f5e"],
  ["3f0c", "3f0c"],
])("an id is found in %s", (pasted, id) => {
  expect(tidyId(pasted)).toBe(id);
});

test("two searches are the same if their filters are, in any order", () => {
  const filters = { status: "failed", createdAfter: "2026-11-29" };
  expect(isSame(filters, { createdAfter: "2026-11-29", status: "failed" })).toBe(true);
  expect(isSame(filters, { status: "failed" })).toBe(false);
});

test("a search is told in words, also one with a value that is new to the console", () => {
  expect(inWords({ status: "failed", errorCode: "WORKER_LOST" })).toBe("failed, workers were lost");
  expect(inWords({ jobId: "3f0c", standsStill: "true" })).toBe("id 3f0c…, stands still");
  expect(inWords({ errorCode: "NEW_CODE", stage: "polishing" })).toBe("at polishing, NEW_CODE");
  expect(inWords({ putOff: "true", waitsOver: "60", lastActor: "staff:agnes" })).toBe(
    "put off, waits longer than 60 s, last acted on by staff:agnes",
  );
  expect(inWords({})).toBe("");
});

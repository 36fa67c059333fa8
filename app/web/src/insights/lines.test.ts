import { expect, test } from "vitest";
import { linesOf } from "./lines";

const MONDAY = "2026-11-02T00:00:00Z";
const TUESDAY = "2026-11-03T00:00:00Z";
const TIMES = [Date.parse(MONDAY) / 1000, Date.parse(TUESDAY) / 1000];

test("each number of a period is a line, with a gap where the statistics do not know", () => {
  const found = linesOf({
    name: "throughput",
    columns: ["period", "submitted", "failed"],
    rows: [
      [MONDAY, 2, 0],
      [TUESDAY, null, null],
    ],
  });
  expect(found?.times).toEqual(TIMES);
  expect(found?.lines.map(({ label, values }) => [label, values])).toEqual([
    ["submitted", [2, null]],
    ["failed", [0, null]],
  ]);
});

test("each stage has a line for its median and a dashed one for 95 of 100, in one color", () => {
  const found = linesOf({
    name: "durations",
    columns: ["period", "stage", "runs", "p50", "p95"],
    rows: [
      [MONDAY, "validating", 2, 1, 1.5],
      [MONDAY, "generating", 2, 10, 20],
      [TUESDAY, "validating", 0, null, null],
      [TUESDAY, "generating", 4, 11, 12],
    ],
  });
  expect(found?.lines).toEqual([
    { label: "validating, median", values: [1, null], isDashed: false, color: 0 },
    { label: "validating, 95 of 100", values: [1.5, null], isDashed: true, color: 0 },
    { label: "generating, median", values: [10, 11], isDashed: false, color: 1 },
    { label: "generating, 95 of 100", values: [20, 12], isDashed: true, color: 1 },
  ]);
});

test("the effort is told by prompt version", () => {
  const found = linesOf({
    name: "effort",
    columns: ["day", "prompt_version", "completed", "attempts_each", "paid_calls_each"],
    rows: [["2026-11-02", 1, 2, 1.5, 1]],
  });
  expect(found?.lines.map(({ label }) => label)).toEqual(["prompt 1, attempts", "prompt 1, paid calls"]);
});

test("a chart without a time has no lines", () => {
  expect(linesOf({ name: "funnel", columns: ["step", "uploads"], rows: [["submitted", 2]] })).toBeNull();
});

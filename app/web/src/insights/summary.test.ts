import { expect, test } from "vitest";
import { summaryOf } from "./summary";

const [SUNDAY, MONDAY] = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"];

test("throughput is summed, and what is not known is said", () => {
  const rows = [
    [SUNDAY, null, null],
    [MONDAY, 1200, 3],
  ];
  expect(summaryOf({ name: "throughput", columns: ["period", "submitted", "failed"], rows })).toBe(
    "1,200 submitted, 3 failed. For 1 of 2 periods the statistics know nothing: they are left out.",
  );
});

test("the funnel says how many came through", () => {
  const rows = [
    ["submitted", 6],
    ["completed", 2],
  ];
  expect(summaryOf({ name: "funnel", columns: ["step", "uploads"], rows })).toBe(
    "Of 6 uploads that were submitted in the span, 2 (33.3 %) are complete.",
  );
  expect(summaryOf({ name: "funnel", columns: ["step", "uploads"], rows: [["submitted", 0]] })).toBe(
    "No upload was submitted in the span.",
  );
});

test("durations are those of the latest period", () => {
  const rows = [
    [SUNDAY, "storing", 2, 0.25, 1.5],
    [MONDAY, "storing", 0, null, null],
  ];
  expect(summaryOf({ name: "durations", columns: ["period", "stage", "runs", "p50", "p95"], rows })).toBe(
    "Latest: storing, median 250 ms.",
  );
});

test("the most frequent failure is named", () => {
  const rows = [
    [MONDAY, "CONTENT_BLOCKED", 3],
    [MONDAY, "WORKER_LOST", 1],
  ];
  expect(summaryOf({ name: "failures", columns: ["period", "code", "failures"], rows })).toBe(
    "4 failures; most often CONTENT_BLOCKED, 75.0 %.",
  );
});

test("the effort is that of all versions together", () => {
  const columns = ["day", "prompt_version", "completed", "attempts", "paid_calls"];
  expect(summaryOf({ name: "effort", columns, rows: [["2026-11-02", 1, 2, 3, 2]] })).toBe(
    "1.50 attempts and 1.00 paid calls for each of 2 completed uploads.",
  );
});

import { expect, test } from "vitest";
import { summaryOf } from "./summary";

const [SUNDAY, MONDAY, TUESDAY] = ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"];
const KNOWN = {
  since: SUNDAY,
  until: TUESDAY,
  coverage: { begin: "2026-10-01T00:00:00Z", end: TUESDAY, behindEvents: 0 },
};
const FUNNEL = { ...KNOWN, name: "funnel", columns: ["step", "uploads"], rows: [["submitted", 0]] };

test("throughput is summed, and what is not known is said", () => {
  const rows = [
    [SUNDAY, null, null],
    [MONDAY, 1200, 3],
  ];
  expect(summaryOf({ ...KNOWN, name: "throughput", columns: ["period", "submitted", "failed"], rows })).toBe(
    "1,200 submitted, 3 failed. For 1 of 2 periods the statistics know nothing: they are left out.",
  );
});

test("the funnel says how many came through", () => {
  const rows = [
    ["submitted", 6],
    ["completed", 2],
  ];
  expect(summaryOf({ ...KNOWN, name: "funnel", columns: ["step", "uploads"], rows })).toBe(
    "Of 6 uploads that were submitted in the span, 2 (33.3 %) are complete.",
  );
  expect(summaryOf({ ...KNOWN, name: "funnel", columns: ["step", "uploads"], rows: [["submitted", 0]] })).toBe(
    "No upload was submitted in the span.",
  );
});

test("durations are those of the latest period", () => {
  const rows = [
    [SUNDAY, "storing", 2, 0.25, 1.5],
    [MONDAY, "storing", 0, null, null],
  ];
  expect(summaryOf({ ...KNOWN, name: "durations", columns: ["period", "stage", "runs", "p50", "p95"], rows })).toBe(
    "Latest: storing, median 250 ms.",
  );
});

test("the most frequent failure is named", () => {
  const rows = [
    [MONDAY, "CONTENT_BLOCKED", 3],
    [MONDAY, "WORKER_LOST", 1],
  ];
  expect(summaryOf({ ...KNOWN, name: "failures", columns: ["period", "code", "failures"], rows })).toBe(
    "4 failures; most often CONTENT_BLOCKED, 75.0 %.",
  );
});

test("the effort is that of all versions together", () => {
  const columns = ["day", "prompt_version", "completed", "attempts", "paid_calls"];
  expect(summaryOf({ ...KNOWN, name: "effort", columns, rows: [["2026-11-02", 1, 2, 3, 2]] })).toBe(
    "1.50 attempts and 1.00 paid calls for each of 2 completed uploads.",
  );
});

test("of a span that the statistics do not cover nothing is claimed", () => {
  const failures = { ...KNOWN, name: "failures", columns: ["period", "code", "failures"], rows: [] };
  const later = { begin: "2026-11-29T00:00:00Z", end: "2026-11-29T09:00:00Z", behindEvents: 0 };
  const told = "The statistics know nothing of this span: they go from 2026-11-29 00:00 to 2026-11-29 09:00.";
  expect(summaryOf({ ...failures, coverage: later })).toBe(told);
  expect(summaryOf({ ...FUNNEL, coverage: later })).toBe(told);
  expect(summaryOf({ ...FUNNEL, coverage: { ...later, begin: null } })).toBe("The statistics know no upload yet.");
});

test("where the statistics begin within the span is said", () => {
  const coverage = { ...KNOWN.coverage, begin: MONDAY };
  expect(summaryOf({ ...FUNNEL, coverage })).toBe(
    "No upload was submitted in the span. The statistics begin at 2026-11-02 00:00: what was before is not in it.",
  );
});

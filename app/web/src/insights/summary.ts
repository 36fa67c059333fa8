/** A chart in a sentence, for those who do not see it, and for those in a hurry. */

import type { ChartBody } from "../status/schema";
import { type Cell, linesOf } from "./lines";

type Told = Pick<ChartBody, "name" | "columns" | "rows" | "since" | "until" | "coverage">;

/** Whether no moment of the span is covered: then nothing can be said of it, not even that nothing happened. */
export function isUnknown({ since, until, coverage }: Pick<Told, "since" | "until" | "coverage">): boolean {
  const { begin, end } = coverage;
  return begin === null || Date.parse(until) <= Date.parse(begin) || Date.parse(since) > Date.parse(end);
}

export function shown(moment: string): string {
  return moment.slice(0, 16).replace("T", " ");
}

export function summaryOf(body: Told): string {
  const { begin, end } = body.coverage;
  if (isUnknown(body)) {
    return begin === null
      ? "The statistics know no upload yet."
      : `The statistics know nothing of this span: they go from ${shown(begin)} to ${shown(end)}.`;
  }
  const rows = body.rows as Cell[][];
  const told = SENTENCES[body.name]?.(body, rows) ?? "";
  const unknown = unknownPeriods(body, rows);
  return [told, unknown].filter(Boolean).join(" ");
}

const SENTENCES: Record<string, (body: Told, rows: Cell[][]) => string> = {
  throughput: (body, rows) =>
    `${body.columns
      .slice(1)
      .map((name, index) => `${count(sum(rows, index + 1))} ${name}`)
      .join(", ")}.`,
  funnel: (_, rows) => {
    const first = Number(rows[0]?.[1] ?? 0);
    const last = Number(rows.at(-1)?.[1] ?? 0);
    return first
      ? `Of ${count(first)} uploads that were submitted in the span, ${count(last)} (${share(last, first)}) are complete.`
      : "No upload was submitted in the span.";
  },
  durations: (body) => {
    const lines = linesOf(body)?.lines ?? [];
    const told = lines
      .filter(({ isDashed }) => !isDashed)
      .map(({ label, values }) => [label, values.findLast((value) => value !== null)] as const)
      .filter(([, value]) => value !== undefined)
      .map(([label, value]) => `${label} ${seconds(value as number)}`);
    return told.length ? `Latest: ${told.join("; ")}.` : "No stage was finished in the span.";
  },
  failures: (_, rows) => {
    const sums = new Map<string, number>();
    for (const [, code, failures] of rows) {
      sums.set(String(code), (sums.get(String(code)) ?? 0) + Number(failures ?? 0));
    }
    const all = [...sums.values()].reduce((a, b) => a + b, 0);
    const [most] = [...sums].sort((a, b) => b[1] - a[1]);
    return most && all ? `${count(all)} failures; most often ${most[0]}, ${share(most[1], all)}.` : "Nothing failed.";
  },
  effort: (_, rows) => {
    const [completed, attempts, calls] = [sum(rows, 2), sum(rows, 3), sum(rows, 4)];
    return completed
      ? `${(attempts / completed).toFixed(2)} attempts and ${(calls / completed).toFixed(2)} paid calls for each of ${count(completed)} completed uploads.`
      : "No upload was completed in the span.";
  },
};

function unknownPeriods(body: Told, rows: Cell[][]): string {
  const { begin } = body.coverage;
  if (body.columns[0] !== "period" || rows.length === 0) {
    return begin !== null && Date.parse(body.since) < Date.parse(begin)
      ? `The statistics begin at ${shown(begin)}: what was before is not in it.`
      : "";
  }
  const periods = new Set(rows.map(([period]) => period)).size;
  const known = new Set(rows.filter((row) => row.slice(1).some((cell) => typeof cell === "number")).map(([at]) => at));
  const unknown = periods - known.size;
  return unknown
    ? `For ${count(unknown)} of ${count(periods)} periods the statistics know nothing: they are left out.`
    : "";
}

function sum(rows: Cell[][], column: number): number {
  return rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

export function seconds(value: number): string {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`;
}

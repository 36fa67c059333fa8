/** The lines of a chart, made of its table: one for each number and, where there is one, each stage, code or version. */

import type { ChartBody } from "../status/schema";

export interface Line {
  label: string;
  /** null: the statistics do not know; the line has a gap. */
  values: (number | null)[];
  /** Of a 95th percentile. */
  isDashed: boolean;
  /** Lines of the same color belong together. */
  color: number;
}

export interface Lines {
  /** In seconds since 1970. */
  times: number[];
  lines: Line[];
}

export type Cell = string | number | null;

const SHOWN: Record<string, string[]> = {
  durations: ["p50", "p95"],
  effort: ["attempts_each", "paid_calls_each"],
};
const WORDS: Record<string, string> = {
  p50: "median",
  p95: "95 of 100",
  attempts_each: "attempts",
  paid_calls_each: "paid calls",
};
const MOMENTS = ["period", "day"];
const KINDS = ["stage", "code", "prompt_version"];

/** null: the chart has no time. */
export function linesOf(body: Pick<ChartBody, "name" | "columns" | "rows">): Lines | null {
  const rows = body.rows as Cell[][];
  const moment = body.columns.findIndex((name) => MOMENTS.includes(name));
  const kind = body.columns.findIndex((name) => KINDS.includes(name));
  if (moment < 0) {
    return null;
  }
  const times = [...new Set(rows.map((row) => secondsOf(row[moment] ?? null)))].sort((a, b) => a - b);
  const indexes = new Map(times.map((time, index) => [time, index]));
  const kinds = kind < 0 ? [""] : [...new Set(rows.map((row) => String(row[kind])))];
  const numbers = SHOWN[body.name] ?? body.columns.filter((name) => !MOMENTS.includes(name) && !KINDS.includes(name));
  const lines = kinds.flatMap((each, color) =>
    numbers.map((number, index): Line => {
      const column = body.columns.indexOf(number);
      const values: (number | null)[] = times.map(() => null);
      for (const row of rows) {
        const at = indexes.get(secondsOf(row[moment] ?? null));
        const value = row[column];
        if (at !== undefined && typeof value === "number" && (kind < 0 || String(row[kind]) === each)) {
          values[at] = value;
        }
      }
      return {
        label: labelOf(body.columns[kind], each, number, numbers.length > 1),
        values,
        isDashed: kind >= 0 && index > 0,
        color: kind < 0 ? index : color,
      };
    }),
  );
  return { times, lines };
}

function labelOf(kind: string | undefined, each: string, number: string, hasSeveral: boolean): string {
  const words = WORDS[number] ?? number;
  if (kind === undefined) {
    return words;
  }
  const named = kind === "prompt_version" ? `prompt ${each}` : each;
  return hasSeveral ? `${named}, ${words}` : named;
}

function secondsOf(value: Cell): number {
  return Date.parse(String(value)) / 1000;
}

/** Where bars and ticks lie on the axis. */

import { expect, test } from "vitest";
import { span, TIMELINE } from "../fixtures.test.fake";
import { barsOf, usualWords } from "./bars";

test("bars follow each other without a gap, from one end of the axis to the other", () => {
  const { bars } = barsOf(TIMELINE.spans);
  let end = 0;
  for (const { left, width } of bars) {
    expect(left).toBeCloseTo(end);
    end = left + width;
  }
  expect(end).toBeCloseTo(100);
});

test("time is to scale, and hours between an end and a retry are a break of a fixed width", () => {
  const widths = barsOf(TIMELINE.spans).bars.map(({ width }) => width);
  expect(widths[3]).toBe(5);
  expect((widths[4] ?? 0) / (widths[0] ?? 1)).toBeCloseTo(4);
  expect(barsOf(TIMELINE.spans).bars.map(({ isBreak }) => isBreak)).toEqual([false, false, false, true, false]);
});

test("many breaks leave most of the axis to the time that counts", () => {
  const spans = Array.from({ length: 40 }, (_, index) => span(index % 2 ? "ended" : "stage", 1));
  const { bars } = barsOf(spans);
  const broken = bars.filter(({ isBreak }) => isBreak).reduce((sum, { width }) => sum + width, 0);
  expect(broken).toBeCloseTo(40);
});

test("ticks are round numbers of seconds, and lie where that time lies on the axis", () => {
  const { ticks } = barsOf(TIMELINE.spans);
  expect(ticks.map(({ at }) => at)).toEqual([0, 2, 4, 6, 8]);
  expect(ticks[0]?.left).toBe(0);
  expect(ticks[4]?.left).toBeCloseTo(100);
  // Four seconds are over before the break, six after it.
  expect(ticks[2]?.left).toBeCloseTo(47.5);
  expect(ticks[3]?.left).toBeCloseTo(76.25);
});

test.each([[[]], [[span("waiting", 0)]], [[span("ended", 5)]]])("without time to scale there is no tick", (spans) => {
  const { bars, ticks } = barsOf(spans);
  expect(ticks).toEqual([]);
  expect(bars.every(({ left, width }) => Number.isFinite(left) && Number.isFinite(width))).toBe(true);
});

test.each([
  [0.162, 0.05],
  [40, 10],
  [369, 120],
  [7000, 1800],
  [2_000_000, 518_400],
])("over %d seconds a tick stands at each %d", (seconds, step) => {
  expect(barsOf([span("stage", seconds)]).ticks[1]?.at).toBeCloseTo(step);
});

test("what is usual is told with its median and its 95th percentile", () => {
  expect(usualWords({ p50: 0.04, p95: 1.5 }, false)).toBe("usually 0.040 s to 1.50 s");
  expect(usualWords({ p50: 0.04, p95: 1.5 }, true)).toBe("long, usually 0.040 s to 1.50 s");
});

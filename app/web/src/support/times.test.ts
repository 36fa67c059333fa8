/** Times and durations as they are read. */

import { expect, test } from "vitest";
import { ago, clock, day, duration, moment } from "./times";

test.each([
  [0, "0.000 s"],
  [0.0374, "0.037 s"],
  [9.994, "9.99 s"],
  [12.34, "12.3 s"],
  [65, "1 min 05 s"],
  [7800, "2 h 10 min"],
  [273_600, "3 d 04 h"],
])("%d seconds are %s", (seconds, told) => {
  expect(duration(seconds)).toBe(told);
});

test("times are in UTC, like the log", () => {
  const time = "2026-11-28T09:00:00.123456+01:00";
  expect([day(time), clock(time), moment(time)]).toEqual(["2026-11-28", "08:00:00.123", "2026-11-28 08:00:00"]);
});

test.each([
  [3, "just now"],
  [-5, "just now"],
  [48, "48 s ago"],
  [600, "10 min ago"],
  [7300, "2 h ago"],
  [900_000, "10 d ago"],
])("%d seconds back is %s", (seconds, told) => {
  const now = Date.parse("2026-11-28T09:00:00Z");
  expect(ago(new Date(now - seconds * 1000).toISOString(), now)).toBe(told);
});

/** Where an upload stands, and how its timeline grows between two answers. */

import { expect, test } from "vitest";
import { event, FAILED, TIMELINE } from "./fixtures.test.fake";
import { grown } from "./read/useTimeline";
import { standingOf } from "./standing";

test("it is the last stage, the farthest progress and the last attempt", () => {
  expect(standingOf(TIMELINE)).toEqual({ stage: "generating", progress: 30, attempt: 2, isErased: false });
});

test("an erased upload is one", () => {
  const events = [...FAILED.events, event(5, "erased", { actor: "staff:adam" })];
  expect(standingOf({ events }).isErased).toBe(true);
});

test("what goes on grows with the clock, and its parts still add up to the whole", () => {
  const body = grown(TIMELINE, 2.5);
  expect(body.spans.at(-1)?.seconds).toBe(6.5);
  expect(body.seconds).toBe(7210.5);
  expect(Object.values(body.parts).reduce((sum, part) => sum + (part ?? 0), 0)).toBe(body.seconds);
  expect(grown(TIMELINE, -1)).toBe(TIMELINE);
});

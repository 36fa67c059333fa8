/** Which actions are offered, to whom. */

import { expect, test } from "vitest";
import type { TimelineBody } from "../../status/schema";
import { event, FAILED, TIMELINE } from "../fixtures.test.fake";
import { offered } from "./offered";

const names = (body: TimelineBody, role: "viewer" | "agent" | "admin") => offered(body, role).map(({ name }) => name);

test("a viewer is offered nothing", () => {
  expect([names(TIMELINE, "viewer"), names(FAILED, "viewer")]).toEqual([[], []]);
});

test("a failure that a retry can mend may be retried, by an agent and by an admin", () => {
  expect(names(FAILED, "agent")).toEqual(["retry", "note"]);
  expect(names(FAILED, "admin")).toEqual(["retry", "note", "erase"]);
});

test("where only another photo helps, no retry is offered", () => {
  const failure = { ...FAILED.failure, code: "CONTENT_BLOCKED", canRetry: false } as TimelineBody["failure"];
  expect(names({ ...FAILED, failure }, "agent")).toEqual(["note"]);
});

test("what runs may be cancelled, and requeued only while no worker has it", () => {
  expect(names(TIMELINE, "agent")).toEqual(["cancel", "note"]);
  expect(names({ ...TIMELINE, worker: null }, "agent")).toEqual(["requeue", "cancel", "note"]);
});

test("of an erased upload nothing is left to do", () => {
  const events = [...FAILED.events, event(5, "erased")];
  expect(names({ ...FAILED, events }, "admin")).toEqual([]);
});

/** What can be decided about a group of failures. */

import { expect, test } from "vitest";
import { decisionsOn } from "./decisions";

test("only what was decided can be reopened", () => {
  expect(decisionsOn({ state: "back" }).map(({ name }) => name)).toEqual(["resolve", "ignore"]);
  expect(decisionsOn({ state: "ignored" }).map(({ name }) => name)).toEqual(["reopen"]);
});

test("the limit without which the server refuses to ignore a group is asked for", () => {
  const ignore = decisionsOn({ state: "open" }).find(({ name }) => name === "ignore");
  expect(ignore?.what).toContain("One of them is needed.");
});

import { expect, test } from "vitest";
import { addressOf, askedIn, parametersOf } from "./address";

test("without a span the last seven days are shown", () => {
  expect(askedIn("")).toEqual({ last: "7" });
});

test("a link shows the same span and filters again", () => {
  const asked = { since: "2026-11-01", until: "2026-11-08", step: "day", promptVersion: "2", model: "a model/1" };
  expect(askedIn(addressOf(asked))).toEqual(asked);
});

test("what is no parameter is left out", () => {
  expect(askedIn("?last=30&profit=9")).toEqual({ last: "30" });
});

test("the API is asked for the days until now", () => {
  const given = new URLSearchParams(parametersOf({ last: "1", model: "m" }, new Date("2026-11-28T10:00:30Z")));
  expect(Object.fromEntries(given)).toEqual({
    model: "m",
    since: "2026-11-27T10:01:00.000Z",
    until: "2026-11-28T10:01:00.000Z",
  });
});

test("a number of days that cannot be is the usual one", () => {
  const given = new URLSearchParams(parametersOf({ last: "-3" }, new Date("2026-11-28T10:00:00Z")));
  expect(given.get("since")).toBe("2026-11-21T10:00:00.000Z");
});

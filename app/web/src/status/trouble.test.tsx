/** What goes wrong with polls, in the hook: what ends the asking, and what is said and waited out. */

import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  breaks,
  COMPLETED,
  close,
  fetching,
  follow,
  GENERATING,
  JOB,
  open,
  pass,
  RESULT,
  refuses,
  says,
  server,
  silent,
  turnTab,
  unmoved,
} from "./server.test.fake";
import { keepSession } from "./sessions.ts";

beforeEach(open);
afterEach(close);

test.each([
  [401, "UNAUTHORIZED"],
  [404, "NOT_FOUND"],
])("a %i ends it at once", async (status, code) => {
  server(refuses(status, code));
  const shown = follow();
  await pass(60_000);
  await turnTab("visible");
  expect(fetching).toHaveBeenCalledTimes(1);
  expect(shown.current).toMatchObject({ isLoading: false, isFailed: false, error: { code, isFinal: true } });
});

test("who is told that there is no such upload can ask again", async () => {
  server(refuses(404, "NOT_FOUND"), says(GENERATING), says(COMPLETED));
  const shown = follow();
  await pass(60_000);
  await act(async () => shown.current.askNow());
  await pass(1);
  expect(shown.current).toMatchObject({ error: null, progress: 45 });
  await pass(2600);
  expect(shown.current.isComplete).toBe(true);
});

test("while a trouble is waited out it says until when, and asks at once when it is told to", async () => {
  server(refuses(503, "UNAVAILABLE", { "Retry-After": "60" }), says(GENERATING));
  const shown = follow();
  await pass(1);
  expect(shown.current).toMatchObject({ retryAt: Date.now() + 59_999, isAsking: false });
  await pass(5000);
  await act(async () => shown.current.askNow());
  await pass(1);
  expect(shown.current).toMatchObject({ retryAt: null, error: null, progress: 45 });
});

function elsewhere(status: number, body: string) {
  return () => new Response(body, { status });
}

test.each([
  ["a 500", refuses(500, "INTERNAL_ERROR"), "INTERNAL_ERROR"],
  ["a 503", refuses(503, "UNAVAILABLE"), "UNAVAILABLE"],
  ["a 429", refuses(429, "TOO_MANY_REQUESTS"), "TOO_MANY_REQUESTS"],
  ["a dropped network", breaks, "NETWORK"],
  ["a proxy's own page", () => new Response("<html>"), "NETWORK"],
  ["JSON of another service", () => new Response("{}"), "NETWORK"],
  ["a proxy's error", elsewhere(502, "<html>"), "HTTP_502"],
  ["a proxy's 404 during a deploy", elsewhere(404, "<html>"), "HTTP_404"],
  ["a firewall's 403", elsewhere(403, "<html>"), "HTTP_403"],
  ["a captive portal's 401", elsewhere(401, ""), "HTTP_401"],
  ["a gateway's 404 in JSON", elsewhere(404, '{"message": "no Route matched"}'), "HTTP_404"],
  ["a gateway's 401 in JSON of our shape", refuses(401, "KEY_EXPIRED"), "KEY_EXPIRED"],
  ["null in place of a status", () => new Response("null"), "NETWORK"],
  ["the status of another job", says({ ...COMPLETED, jobId: RESULT }), "NETWORK"],
  ["the health of another service", elsewhere(200, '{"success": true, "status": "ok", "version": 99}'), "NETWORK"],
])("%s is said, what is known stays, and it goes on until the server is back", async (_, answer, code) => {
  server(says(GENERATING), answer, answer, says(COMPLETED));
  const shown = follow();
  await pass(2600);
  expect(shown.current).toMatchObject({ progress: 45, error: { code, isFinal: false } });
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(3);
  expect(shown.current).toMatchObject({ progress: 45, error: { code } });
  await pass(5100);
  expect(shown.current).toMatchObject({ isComplete: true, error: null });
});

test("a first answer that is a trouble leaves it loading, and says so, also while it asks again", async () => {
  server(breaks, silent);
  const shown = follow();
  await pass(1);
  expect(shown.current).toMatchObject({ isLoading: true, error: { code: "NETWORK" } });
  await pass(2600);
  expect(fetching).toHaveBeenCalledTimes(2);
  expect(shown.current).toMatchObject({ isLoading: true, error: { code: "NETWORK" } });
});

test("the longer the trouble, the longer the pauses, up to half a minute", async () => {
  const times: number[] = [];
  const began = Date.now();
  fetching.mockImplementation(() => {
    times.push(Math.round((Date.now() - began) / 100) / 10);
    return breaks();
  });
  follow();
  await pass(110_000);
  expect(times).toEqual([0, 2.5, 7.5, 17.5, 37.5, 67.5, 97.5]);
});

test.each([
  ["in seconds", () => "20"],
  ["as a date", () => new Date(Date.now() + 20_000).toUTCString()],
])("a Retry-After %s is honoured", async (_, retryAfter) => {
  server(() => refuses(503, "UNAVAILABLE", { "Retry-After": retryAfter() })(), says(GENERATING));
  follow();
  await pass(18_900);
  expect(fetching).toHaveBeenCalledTimes(1);
  await pass(1200);
  expect(fetching).toHaveBeenCalledTimes(2);
});

test("a Retry-After as a date is read by the server's clock", async () => {
  const HOURS_MS = 3 * 3_600_000;
  const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toUTCString();
  server(() => refuses(503, "UNAVAILABLE", { Date: at(HOURS_MS), "Retry-After": at(HOURS_MS + 20_000) })());
  const shown = follow();
  await pass(1);
  expect(shown.current.retryAt).toBe(Date.now() + 19_999);
});

test("the id of a job may be given in any form", async () => {
  keepSession(JOB.toUpperCase(), "token");
  server(says(GENERATING));
  const shown = follow(JOB.toUpperCase());
  await pass(1);
  expect(shown.current).toMatchObject({ progress: 45, error: null });
});

test("a request without an answer is given up, and asked again", async () => {
  server(silent);
  const shown = follow();
  await pass(15_100);
  expect(shown.current.error?.code).toBe("NETWORK");
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(2);
});

test("it asks at once when the network is back, however long the pause was to be", async () => {
  server(says(GENERATING), refuses(503, "UNAVAILABLE", { "Retry-After": "120" }), says(COMPLETED));
  const shown = follow();
  await pass(2600);
  await act(async () => void window.dispatchEvent(new Event("offline")));
  await act(async () => void window.dispatchEvent(new Event("online")));
  await pass(1);
  expect(shown.current.isComplete).toBe(true);
});

test("a 304 ends a trouble", async () => {
  server(says(GENERATING), breaks, unmoved);
  const shown = follow();
  await pass(5200);
  expect(shown.current).toMatchObject({ progress: 45, error: null });
});

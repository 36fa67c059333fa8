/** A token in the second half of its life is renewed by the server: the new one is kept for every job of its session. */

import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Answer,
  client,
  close,
  fetching,
  follow,
  GENERATING,
  holds,
  JOB,
  open,
  pass,
  says,
  sentHeaders,
  server,
  unmoved,
} from "./server.test.fake";
import { keepSession, sessionOf } from "./sessions.ts";
import { useStatus } from "./useStatus.ts";

const OLD = "session.old.signature";
const NEW = "session.new.signature";

beforeEach(() => {
  open();
  keepSession(JOB, OLD);
});
afterEach(close);

function renewing(answer: Answer): Answer {
  return async (request) => {
    const response = await answer(request);
    response.headers.set("X-Session-Token", NEW);
    return response;
  };
}

function sentTokens(): (string | undefined)[] {
  return fetching.mock.calls.map((_, call) => sentHeaders(call)["X-Session-Token"]);
}

test.each([
  ["an answer", [renewing(says(GENERATING)), says(GENERATING)], [OLD, NEW]],
  ["an answer that nothing moved", [says(GENERATING), renewing(unmoved), unmoved], [OLD, OLD, NEW]],
])("the token of %s is sent from then on, and nothing is asked twice for it", async (_, answers, tokens) => {
  server(...answers);
  follow();
  await pass(2600 * (tokens.length - 1));
  expect(sentTokens()).toEqual(tokens);
});

test("where answers are held, the next one is asked for with the new token", async () => {
  server(renewing(holds(100, says(GENERATING))), holds(19_000, unmoved));
  follow();
  await pass(200);
  expect(sentTokens()).toEqual([OLD, NEW]);
});

test("it is kept for every job of the session, and for no other", async () => {
  keepSession("another job", OLD);
  keepSession("a job that was taken in later", "session.later.signature");
  keepSession("a job of another session", "other.old.signature");
  server(renewing(says(GENERATING)));
  follow();
  await pass(1);
  expect(sessionOf(JOB)).toBe(NEW);
  expect(sessionOf("another job")).toBe(NEW);
  expect(sessionOf("a job that was taken in later")).toBe(NEW);
  expect(sessionOf("a job of another session")).toBe("other.old.signature");
});

test("one that another tab has renewed is sent with the next poll, and no poll is broken off for it", async () => {
  server(says(GENERATING));
  follow();
  await pass(1);
  await act(async () => {
    localStorage.setItem(`darkroom.session.${JOB}`, NEW);
    dispatchEvent(new StorageEvent("storage", { key: `darkroom.session.${JOB}` }));
  });
  await pass(2000);
  expect(sentTokens()).toEqual([OLD]);
  await pass(600);
  expect(sentTokens()).toEqual([OLD, NEW]);
});

test("a front end that gives the token itself is told the new one", async () => {
  server(renewing(says(GENERATING)));
  const told: string[] = [];
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  renderHook(() => useStatus(JOB, { token: "session.given.signature", onRenewed: (token) => told.push(token) }), {
    wrapper,
  });
  await pass(1);
  expect(told).toEqual([NEW]);
});

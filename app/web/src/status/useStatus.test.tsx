/** The hook against a fake of the server at the fetch boundary, with a clock that the tests move. */

import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  COMPLETED,
  client,
  close,
  FAILED,
  fetching,
  follow,
  GENERATING,
  JOB,
  open,
  PENDING,
  pass,
  RESULT,
  says,
  sentHeaders,
  server,
  silent,
  turnTab,
  unmoved,
} from "./server.test.fake";
import { tellStatus } from "./useStatus.ts";

beforeEach(open);
afterEach(close);

test("it asks at once, in the name of the session, and shows what is answered", async () => {
  server(says(GENERATING));
  const shown = follow();
  expect(shown.current).toMatchObject({ isLoading: true, status: null, progress: 0 });

  await pass(1);

  expect(fetching.mock.calls[0]?.[0]).toBe(`/api/status/${JOB}`);
  expect(sentHeaders(0)).toEqual({ "X-Session-Token": "token", Prefer: "wait=20" });
  expect(shown.current).toEqual({
    status: "processing",
    stage: "generating",
    progress: 45,
    resultId: null,
    isLoading: false,
    isComplete: false,
    isFailed: false,
    error: null,
    errorMessage: null,
    data: GENERATING,
    retryAt: null,
    isAsking: false,
    askNow: expect.any(Function),
  });
});

test.each([
  [2500, 2500],
  [2200, 2200],
  [100, 2000],
  [60_000, 3000],
  [null, 2500],
])("told to ask after %s ms it asks after %i ms", async (pollAfterMs, pause) => {
  server(says({ ...GENERATING, pollAfterMs }));
  follow();
  await pass(1);
  await pass(pause - 10);
  expect(fetching).toHaveBeenCalledTimes(1);
  await pass(20);
  expect(fetching).toHaveBeenCalledTimes(2);
});

test("it keeps what it knows while it asks again", async () => {
  server(says(GENERATING), silent);
  const shown = follow();
  await pass(3000);
  expect(fetching).toHaveBeenCalledTimes(2);
  expect(shown.current).toMatchObject({ progress: 45, isLoading: false, error: null });
});

test("it stops when the job has completed, and focus does not wake it", async () => {
  server(says(GENERATING), says(COMPLETED));
  const shown = follow();
  await pass(60_000);
  await turnTab("hidden");
  await turnTab("visible");
  await pass(60_000);
  expect(fetching).toHaveBeenCalledTimes(2);
  expect(shown.current).toMatchObject({ isComplete: true, isFailed: false, progress: 100, resultId: RESULT });
});

test("it stops when the job has failed, and says why", async () => {
  server(says(FAILED));
  const shown = follow();
  await pass(60_000);
  expect(fetching).toHaveBeenCalledTimes(1);
  expect(shown.current).toMatchObject({
    isComplete: false,
    isFailed: true,
    progress: 45,
    error: null,
    errorMessage: "Processing failed. Please try again.",
  });
});

test("without a job, or without its session, it sends no request", async () => {
  server(says(GENERATING));
  const idle = { status: null, stage: null, progress: 0, resultId: null, isLoading: false, error: null, data: null };
  const noJob = follow(null);
  const noSession = follow("another job");
  await pass(60_000);
  expect(noJob.current).toMatchObject(idle);
  expect(noSession.current).toMatchObject(idle);
  expect(fetching).not.toHaveBeenCalled();
});

test("a hidden tab asks slowly, notices the end, and asks at once when it is seen again", async () => {
  server(says(GENERATING));
  const shown = follow();
  await pass(1);
  await turnTab("hidden");
  await pass(63_000);
  const times = fetching.mock.calls.length;
  expect(times).toBeGreaterThanOrEqual(3);
  expect(times).toBeLessThanOrEqual(5);
  await turnTab("visible");
  expect(fetching).toHaveBeenCalledTimes(times + 1);
  await turnTab("hidden");
  server(says(COMPLETED));
  await pass(25_000);
  expect(shown.current.isComplete).toBe(true);
});

test("an answer that was overtaken takes nothing back", async () => {
  server(says(GENERATING), says({ ...PENDING, version: 2 }), says({ ...GENERATING, progress: 70, version: 6 }));
  const shown = follow();
  await pass(2600);
  expect(fetching).toHaveBeenCalledTimes(2);
  expect(shown.current).toMatchObject({ status: "processing", stage: "generating", progress: 45 });
  await pass(2500);
  expect(shown.current.progress).toBe(70);
});

test("an answer that was overtaken by what it was told meanwhile takes nothing back", async () => {
  let answer: (response: Response) => void = () => {};
  server(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const shown = follow();
  tellStatus(client, COMPLETED);
  await pass(1);
  await act(async () => answer(await says(GENERATING)()));
  await pass(1);
  expect(shown.current).toMatchObject({ isComplete: true, progress: 100 });
});

test("it says which version it knows, and a 304 leaves everything as it is", async () => {
  server(says(GENERATING), unmoved);
  const shown = follow();
  await pass(5100);
  expect(sentHeaders(1)).toEqual({ "X-Session-Token": "token", "If-None-Match": '"5"', Prefer: "wait=20" });
  expect(fetching).toHaveBeenCalledTimes(3);
  expect(sentHeaders(2)).toEqual(sentHeaders(1));
  expect(shown.current).toMatchObject({ progress: 45, error: null });
});

test("told of a retry it goes on asking, and never shows less progress", async () => {
  server(says(FAILED), says({ ...GENERATING, version: 4 }), says({ ...COMPLETED, version: 20 }));
  const shown = follow();
  await pass(10_000);
  expect(fetching).toHaveBeenCalledTimes(1);
  tellStatus(client, { ...GENERATING, version: 13 });
  await pass(1);
  expect(shown.current).toMatchObject({ isFailed: false, progress: 45 });
  await pass(2600);
  expect(fetching).toHaveBeenCalledTimes(2);
  expect(shown.current).toMatchObject({ isFailed: false, progress: 45 });
  await pass(2600);
  expect(shown.current.isComplete).toBe(true);
});

test("two that follow one job ask once", async () => {
  server(says(GENERATING));
  follow();
  follow();
  await pass(1);
  expect(fetching).toHaveBeenCalledTimes(1);
});

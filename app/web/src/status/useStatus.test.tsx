/** The hook against a fake of the server at the fetch boundary, with a clock that the tests move. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StatusBody } from "./schema";
import { keepSession } from "./sessions";
import { prefetchStatus, tellStatus, useStatus } from "./useStatus";

const JOB = "0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11";
const RESULT = "7a1d6c52-58a0-4c63-8f3e-2f1f3d0b9e22";

const PENDING: StatusBody = {
  success: true,
  jobId: JOB,
  status: "pending",
  stage: null,
  progress: 0,
  resultId: null,
  version: 1,
  attempt: 0,
  createdAt: "2024-12-21T10:29:40Z",
  updatedAt: "2024-12-21T10:29:40Z",
  isTerminal: false,
  pollAfterMs: 2500,
};
const GENERATING: StatusBody = { ...PENDING, status: "processing", stage: "generating", progress: 45, version: 5 };
const ENDED: StatusBody = { ...GENERATING, isTerminal: true, pollAfterMs: null, version: 12 };
const COMPLETED: StatusBody = { ...ENDED, status: "completed", stage: "complete", progress: 100, resultId: RESULT };
const FAILED: StatusBody = {
  ...ENDED,
  status: "failed",
  stage: "failed",
  errorCode: "INTERNAL_ERROR",
  errorMessage: "Processing failed. Please try again.",
};

type Answer = (request?: RequestInit) => Response | Promise<Response>;
const fetching = vi.fn<typeof fetch>();
let client: QueryClient;

function says(body: StatusBody): Answer {
  return () => new Response(JSON.stringify(body), { headers: { ETag: `"${body.version}"` } });
}

function refuses(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const body = { success: false, error: { code, message: `It says ${code}.` } };
  return () => new Response(JSON.stringify(body), { status, headers });
}

function breaks(): Promise<Response> {
  return Promise.reject(new TypeError("Failed to fetch"));
}

/** Nothing, until the one who asks gives up. */
const silent: Answer = (request) =>
  new Promise((_, reject) => request?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));

const unmoved: Answer = () => new Response(null, { status: 304 });

/** The answer after a while, of a server that holds its answers and says so; nothing, if nobody waits for it. */
function holds(milliseconds: number, answer: Answer): Answer {
  return (request) =>
    new Promise((resolve, reject) => {
      request?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      setTimeout(async () => {
        const response = await answer();
        response.headers.set("Preference-Applied", "wait=20");
        resolve(response);
      }, milliseconds);
    });
}

/** The answers, one a request; the last one stays. */
function server(...answers: Answer[]) {
  fetching.mockImplementation(async (_, request) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return (answer as Answer)(request);
  });
}

function follow(jobId: string | null = JOB) {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  return renderHook(({ id }) => useStatus(id), { wrapper, initialProps: { id: jobId } }).result;
}

async function pass(milliseconds: number) {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}

async function turnTab(visibilityState: DocumentVisibilityState) {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visibilityState);
  await act(async () => void window.dispatchEvent(new Event("visibilitychange")));
}

function sentHeaders(call: number): Record<string, string> {
  return fetching.mock.calls[call]?.[1]?.headers as Record<string, string>;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetching);
  client = new QueryClient();
  keepSession(JOB, "token");
});

afterEach(() => {
  cleanup();
  client.clear();
  localStorage.clear();
  fetching.mockReset();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

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

test("without a job, or without its session, it asks nobody", async () => {
  server(says(GENERATING));
  const idle = { status: null, stage: null, progress: 0, resultId: null, isLoading: false, error: null, data: null };
  const noJob = follow(null);
  const noSession = follow("another job");
  await pass(60_000);
  expect(noJob.current).toMatchObject(idle);
  expect(noSession.current).toMatchObject(idle);
  expect(fetching).not.toHaveBeenCalled();
});

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

test.each([
  ["a 500", refuses(500, "INTERNAL_ERROR"), "INTERNAL_ERROR"],
  ["a 503", refuses(503, "UNAVAILABLE"), "UNAVAILABLE"],
  ["a 429", refuses(429, "TOO_MANY_REQUESTS"), "TOO_MANY_REQUESTS"],
  ["a dropped network", breaks, "NETWORK"],
  ["a proxy's own page", () => new Response("<html>"), "NETWORK"],
  ["JSON of somebody else", () => new Response("{}"), "NETWORK"],
  ["a proxy's error", () => new Response("<html>", { status: 502 }), "HTTP_502"],
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

test("a request that nobody answers is given up, and asked again", async () => {
  server(silent);
  const shown = follow();
  await pass(15_100);
  expect(shown.current.error?.code).toBe("NETWORK");
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(2);
});

test("a hidden tab asks nothing, and asks at once when it is seen again", async () => {
  server(says(GENERATING));
  follow();
  await pass(1);
  await turnTab("hidden");
  await pass(60_000);
  expect(fetching).toHaveBeenCalledTimes(1);
  await turnTab("visible");
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

test("a 304 ends a trouble", async () => {
  server(says(GENERATING), breaks, unmoved);
  const shown = follow();
  await pass(5200);
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

const STORING: StatusBody = { ...GENERATING, stage: "storing", progress: 80, version: 6 };

test("a server that holds its answers is asked again at once, whether it had news or none for long", async () => {
  server(says(GENERATING), holds(7000, says(STORING)), holds(20_000, unmoved), holds(300, says(COMPLETED)));
  const shown = follow();
  await pass(2501 + 7001);
  expect(shown.current.progress).toBe(80);
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(20_010);
  expect(fetching).toHaveBeenCalledTimes(4);
  await pass(310);
  expect(shown.current).toMatchObject({ isComplete: true, error: null });
  await pass(60_000);
  expect(fetching).toHaveBeenCalledTimes(4);
});

test.each([
  ["unchanged much too soon", unmoved],
  ["with what was known before", says(STORING)],
])("an answer that comes back %s is not rushed after", async (_, answer) => {
  server(says(GENERATING), holds(10, says(STORING)), holds(10, answer));
  follow();
  await pass(2600);
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(2300);
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(300);
  expect(fetching).toHaveBeenCalledTimes(4);
});

test("where something in between cuts off what is held, it polls as ever and says nothing of it", async () => {
  const cut = () => new Promise<Response>((_, reject) => setTimeout(() => reject(new TypeError("reset")), 8000));
  server(says(GENERATING), holds(10, says(STORING)), cut, unmoved);
  const shown = follow();
  await pass(2600 + 8000);
  expect(shown.current).toMatchObject({ progress: 80, error: null });
  expect(fetching).toHaveBeenCalledTimes(3);
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(4);
  expect(sentHeaders(3)).toEqual({ "X-Session-Token": "token", "If-None-Match": '"6"' });
  await pass(2500);
  expect(fetching).toHaveBeenCalledTimes(5);
  expect(sentHeaders(4)).toEqual(sentHeaders(3));
});

test("in trouble nothing is held, so that its end is heard at once", async () => {
  server(says(GENERATING), breaks, unmoved, unmoved);
  const shown = follow();
  await pass(2600);
  expect(shown.current.error?.code).toBe("NETWORK");
  await pass(2500);
  expect(sentHeaders(2)).not.toHaveProperty("Prefer");
  await pass(2500);
  expect(sentHeaders(3)).toHaveProperty("Prefer");
});

test("a hidden tab lets go of what is held, and asks at once when it is seen again", async () => {
  server(says(GENERATING), holds(20_000, unmoved));
  const shown = follow();
  await pass(4000);
  await turnTab("hidden");
  expect(fetching.mock.calls[1]?.[1]?.signal?.aborted).toBe(true);
  await pass(60_000);
  expect(fetching).toHaveBeenCalledTimes(2);
  await turnTab("visible");
  expect(fetching).toHaveBeenCalledTimes(3);
  expect(shown.current).toMatchObject({ progress: 45, error: null });
});

test("what is held is let go when the network goes, and what is wrong is said", async () => {
  server(says(GENERATING), holds(20_000, unmoved), breaks);
  const shown = follow();
  await pass(4000);
  await act(async () => void window.dispatchEvent(new Event("offline")));
  await pass(2600);
  expect(shown.current).toMatchObject({ progress: 45, error: { code: "NETWORK" } });
});

test("of many jobs two are held, so that the browser has connections left, and the others are polled", async () => {
  const jobs = ["one", "two", "three"];
  fetching.mockImplementation(async (url, request) => {
    const body = { ...GENERATING, jobId: String(url).split("/").at(-1) as string };
    const isKnown = "If-None-Match" in ((request?.headers ?? {}) as object);
    return (isKnown ? holds(20_000, unmoved) : says(body))(request);
  });
  for (const job of jobs) {
    keepSession(job, "token");
    follow(job);
  }
  await pass(2600);
  const asked = fetching.mock.calls.slice(3).map(([, request]) => "Prefer" in ((request?.headers ?? {}) as object));
  expect(asked).toEqual([true, true, false]);
});

test("asked for before it is shown, it is shown with the answer, and its next poll can be held", async () => {
  server(says(GENERATING), holds(60, says(STORING)), unmoved);
  await prefetchStatus(client, JOB);
  expect(fetching).toHaveBeenCalledTimes(1);

  const shown = follow();
  expect(shown.current).toMatchObject({ isLoading: false, progress: 45 });
  await pass(62);

  expect(sentHeaders(1)).toMatchObject({ "If-None-Match": '"5"', Prefer: "wait=20" });
  expect(shown.current.progress).toBe(80);
});

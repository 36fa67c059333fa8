/**
 * A fake of the server at the fetch boundary, for the tests of the hook: what it answers, who follows a job there, and a
 * clock that the tests move.
 */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import type { StatusBody } from "./schema.d.ts";
import { keepSession } from "./sessions.ts";
import { type JobStatus, useStatus } from "./useStatus.ts";

export const JOB = "0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11";
export const RESULT = "7a1d6c52-58a0-4c63-8f3e-2f1f3d0b9e22";

export const PENDING: StatusBody = {
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
export const GENERATING: StatusBody = {
  ...PENDING,
  status: "processing",
  stage: "generating",
  progress: 45,
  version: 5,
};
export const ENDED: StatusBody = { ...GENERATING, isTerminal: true, pollAfterMs: null, version: 12 };
export const COMPLETED: StatusBody = {
  ...ENDED,
  status: "completed",
  stage: "complete",
  progress: 100,
  resultId: RESULT,
};
export const STORING: StatusBody = { ...GENERATING, stage: "storing", progress: 80, version: 6 };
export const FAILED: StatusBody = {
  ...ENDED,
  status: "failed",
  stage: "failed",
  errorCode: "INTERNAL_ERROR",
  errorMessage: "Processing failed. Please try again.",
};

export type Answer = (request?: RequestInit) => Response | Promise<Response>;
export const fetching = vi.fn<typeof fetch>();
export let client: QueryClient;

export function says(body: StatusBody): Answer {
  return () => new Response(JSON.stringify(body), { headers: { ETag: `"${body.version}"` } });
}

export function refuses(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const body = { success: false, error: { code, message: `It says ${code}.` } };
  return () => new Response(JSON.stringify(body), { status, headers });
}

export function breaks(): Promise<Response> {
  return Promise.reject(new TypeError("Failed to fetch"));
}

/** Nothing, until the one who asks gives up. */
export const silent: Answer = (request) =>
  new Promise((_, reject) => request?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));

export const unmoved: Answer = () => new Response(null, { status: 304 });

/** The answer after a while, of a server that holds its answers and says so; nothing if the request was given up. */
export function holds(milliseconds: number, answer: Answer): Answer {
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
export function server(...answers: Answer[]) {
  fetching.mockImplementation(async (_, request) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return (answer as Answer)(request);
  });
}

/** The hook, as a component that may go; `seen` is told of whatever it draws. */
export function followed(jobId: string | null = JOB, seen: (shown: JobStatus) => void = () => {}) {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const draw = ({ id }: { id: string | null }) => {
    const shown = useStatus(id);
    seen(shown);
    return shown;
  };
  return renderHook(draw, { wrapper, initialProps: { id: jobId } });
}

export function follow(...which: Parameters<typeof followed>) {
  return followed(...which).result;
}

export async function pass(milliseconds: number) {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}

export async function turnTab(visibilityState: DocumentVisibilityState) {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visibilityState);
  await act(async () => void window.dispatchEvent(new Event("visibilitychange")));
}

export function sentHeaders(call: number): Record<string, string> {
  return fetching.mock.calls[call]?.[1]?.headers as Record<string, string>;
}

/** Before each test. */
export function open() {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetching);
  client = new QueryClient();
  keepSession(JOB, "token");
}

/** After each test. */
export function close() {
  cleanup();
  client.clear();
  localStorage.clear();
  fetching.mockReset();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
}

/** Where the hook asks, and in whose name: by arguments, by a provider, by what this browser keeps. And on a server. */

import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Sessions } from "./connection.ts";
import { DarkroomProvider } from "./DarkroomProvider.ts";
import {
  client,
  close,
  fetching,
  GENERATING,
  open,
  pass,
  refuses,
  says,
  sentHeaders,
  server,
} from "./server.test.fake";
import { forgetSession, keepSession } from "./sessions.ts";
import { tellStatus, type UseStatusOptions, useStatus } from "./useStatus.ts";

const JOB = GENERATING.jobId;
const API = "https://api.example";

beforeEach(open);
afterEach(close);

function followed(options: UseStatusOptions, provided: { baseUrl?: string; sessions?: Sessions } = {}) {
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <DarkroomProvider {...provided}>{children}</DarkroomProvider>
    </QueryClientProvider>
  );
  return renderHook((given: UseStatusOptions) => useStatus(JOB, given), { wrapper, initialProps: options });
}

test.each([
  ["by an argument", { baseUrl: API }, {}],
  ["by a provider", {}, { baseUrl: API }],
  ["with a slash at its end", {}, { baseUrl: `${API}/` }],
])("a base URL is given %s", async (_, options, provided) => {
  server(says(GENERATING));
  const { result } = followed(options, provided);
  await pass(1);
  expect(fetching.mock.calls[0]?.[0]).toBe(`${API}/api/status/${JOB}`);
  expect(result.current.progress).toBe(45);
});

test("a token is given by an argument, and none there means none", async () => {
  server(says(GENERATING));
  const { rerender, result } = followed({ token: "an argument's" });
  await pass(1);
  expect(sentHeaders(0)).toMatchObject({ "X-Session-Token": "an argument's" });
  rerender({ token: null });
  expect(result.current).toMatchObject({ status: null, isLoading: false });
});

test("a provider says where tokens come from, and one that appears later is noticed", async () => {
  server(says(GENERATING));
  let token: string | null = null;
  let tell = () => {};
  const sessions: Sessions = {
    sessionOf: () => token,
    subscribe: (changed) => {
      tell = changed;
      return () => {};
    },
  };
  const { result } = followed({}, { sessions });
  await pass(5000);
  expect(fetching).not.toHaveBeenCalled();

  token = "a provider's";
  act(() => tell());
  await pass(1);

  expect(sentHeaders(0)).toMatchObject({ "X-Session-Token": "a provider's" });
  expect(result.current.progress).toBe(45);
});

test("a session that is kept in this browser after the hook began is noticed, and so is one that is forgotten", async () => {
  server(says(GENERATING));
  forgetSession(JOB);
  const { result } = followed({});
  await pass(5000);
  expect(result.current.status).toBeNull();

  act(() => void keepSession(JOB, "late"));
  await pass(1);
  expect(result.current.status).toBe("processing");

  act(() => forgetSession(JOB));
  expect(result.current.status).toBeNull();
});

test("a session that another tab keeps is noticed", async () => {
  server(says(GENERATING));
  forgetSession(JOB);
  const { result } = followed({});
  localStorage.setItem(`darkroom.session.${JOB}`, "elsewhere");
  act(() => void dispatchEvent(new StorageEvent("storage", { key: `darkroom.session.${JOB}` })));
  await pass(1);
  expect(result.current.status).toBe("processing");
});

test("another session is asked with, although the one before was refused for good", async () => {
  server(refuses(404, "NOT_FOUND"), says(GENERATING));
  const { result, rerender } = followed({ token: "a stranger's" });
  await pass(1);
  expect(result.current.error?.code).toBe("NOT_FOUND");

  rerender({ token: "the owner's" });
  await pass(1);

  expect(sentHeaders(1)).toMatchObject({ "X-Session-Token": "the owner's" });
  expect(result.current).toMatchObject({ progress: 45, error: null });
});

test("one job at two addresses is two jobs", async () => {
  server(says(GENERATING));
  const here = followed({ token: "a token" });
  followed({ token: "a token", baseUrl: API });
  await pass(1);
  expect(fetching).toHaveBeenCalledTimes(2);
  act(() => tellStatus(client, { ...GENERATING, version: 99, progress: 70 }, API));
  expect(here.result.current.progress).toBe(45);
});

function Job(given: { token?: string }) {
  const { status, isLoading } = useStatus(JOB, given);
  return <p>{isLoading ? "loading" : (status ?? "idle")}</p>;
}

test.each([
  ["kept", {}],
  ["given", { token: "a token" }],
])("drawn on a server it is idle, its token %s, and the browser goes on without an error", async (_, given) => {
  server(says(GENERATING));
  const page = () => (
    <StrictMode>
      <QueryClientProvider client={client}>
        <Job {...given} />
      </QueryClientProvider>
    </StrictMode>
  );
  const element = document.createElement("div");
  element.innerHTML = renderToString(page());
  expect(element.textContent).toBe("idle");

  const faults = vi.spyOn(console, "error");
  const onRecoverableError = vi.fn();
  const root = await act(async () => hydrateRoot(element, page(), { onRecoverableError }));
  await pass(1);

  expect(element.textContent).toBe("processing");
  expect(faults).not.toHaveBeenCalled();
  expect(onRecoverableError).not.toHaveBeenCalled();
  act(() => root.unmount());
});

/** A photo that is sent, against a fake of the server at the edge of the browser. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, renderHook } from "@testing-library/react";
import { createElement, type ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeSending, photoSent } from "./sent.test.fake";
import { recentUploads, useRecentUploads } from "./uploads";
import { useSending } from "./useSending";

const JOB = "0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11";

beforeEach(fakeSending);

afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
});

test("once a photo is taken in, its status is asked for before anything is drawn of it", async () => {
  const order: string[] = [];
  const note = (what: string) => order.includes(what) || order.push(what);
  vi.stubGlobal("fetch", (url: string) => {
    note(`asked for ${url}, ${recentUploads().length} listed`);
    return new Promise(() => {}); // the page is drawn without it then
  });
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => createElement(QueryClientProvider, { client }, children);
  const page = renderHook(
    () => {
      if (useRecentUploads().some(({ jobId }) => jobId === JOB)) {
        note("drawn");
      }
      return useSending({ onRefused: () => note("refused"), onEnded: () => note("opened") });
    },
    { wrapper },
  );

  await act(async () => page.result.current.send([new Blob(["a photo"])]));
  await (await photoSent(1)).isTakenIn(JOB);
  await vi.waitUntil(() => page.result.current.sending === null && order.length > 2);

  expect(order).toEqual([`asked for /api/status/${JOB}, 0 listed`, "drawn", "opened"]);
});

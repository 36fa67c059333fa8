/** A picture whose time is over, on a page that was told so by its result alone. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, configure, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { COMPLETED, JOB } from "../status/server.test.fake";
import { App } from "./App";
import { addUpload, recentUploads } from "./uploads";

/** For a busy machine. */
const PATIENCE_MS = 20_000;
const EXPIRED = JSON.stringify({ success: false, error: { code: "EXPIRED", message: "It was kept for its time." } });

beforeEach(() => {
  vi.stubGlobal("scrollTo", () => {});
  configure({ asyncUtilTimeout: PATIENCE_MS });
});
afterEach(() => {
  localStorage.clear();
  act(() => void dispatchEvent(new StorageEvent("storage", { key: null })));
  cleanup();
  vi.unstubAllGlobals();
});

test.each([
  ["Darkroom's own words", EXPIRED],
  ["none", ""],
  ["those of a proxy", "<h1>410 Gone</h1>"],
])(
  "a result that answers 410 has expired, with %s, and its status is asked",
  async (_, words) => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (address: string) => {
      asked.push(address);
      return address.startsWith("/api/status/") ? Response.json(COMPLETED) : new Response(words, { status: 410 });
    });
    addUpload({ jobId: JOB, submittedAt: COMPLETED.createdAt, thumbnail: null }, "token");
    history.replaceState(null, "", `/#${JOB}`);
    render(
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retryDelay: 0 } } })}>
        <App />
      </QueryClientProvider>,
    );

    await waitFor(() =>
      expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Your picture was kept for its time"),
    );
    expect(recentUploads()[0]?.ending).toBe("expired");
    expect(document.title).not.toContain("ready");
    await waitFor(() => expect(asked.filter((address) => address.startsWith("/api/status/")).length).toBe(2));
  },
  PATIENCE_MS,
);

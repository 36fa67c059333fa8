// @vitest-environment node - there is no window, as on a server
/** A server's process serves many people: it keeps no token of any of them. */

import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { keepSession, sessionOf } from "./sessions.ts";
import { prefetchStatus } from "./useStatus.ts";

test("a token that is given to a server to keep is known to no later request", () => {
  expect(keepSession("job", "a token")).toBe(false);
  expect(sessionOf("job")).toBeNull();
});

test("asked ahead on a server it needs no window", async () => {
  const fetching = vi.fn(async () => Response.json({ success: true, version: 1, status: "pending" }));
  vi.stubGlobal("fetch", fetching);
  const connection = { baseUrl: "https://api.example", sessions: { sessionOf: () => "a token" } };
  await prefetchStatus(new QueryClient(), "job", connection);
  expect(fetching).toHaveBeenCalledTimes(1);
});

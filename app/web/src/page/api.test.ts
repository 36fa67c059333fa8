/** What the page takes for an answer of Darkroom's: something in between may answer with 200 in its place. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askResult, cancel, erase, retry, submit } from "./api";
import { fakeSending, photoSent } from "./sending/sent.test.fake";

const STATUS = { success: true, jobId: "one", version: 3, status: "failed", stage: "failed", progress: 30 };
const ERASED = { success: true, jobId: "one", erased: true };
const ANSWERS = ["", "<html>Sign in</html>", "null", "[]", '{"success": true}', '{"success": true, "jobId": "one", '];

function answers(body: string, headers: Record<string, string> = {}, status = 200) {
  vi.stubGlobal("fetch", async () => new Response(body, { status, headers }));
}

beforeEach(fakeSending);
afterEach(() => void vi.unstubAllGlobals());

const REQUESTS: [string, () => Promise<unknown>][] = [
  ["a cancel", () => cancel("one")],
  ["a retry", () => retry("one")],
  ["a deletion", () => erase("one")],
  ["a result", () => askResult("one", "result")],
];

test.each(REQUESTS)("%s is done when Darkroom says so, and not by any other 200", async (_, request) => {
  for (const body of [...ANSWERS, JSON.stringify({ ...STATUS, ...ERASED, jobId: "another" })]) {
    answers(body);
    await expect(request(), body).rejects.toMatchObject({ isOurs: false, isPassing: true });
  }
  answers(JSON.stringify({ ...STATUS, ...ERASED, preview: { url: "/preview" } }));
  await expect(request()).resolves.toMatchObject({ jobId: "one" });
});

test.each(ANSWERS)("a photo is not taken in by %j", async (body) => {
  const sending = submit(new Blob(), { session: null, key: "key", signal: new AbortController().signal }, () => {});
  const photo = await photoSent(1);
  photo.status = 200;
  photo.responseText = body;
  photo.onload();
  await expect(sending).rejects.toMatchObject({ isOurs: false, isPassing: true });
});

test("an answer that breaks off is one that did not come", async () => {
  vi.stubGlobal("fetch", async () => ({ status: 200, text: () => Promise.reject(new TypeError("network error")) }));
  await expect(cancel("one")).rejects.toMatchObject({ code: "NETWORK", isPassing: true });
});

test("a wait that is asked for as a date counts by the server's clock, which may be another one", async () => {
  const refusal = JSON.stringify({ success: false, error: { code: "UNAVAILABLE", message: "Later." } });
  const told = { Date: "Sun, 29 Nov 2026 04:00:00 GMT", "Retry-After": "Sun, 29 Nov 2026 04:00:40 GMT" };
  answers(refusal, told, 503);
  await expect(cancel("one")).rejects.toMatchObject({ retryAfterMs: 40_000 });
});

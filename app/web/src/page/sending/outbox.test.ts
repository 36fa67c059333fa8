/** Photos that are sent, against a fake of the server at the edge of the browser. */

import { QueryClient } from "@tanstack/react-query";
import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sessionOf } from "../../status/sessions";
import { recentUploads } from "../uploads";
import { Outbox } from "./outbox";
import { fakeSending, photoSent, sent } from "./sent.test.fake";

const JOB = "0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11";
const REASONS = { keptHere: () => "kept here", ourFault: () => "our fault", notReadable: "not readable" };

function chosen(...names: string[]) {
  return names.map((name) => ({ photo: new Blob(["a photo"]), name, wrong: null }));
}

beforeEach(() => {
  fakeSending();
  vi.stubGlobal("fetch", () => new Promise(() => {}));
});

afterEach(() => {
  localStorage.clear();
  act(() => void dispatchEvent(new StorageEvent("storage", { key: null })));
  vi.unstubAllGlobals();
});

test("once a photo is taken in, its status is asked for before anything is drawn of it", async () => {
  const order: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    order.push(`asked for ${url}, ${recentUploads().length} listed`);
    return new Promise(() => {}); // the page is drawn without it then
  });
  const outbox = new Outbox(new QueryClient(), REASONS);
  outbox.add(chosen("one.jpg"));
  outbox.subscribe(() => outbox.items().length === 0 && order.push("drawn"));
  await (await photoSent(1)).isTakenIn(JOB);
  await vi.waitUntil(() => order.includes("drawn"));

  expect(order).toEqual([`asked for /api/status/${JOB}, 0 listed`, "drawn"]);
  expect(recentUploads()[0]).toMatchObject({ jobId: JOB, name: "one.jpg" });
});

test("a photo that was stopped is not sent, and the one behind it is", async () => {
  const outbox = new Outbox(new QueryClient(), REASONS);
  outbox.add(chosen("one.jpg", "two.jpg"));
  await photoSent(1);
  act(() => outbox.discard([outbox.items()[0]?.key ?? ""]));
  await (await photoSent(2)).isTakenIn(JOB);
  expect(recentUploads().map(({ name }) => name)).toEqual(["two.jpg"]);
  expect(outbox.items()).toEqual([]);
});

test("a photo that is stopped while its small copy is made is not sent", async () => {
  const outbox = new Outbox(new QueryClient(), REASONS);
  outbox.add(chosen("one.jpg", "two.jpg"));
  outbox.discard([outbox.items()[0]?.key ?? ""]);
  await (await photoSent(1)).isTakenIn(JOB);
  expect(recentUploads().map(({ name }) => name)).toEqual(["two.jpg"]);
  expect(sent).toHaveLength(1);
});

test("a token that the server renews is kept for the uploads before it too", async () => {
  const outbox = new Outbox(new QueryClient(), REASONS);
  outbox.add(chosen("one.jpg"));
  await (await photoSent(1)).isTakenIn("one");
  outbox.add(chosen("two.jpg"));
  const second = await photoSent(2);
  second.headers["X-Session-Token"] = "renewed";
  await second.isTakenIn("two");
  expect([sessionOf("one"), sessionOf("two")]).toEqual(["renewed", "renewed"]);
});

test("what is chosen while others are on their way joins them, and what is chosen later does not", async () => {
  const outbox = new Outbox(new QueryClient(), REASONS);
  const first = outbox.add(chosen("one.jpg"));
  await photoSent(1);
  expect(outbox.add(chosen("two.jpg"))).toBe(first);
  await (await photoSent(1)).isTakenIn("one");
  await (await photoSent(2)).isTakenIn("two");
  expect(outbox.add(chosen("three.jpg"))).not.toBe(first);
});

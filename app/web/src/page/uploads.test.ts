/** The list of recent uploads: short, newest first, the same in every tab. */

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StatusError } from "../status/StatusError";
import { sessionOf } from "../status/sessions";
import type { JobStatus } from "../status/useStatus";
import {
  addUpload,
  endingOf,
  hideUpload,
  latestSession,
  noteEnding,
  recentUploads,
  removeUpload,
  showUpload,
  useRecentUploads,
} from "./uploads";

const KEY = "darkroom.uploads";
const MOMENT = "2024-12-21T10:29:40Z";

function add(jobId: string) {
  addUpload({ jobId, submittedAt: MOMENT, thumbnail: null }, `token of ${jobId}`);
}

function changeElsewhere(value: string | null) {
  if (value === null) {
    localStorage.clear();
  } else {
    localStorage.setItem(KEY, value);
  }
  window.dispatchEvent(new StorageEvent("storage", { key: value === null ? null : KEY }));
}

beforeEach(() => renderHook(useRecentUploads));

afterEach(() => {
  act(() => changeElsewhere(null));
  cleanup();
});

test("the newest is the first, and its session is the one that the next upload joins", () => {
  expect(latestSession()).toBeNull();
  act(() => add("one"));
  act(() => add("two"));
  expect(recentUploads().map(({ jobId }) => jobId)).toEqual(["two", "one"]);
  expect(latestSession()).toBe("token of two");
});

test("a hundred that run are all listed, and each keeps its session", () => {
  for (let number = 1; number <= 100; number += 1) {
    act(() => add(`job ${number}`));
  }
  expect(recentUploads()).toHaveLength(100);
  expect(sessionOf("job 1")).toBe("token of job 1");
});

test("of those that have ended the oldest leave the list, and keep their sessions", () => {
  for (let number = 1; number <= 100; number += 1) {
    act(() => add(`job ${number}`));
    act(() => noteEnding(`job ${number}`, "completed"));
  }
  expect(recentUploads().map(({ jobId }) => jobId)).toContain("job 41");
  expect(recentUploads().map(({ jobId }) => jobId)).not.toContain("job 40");
  expect(sessionOf("job 1")).toBe("token of job 1");
});

test("an ending is noted, and taken back by a retry", () => {
  act(() => add("one"));
  act(() => noteEnding("one", "failed"));
  expect(recentUploads()[0]?.ending).toBe("failed");
  act(() => noteEnding("one", undefined));
  expect(recentUploads()[0]).not.toHaveProperty("ending");
});

const RUNNING = { status: "processing", isLoading: false, isComplete: false, isFailed: false, error: null };
const NOT_FOUND = new StatusError("NOT_FOUND", "There is no such upload.", true);
const UNREACHABLE = new StatusError("NETWORK", "Darkroom cannot be reached just now.");

test.each([
  ["has not ended while it runs", RUNNING, undefined],
  ["has not ended while nothing is known of it", { ...RUNNING, status: null, isLoading: true }, undefined],
  ["has not ended for a passing trouble", { ...RUNNING, error: UNREACHABLE }, undefined],
  ["has completed", { ...RUNNING, status: "completed", isComplete: true }, "completed"],
  ["is not ready any more once its time is over", { ...RUNNING, isComplete: true, data: { expired: true } }, "expired"],
  ["was cancelled, which is no failure", { ...RUNNING, isFailed: true, data: { errorCode: "CANCELLED" } }, "cancelled"],
  ["has failed", { ...RUNNING, status: "failed", isFailed: true }, "failed"],
  ["is gone when the server does not know it", { ...RUNNING, status: null, error: NOT_FOUND }, "gone"],
  ["is gone when it was erased while it ran", { ...RUNNING, error: NOT_FOUND }, "gone"],
  ["is gone when this browser has lost its session", { ...RUNNING, status: null }, "gone"],
])("a job %s", (_, job, ending) => {
  expect(endingOf(job as JobStatus)).toBe(ending);
});

test("what is hidden keeps its session, and can be shown again", () => {
  act(() => add("one"));
  act(() => hideUpload("one"));
  expect(recentUploads()[0]).toMatchObject({ jobId: "one", isHidden: true });
  expect(sessionOf("one")).toBe("token of one");
  act(() => showUpload("one"));
  expect(recentUploads()[0]).not.toHaveProperty("isHidden");
});

test("what the server has erased is gone, its session too", () => {
  act(() => add("one"));
  act(() => removeUpload("one"));
  expect(recentUploads()).toEqual([]);
  expect(sessionOf("one")).toBeNull();
});

test("the next upload joins a session although the newest upload was deleted", () => {
  act(() => add("one"));
  act(() => add("two"));
  act(() => removeUpload("two"));
  expect(latestSession()).toBe("token of one");
});

test("two tabs that list an upload at the same time lose neither", () => {
  act(() => add("here"));
  // The storage event of the other tab is still on its way.
  const elsewhere = { jobId: "elsewhere", submittedAt: MOMENT, thumbnail: null };
  localStorage.setItem(KEY, JSON.stringify([elsewhere, ...recentUploads()]));
  act(() => add("here too"));
  expect(recentUploads().map(({ jobId }) => jobId)).toEqual(["here too", "elsewhere", "here"]);
});

test("what another tab adds is seen here", () => {
  const { result } = renderHook(useRecentUploads);
  const elsewhere = [{ jobId: "elsewhere", submittedAt: "2024-12-21T10:29:40Z", thumbnail: null }];
  act(() => changeElsewhere(JSON.stringify(elsewhere)));
  expect(result.current).toEqual(elsewhere);
});

const RIGHT = { jobId: "right", submittedAt: MOMENT, thumbnail: null };

test.each([
  ["null", null],
  ["a number", 7],
  ["an entry without an id", { submittedAt: MOMENT, thumbnail: null }],
  ["an entry whose id is no text", { ...RIGHT, jobId: 7 }],
  ["an entry without a time", { jobId: "timeless", thumbnail: null }],
  ["an entry whose time is none", { ...RIGHT, jobId: "late", submittedAt: "soon" }],
  ["an entry that is there twice", RIGHT],
])("of a list with %s, that alone is dropped", (_, wrong) => {
  act(() => changeElsewhere(JSON.stringify([RIGHT, wrong])));
  expect(recentUploads()).toEqual([RIGHT]);
});

test.each([
  ["a picture that is none", { thumbnail: { url: "x" } }],
  ["a picture from elsewhere", { thumbnail: "https://elsewhere.example/x.jpg" }],
  ["an ending that this page does not know", { ending: "exploded" }],
  ["a name that is no text", { name: {} }],
])("of an entry with %s, that alone is dropped", (_, wrong) => {
  act(() => changeElsewhere(JSON.stringify([{ ...RIGHT, ...wrong }])));
  expect(recentUploads()).toEqual([RIGHT]);
});

test.each(["{", '"a text"', "null"])("a list that cannot be read (%s) is an empty one", (value) => {
  act(() => changeElsewhere(value));
  expect(recentUploads()).toEqual([]);
});

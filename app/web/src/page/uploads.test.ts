/** The list of recent uploads: short, newest first, the same in every tab. */

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StatusError } from "../status/StatusError";
import { keepSession, sessionOf } from "../status/sessions";
import type { JobStatus } from "../status/useStatus";
import {
  addUpload,
  endingOf,
  forgetUpload,
  latestSession,
  noteEnding,
  recentUploads,
  useRecentUploads,
} from "./uploads";

const KEY = "darkroom.uploads";

function add(jobId: string) {
  keepSession(jobId, `token of ${jobId}`);
  addUpload({ jobId, submittedAt: "2024-12-21T10:29:40Z", thumbnail: null });
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

test("the thirteenth pushes the first one out, and its session with it", () => {
  for (let number = 1; number <= 13; number += 1) {
    act(() => add(`job ${number}`));
  }
  expect(recentUploads()).toHaveLength(12);
  expect(sessionOf("job 1")).toBeNull();
  expect(sessionOf("job 2")).not.toBeNull();
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
  ["has failed", { ...RUNNING, status: "failed", isFailed: true }, "failed"],
  ["is gone when the server does not know it", { ...RUNNING, status: null, error: NOT_FOUND }, "gone"],
  ["is gone when it was erased while it ran", { ...RUNNING, error: NOT_FOUND }, "gone"],
  ["is gone when this browser has lost its session", { ...RUNNING, status: null }, "gone"],
])("a job %s", (_, job, ending) => {
  expect(endingOf(job as JobStatus)).toBe(ending);
});

test("what is forgotten is gone, its session too", () => {
  act(() => add("one"));
  act(() => forgetUpload("one"));
  expect(recentUploads()).toEqual([]);
  expect(sessionOf("one")).toBeNull();
});

test("what another tab adds is seen here", () => {
  const { result } = renderHook(useRecentUploads);
  const elsewhere = [{ jobId: "elsewhere", submittedAt: "2024-12-21T10:29:40Z", thumbnail: null }];
  act(() => changeElsewhere(JSON.stringify(elsewhere)));
  expect(result.current).toEqual(elsewhere);
});

test.each(["{", '"a text"', "null"])("a list that cannot be read (%s) is an empty one", (value) => {
  act(() => changeElsewhere(value));
  expect(recentUploads()).toEqual([]);
});

/** The list of recent uploads: short, newest first, the same in every tab. */

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepSession, sessionOf } from "../status/sessions";
import { addUpload, forgetUpload, latestSession, noteEnding, recentUploads, useRecentUploads } from "./uploads";

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

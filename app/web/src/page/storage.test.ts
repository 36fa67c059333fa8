/** A storage that is full or forbidden: sessions come first, pictures go, and what is not kept is said. */

import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sessionOf } from "../status/sessions";
import { checkStorage, useStorageTrouble } from "./storage";
import { addUpload, recentUploads } from "./uploads";

const PICTURE = `data:image/jpeg;base64,${"A".repeat(2000)}`;
let room = Number.POSITIVE_INFINITY;

function add(jobId: string) {
  act(() => addUpload({ jobId, submittedAt: "2024-12-21T10:29:40Z", thumbnail: PICTURE }, `token of ${jobId}`));
}

function kept(): number {
  return Object.entries({ ...localStorage }).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}

beforeEach(() => {
  const really = Storage.prototype.setItem;
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(function (this: Storage, key: string, value: string) {
    const before = (this.getItem(key)?.length ?? -key.length) + 0;
    if (kept() - before + value.length > room) {
      throw new DOMException("full", "QuotaExceededError");
    }
    really.call(this, key, value);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
  room = Number.POSITIVE_INFINITY;
  act(() => {
    checkStorage();
    dispatchEvent(new StorageEvent("storage", { key: null }));
  });
});

test("where there is little room the oldest uploads do without pictures, and every session is kept", () => {
  const trouble = renderHook(useStorageTrouble).result;
  room = 20_000;
  for (let number = 1; number <= 15; number += 1) {
    add(`job ${number}`);
  }
  for (let number = 1; number <= 15; number += 1) {
    expect(localStorage.getItem(`darkroom.session.job ${number}`)).toBe(`token of job ${number}`);
  }
  const stored = JSON.parse(localStorage.getItem("darkroom.uploads") ?? "");
  expect(stored).toHaveLength(15);
  expect(stored[0].thumbnail).toBe(PICTURE);
  expect(stored[14].thumbnail).toBeNull();
  expect(trouble.current).toBeNull();
});

test("a storage that is full is said to be, and the page knows its uploads all the same", () => {
  const trouble = renderHook(useStorageTrouble).result;
  room = 10;
  add("one");
  add("two");
  expect(trouble.current).toBe("full");
  expect(recentUploads().map(({ jobId }) => jobId)).toEqual(["two", "one"]);
  expect(sessionOf("one")).toBe("token of one");
});

test("a storage that is forbidden is said to be, before anything is sent", () => {
  const trouble = renderHook(useStorageTrouble).result;
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("forbidden", "SecurityError");
  });
  act(checkStorage);
  expect(trouble.current).toBe("forbidden");
});

test("when there is room again, it is said no more", () => {
  const trouble = renderHook(useStorageTrouble).result;
  room = 10;
  act(checkStorage);
  expect(trouble.current).toBe("full");
  room = 10_000;
  add("one");
  expect(trouble.current).toBeNull();
});

/** Sessions outlive the page where they can, and the call where they cannot. */

import { afterEach, expect, test, vi } from "vitest";
import { forgetSession, keepSession, sessionOf } from "./sessions.ts";

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

test("a session is kept for its job alone", () => {
  keepSession("one", "token");
  expect(sessionOf("one")).toBe("token");
  expect(sessionOf("two")).toBeNull();
  expect(localStorage.getItem("darkroom.session.one")).toBe("token");
});

test("a forgotten session is gone", () => {
  keepSession("one", "token");
  forgetSession("one");
  expect(sessionOf("one")).toBeNull();
  expect(localStorage.length).toBe(0);
});

test("where storage is closed, sessions last as long as the page", () => {
  const closed = () => {
    throw new DOMException("closed", "SecurityError");
  };
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(closed);
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(closed);
  vi.spyOn(Storage.prototype, "removeItem").mockImplementation(closed);
  keepSession("three", "token");
  expect(sessionOf("three")).toBe("token");
  forgetSession("three");
  expect(sessionOf("three")).toBeNull();
});

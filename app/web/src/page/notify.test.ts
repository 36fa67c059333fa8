/** A person is told of an end if they asked for it and look elsewhere, against a fake of the browser's notifications. */

import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askToNotify, canNotify, notifyOfEndings, willNotify } from "./notify";
import { addUpload, type Ending, noteEnding } from "./uploads";

const told = vi.fn();
let permission: NotificationPermission = "default";

class FakeNotification {
  static get permission() {
    return permission;
  }

  static requestPermission = async () => {
    permission = permission === "default" ? "granted" : permission;
    return permission;
  };

  constructor(title: string, options: NotificationOptions) {
    told(title, options.body, options.tag);
  }
}

function ends(jobId: string, ending: Ending, visibility: DocumentVisibilityState) {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visibility);
  act(() => addUpload({ jobId, submittedAt: "2024-12-21T10:29:40Z", thumbnail: null, name: "cat.jpg" }, "a token"));
  act(() => noteEnding(jobId, ending));
}

notifyOfEndings();

beforeEach(() => {
  permission = "default";
  told.mockReset();
  vi.stubGlobal("Notification", FakeNotification);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  localStorage.clear();
  act(() => void dispatchEvent(new StorageEvent("storage", { key: null })));
});

test("who did not ask for it is not told", () => {
  permission = "granted"; // by another page of this origin
  ends("unasked", "completed", "hidden");
  expect(told).not.toHaveBeenCalled();
});

test("who asked for it is told once of each end, by the photo's name, while looking elsewhere", async () => {
  expect(await askToNotify()).toBe(true);
  ends("one", "completed", "hidden");
  act(() => noteEnding("one", "completed"));
  ends("two", "cancelled", "hidden");
  expect(told.mock.calls).toEqual([
    ["Your picture is ready", "cat.jpg", "one"],
    ["Your upload was cancelled", "cat.jpg", "two"],
  ]);
});

test("who looks at the page is not told", async () => {
  await askToNotify();
  ends("seen", "completed", "visible");
  expect(told).not.toHaveBeenCalled();
});

test("what is gone has not ended", async () => {
  await askToNotify();
  ends("gone", "gone", "hidden");
  expect(told).not.toHaveBeenCalled();
});

test("a browser that forbids it cannot be asked", async () => {
  permission = "denied";
  expect(canNotify()).toBe(false);
  expect(await askToNotify()).toBe(false);
  expect(willNotify()).toBe(false);
});

/** The whole page, against fakes of the server at the edge of the browser: what it complains of, and what it opens. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";
import { START } from "./address";
import { fakeSending, photoSent } from "./sent.test.fake";
import { recentUploads } from "./uploads";

const WRONG = "This file is not a JPEG, PNG, WebP, HEIC or AVIF photo. Please choose another one.";

const NOT_FOUND = JSON.stringify({ success: false, error: { code: "NOT_FOUND", message: "There is no such upload." } });

function photo(): File {
  return readable("\xff\xd8\xff\xe0 a photo");
}

function text(): File {
  return readable("a text");
}

/** jsdom's files cannot be read. */
function readable(content: string): File {
  const bytes = Uint8Array.from(content, (letter) => letter.charCodeAt(0));
  const file = new File([bytes], "a file");
  return Object.assign(file, { slice: () => ({ arrayBuffer: async () => bytes.slice(0, 12).buffer }) });
}

function choose(...files: File[]) {
  fireEvent.change(document.querySelector("input[multiple]") as Element, { target: { files } });
}

function paste(...files: File[]) {
  fireEvent(window, Object.assign(new Event("paste"), { clipboardData: { files } }));
}

async function goTo(address: string) {
  await act(async () => {
    location.hash = address;
    await new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
  });
}

function link(name: string | RegExp): HTMLElement {
  return screen.getByRole("link", { name });
}

/** As a browser does; jsdom follows no link by itself. */
async function press(name: string | RegExp) {
  await goTo(link(name).getAttribute("href") as string);
}

async function reads(heading: string) {
  await waitFor(() => expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(heading));
}

function bar(): string | null {
  return screen.getByRole("progressbar", { name: "Sent" }).getAttribute("aria-valuenow");
}

function complaint(): string | null {
  return screen.getAllByRole("alert")[0]?.textContent ?? null;
}

beforeEach(() => {
  fakeSending();
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  vi.stubGlobal("scrollTo", () => {});
  history.replaceState(null, "", "/");
  render(
    <QueryClientProvider client={new QueryClient()}>
      <App />
    </QueryClientProvider>,
  );
});

afterEach(() => {
  localStorage.clear();
  act(() => void dispatchEvent(new StorageEvent("storage", { key: null })));
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a complaint of one file stays while the other one is sent and opens itself, until a person opens something", async () => {
  choose(photo(), text());
  await (await photoSent(1)).isTakenIn("one");
  await reads("Looking for your photo");
  expect(complaint()).toBe(WRONG);

  await goTo(START);

  expect(complaint()).toBe("");
});

test("a wrong file is told of while a job is open, until the next choice", async () => {
  choose(photo());
  await (await photoSent(1)).isTakenIn("one");
  paste(text());
  await waitFor(() => expect(complaint()).toBe(WRONG));

  paste(photo());

  await waitFor(() => expect(complaint()).toBe(""));
});

test("a photo that the server refuses while a job is open is told of at once", async () => {
  choose(photo());
  await (await photoSent(1)).isTakenIn("one");
  paste(photo());
  await (await photoSent(2)).isRefused(415, "UNSUPPORTED_IMAGE");

  await waitFor(() => expect(complaint()).toBe("It says UNSUPPORTED_IMAGE."));
});

test("the bar of the next photo begins at nothing, and so does that of a photo that is sent again", async () => {
  choose(photo(), photo());
  const first = await photoSent(1);
  await first.gets(0.9);
  await waitFor(() => expect(bar()).toBe("90"));
  await first.isCutOff();
  await waitFor(() => expect(bar()).toBe("0"));

  dispatchEvent(new Event("online"));
  const again = await photoSent(2);
  await again.gets(1);
  await waitFor(() => expect(bar()).toBe("100"));
  await again.isTakenIn("one");

  const second = await photoSent(3);
  expect(bar()).toBe("0");
  await second.gets(0.2);
  await waitFor(() => expect(bar()).toBe("20"));
});

test("while a photo is sent, another one can be put in, and the sending is found again", async () => {
  choose(photo());
  const sending = await photoSent(1);
  await reads("Sending your photo");
  await press("New photo");
  await reads("Put a photo in the tray");

  await sending.gets(0.4);
  await waitFor(() => link("Sending 40%"));
  await press("Sending 40%");
  await reads("Sending your photo");

  await press("New photo");
  choose(photo());
  await reads("Sending your photo");
  await waitFor(() => screen.getByText(/^One more follows/));
});

test("a person who opens another upload while a photo is sent stays there when it is accepted", async () => {
  choose(photo());
  await (await photoSent(1)).isTakenIn("one");
  await reads("Looking for your photo");
  paste(photo());
  const second = await photoSent(2);
  await reads("Sending your photo");

  await press(/waiting/);
  await reads("Looking for your photo");
  await second.isTakenIn("two");

  await waitFor(() => expect(screen.getAllByRole("link", { name: /waiting/ })).toHaveLength(2));
  expect(screen.queryByRole("link", { name: /^Sending/ })).toBeNull();
  expect(location.hash).toBe("#one");
});

test("a photo that was stopped leaves the page where one can be put in", async () => {
  choose(photo());
  await photoSent(1);
  await reads("Sending your photo");
  fireEvent.click(screen.getByRole("button", { name: "Stop sending" }));
  await reads("Put a photo in the tray");
  expect(location.hash).toBe("");
});

test("an upload that is not there any more is listed as gone, and not asked for again", async () => {
  const asking = vi.fn(async () => new Response(NOT_FOUND, { status: 404 }));
  vi.stubGlobal("fetch", asking);
  choose(photo());
  await (await photoSent(1)).isTakenIn("one");

  await reads("There is no such upload here");
  await waitFor(() => link(/gone/));
  expect(recentUploads()[0]?.ending).toBe("gone");
  const times = asking.mock.calls.length;
  await press("Choose a photo");
  await reads("Put a photo in the tray");
  expect(asking).toHaveBeenCalledTimes(times);
});

test("who is told that there is no such upload can ask again", async () => {
  const asking = vi.fn(async () => new Response(NOT_FOUND, { status: 404 }));
  vi.stubGlobal("fetch", asking);
  choose(photo());
  await (await photoSent(1)).isTakenIn("one");
  await reads("There is no such upload here");

  const body = { success: true, jobId: "one", status: "pending", stage: null, progress: 0, version: 1 };
  asking.mockImplementation(async () => Response.json(body));
  fireEvent.click(screen.getByRole("button", { name: "Ask again" }));

  await reads("Waiting for its turn");
  await waitFor(() => link(/waiting/));
});

test("a fault of the page while a photo is sent is told of, and the photo behind it is sent all the same", async () => {
  const fault = new Error("a fault");
  const reported = vi.fn();
  vi.stubGlobal("reportError", reported);
  vi.spyOn(FormData.prototype, "append").mockImplementationOnce(() => {
    throw fault;
  });
  choose(photo(), photo());
  await (await photoSent(1)).isTakenIn("two");

  await reads("Looking for your photo");
  expect(complaint()).toMatch(/^Your photo could not be sent/);
  expect(reported).toHaveBeenCalledWith(fault);
  expect(screen.queryByText("Sending your photo")).toBeNull();
});

/** The whole page, against fakes of the server at the edge of the browser: what it complains of, and what it opens. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./App";
import { START } from "./address";
import { fakeSending, photoSent } from "./sending/sent.test.fake";
import { recentUploads } from "./uploads";

const WRONG = "This file is not a JPEG, PNG, WebP, HEIC or AVIF photo. Please choose another one.";

const NOT_FOUND = JSON.stringify({ success: false, error: { code: "NOT_FOUND", message: "There is no such upload." } });

function photo(name = "a photo.jpg"): File {
  return readable("\xff\xd8\xff\xe0 a photo", name);
}

function text(name = "a text.txt"): File {
  return readable("a text", name);
}

/** jsdom's files cannot be read. */
function readable(content: string, name: string): File {
  const bytes = Uint8Array.from(content, (letter) => letter.charCodeAt(0));
  const file = new File([bytes], name);
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

/** What is said of each photo of several. */
function rows(): (string | null)[] {
  return [...document.querySelectorAll(".several .told")].map((row) => row.textContent);
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

test("of several files each that was refused is told of by its name and its reason, and how many were taken", async () => {
  choose(photo("one.jpg"), text("two.txt"), photo("three.jpg"), readable("", "four.jpg"));
  await reads("4 photos");
  screen.getByText(/^2 of 4 were taken\./);
  expect(rows()[1]).toBe(`two.txt${WRONG}`);
  expect(rows()[3]).toMatch(/^four\.jpgThis file is empty\./);
  await (await photoSent(1)).isTakenIn("one");
  await (await photoSent(2)).isRefused(413, "PAYLOAD_TOO_LARGE");
  await waitFor(() => screen.getByText(/^1 of 4 were taken\./));
  expect(rows()).toContain("three.jpgIt says PAYLOAD_TOO_LARGE.");
});

test("where none of several was taken each is told of, and the complaint can be closed", async () => {
  choose(text("one.txt"), text("two.txt"));
  await waitFor(() => expect(complaint()).toBe(`None of these 2 files was taken:one.txt: ${WRONG}two.txt: ${WRONG}`));
  await reads("Put a photo in the tray");
  fireEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(complaint()).toBe("");
});

test("a complaint stays until a person opens something", async () => {
  choose(photo());
  await (await photoSent(1)).isTakenIn("one");
  paste(text());
  await waitFor(() => expect(complaint()).toBe(WRONG));

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

test("the bar of a photo that is sent again begins at nothing", async () => {
  choose(photo());
  const first = await photoSent(1);
  await first.gets(0.9);
  await waitFor(() => expect(bar()).toBe("90"));
  await first.isCutOff();
  await waitFor(() => expect(bar()).toBe("0"));
  screen.getByText("It is tried again in 2 s.");

  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  const again = await photoSent(2);
  await again.gets(1);
  await waitFor(() => expect(bar()).toBe("100"));
});

test.each([
  [503, "UNAVAILABLE"],
  [409, "CONFLICT"],
])("a server that answers %i and asks for a minute is given one, and it is counted down", async (status, code) => {
  choose(photo());
  const first = await photoSent(1);
  first.headers = { "Retry-After": "60" };
  await first.isRefused(status, code);
  await waitFor(() => screen.getByText("It is tried again in 60 s."));
});

test.each([413, 403])(
  "a photo that something in between refuses with %i is kept, and can be sent again",
  async (status) => {
    choose(photo());
    await (await photoSent(1)).isRefusedInBetween(status);
    await reads("Not sent yet");
    expect(complaint()).toBe("");
    expect(screen.getAllByRole("alert")[1]?.textContent).toMatch(new RegExp(`status ${status}\\..* kept here`));

    fireEvent.click(screen.getByRole("button", { name: "Send again" }));
    await (await photoSent(2)).isTakenIn("one");
    await reads("Looking for your photo");
  },
);

function asksBeforeLeaving(): boolean {
  return !dispatchEvent(new Event("beforeunload", { cancelable: true }));
}

test("leaving is asked about while photos are not sent, and not afterwards", async () => {
  expect(asksBeforeLeaving()).toBe(false);
  choose(photo(), photo());
  const first = await photoSent(1);
  expect(asksBeforeLeaving()).toBe(true);
  await first.isTakenIn("one");
  await (await photoSent(2)).isTakenIn("two");
  await waitFor(() => expect(asksBeforeLeaving()).toBe(false));
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
  await reads("2 photos");
  expect(rows()).toEqual(["a photo.jpgSending 40%", "a photo.jpgwaits to be sent"]);
  const stops = screen.getAllByRole("button", { name: /^Stop: / });
  expect(stops.map((stop) => stop.ariaLabel)).toEqual(["Stop: 1. a photo.jpg", "Stop: 2. a photo.jpg"]);
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

test("a fault of the page while a photo is sent is told of, its photo is kept, and the one behind it is sent", async () => {
  const fault = new Error("a fault");
  const reported = vi.fn();
  vi.stubGlobal("reportError", reported);
  vi.spyOn(FormData.prototype, "append").mockImplementationOnce(() => {
    throw fault;
  });
  choose(photo("one.jpg"), photo("two.jpg"));
  await (await photoSent(1)).isTakenIn("two");

  await reads("2 photos");
  expect(rows()[1]).toMatch(/^one\.jpgThis photo could not be sent, through a fault of this page\./);
  expect(reported).toHaveBeenCalledWith(fault);
});

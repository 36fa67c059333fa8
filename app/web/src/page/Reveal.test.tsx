/** The preview whose address leads nowhere, against a fake of the server that gives another address each time. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Reveal } from "./Reveal";
import { useResult } from "./useResult";

const A_MINUTE_MS = 60_000;

let asked = 0;
const onSeen = vi.fn();

function Revealed() {
  return <Reveal result={useResult("job", "result")} onSeen={onSeen} />;
}

async function pass(milliseconds: number) {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}

async function meets(event: "load" | "error") {
  fireEvent[event](screen.getByRole("img"));
  await pass(1);
}

function told(): boolean {
  return screen.queryByText(/could not be loaded/) !== null;
}

beforeEach(async () => {
  vi.useFakeTimers();
  onSeen.mockReset();
  asked = 0;
  vi.stubGlobal("fetch", async () => {
    asked += 1;
    const preview = { url: `/preview?signature=${asked}`, width: 3, height: 2 };
    // No Response, which is read in real time: the clock of these tests is not.
    return { status: 200, headers: new Headers(), text: async () => JSON.stringify({ success: true, preview }) };
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Revealed />
    </QueryClientProvider>,
  );
  await pass(1);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("an address that leads nowhere is asked for anew once, and then it is told what to do", async () => {
  await meets("error");
  expect(asked).toBe(2);
  expect(told()).toBe(false);

  await meets("error");
  expect(asked).toBe(2);
  expect(told()).toBe(true);
});

test("it is tried again with the next address, which comes by itself", async () => {
  await meets("error");
  await meets("error");
  await pass(A_MINUTE_MS);
  expect(told()).toBe(false);
  await meets("load");
  const times = asked;

  await meets("error"); // much later: its address has grown old
  expect(asked).toBe(times + 1);
  expect(told()).toBe(false);
});

test("it is seen once it has loaded, and no longer when it can no longer be had", async () => {
  expect(onSeen).not.toHaveBeenCalled();
  await meets("load");
  expect(onSeen).toHaveBeenLastCalledWith(screen.getByRole("img"));
  await meets("error");
  expect(onSeen).toHaveBeenLastCalledWith(null);
});

test("an address that works stays, although newer ones come in", async () => {
  await meets("load");
  await pass(5 * A_MINUTE_MS);
  expect(asked).toBeGreaterThan(3);
  expect(screen.getByRole("img").getAttribute("src")).toBe("/preview?signature=1");
});

test("it says when it is tried again, and tries at once when it is told to", async () => {
  await meets("error");
  await meets("error");
  screen.getByText("It is tried again in 60 s.");
  await pass(20_000);
  screen.getByText("It is tried again in 40 s.");

  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  await pass(1);
  expect(asked).toBe(3);
  await meets("load");
  expect(told()).toBe(false);
});

test("a server that cannot be asked for another address is told of", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await meets("error");
  await pass(20_000);
  screen.getByText("Darkroom cannot be reached just now.");
});

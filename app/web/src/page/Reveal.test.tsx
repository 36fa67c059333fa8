/** The preview whose address leads nowhere, against a fake of the server that gives another address each time. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Reveal } from "./Reveal";
import { useResult } from "./useResult";

const FIVE_MINUTES_MS = 300_000;

let asked = 0;

function Revealed() {
  return <Reveal result={useResult("job", "result")} />;
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
  asked = 0;
  vi.stubGlobal("fetch", async () => {
    asked += 1;
    const preview = { url: `/preview?signature=${asked}`, width: 3, height: 2 };
    return new Response(JSON.stringify({ success: true, preview }));
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

test("it is tried again with the next address, which comes before five minutes are over", async () => {
  await meets("error");
  await meets("error");
  await pass(FIVE_MINUTES_MS);
  expect(told()).toBe(false);
  await meets("load");

  await meets("error"); // much later: its address has grown old
  expect(asked).toBe(4);
  expect(told()).toBe(false);
});

test("a server that cannot be asked for another address leaves it at the first one's failure", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await meets("error");
  await pass(20_000);
  expect(told()).toBe(true);
});

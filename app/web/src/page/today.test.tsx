/** What is drawn of a day, on a page that stays open over midnight. */

import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useToday, whenWas } from "./when";

const BEFORE = new Date(2026, 2, 28, 23, 59);

function Photo() {
  useToday();
  return <p>{whenWas(BEFORE.toISOString())}</p>;
}

beforeEach(() => void vi.useFakeTimers({ now: BEFORE }));
afterEach(() => void vi.useRealTimers());

test("the time of a photo gets its day at midnight", async () => {
  render(<Photo />);
  expect(screen.queryByText(/28/)).toBeNull();
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(screen.getByText(/28/)).not.toBeNull();
});

/** A moment in few words. */

import { expect, test } from "vitest";
import { whenWas } from "./when";

const NOW = new Date(2026, 10, 28, 15, 0);

test.each([
  ["today the time alone", new Date(2026, 10, 28, 9, 5), /^0?9:05/],
  ["on another day the day too", new Date(2026, 10, 27, 9, 5), /27.*9:05/],
  ["in another year the year too", new Date(2025, 10, 27, 9, 5), /2025.*9:05/],
])("it says %s", (_, then, told) => {
  expect(whenWas(then.toISOString(), NOW)).toMatch(told);
});

/** What an event changed, in words. */

import { expect, test } from "vitest";
import { fieldWords, valueWords } from "./changes";

test.each([
  ["errorCode", "WORKER_LOST", "why it failed", "workers were lost"],
  ["waitingFor", "GENERATION_PAUSED", "waits because", "image model paused"],
  ["status", "processing", "status", "in progress"],
  ["running", true, "a worker runs it", "yes"],
  ["running", false, "a worker runs it", "no"],
  ["progress", 30, "progress", "30 %"],
  ["originalSize", 73021, "size of the photo", "73021 bytes"],
  ["attemptsLeft", 2, "attempts left", "2"],
  ["retryAt", "2026-11-28T09:00:00.5Z", "next attempt after", "2026-11-28 09:00:00.500"],
  ["failedStage", null, "stage that failed", "nothing"],
  ["errorMessage", "Cancelled.", "what its owner is told", "Cancelled."],
  ["somethingNew", "as it is", "something new", "as it is"],
])("%s %s is told in words", (field, value, name, words) => {
  expect([fieldWords(field), valueWords(field, value)]).toEqual([name, words]);
});

/** Events, parts of the time and actors in words. */

import { expect, test } from "vitest";
import { event, span } from "./fixtures.test.fake";
import { actorWords, eventWords, spanWords } from "./words";

test.each([
  [event(3, "stage-advanced", { stage: "generating", progress: 30 }), "generating, 30 %"],
  [event(4, "failed", { stage: "generating", code: "NO_IMAGE_GENERATED" }), "failed at generating"],
  [event(4, "failed", { code: "CANCELLED" }), "cancelled"],
  [event(4, "attempt-failed", { stage: "storing" }), "attempt failed at storing"],
  [event(5, "polished"), "polished"],
])("an event is told in words", (given, words) => {
  expect(eventWords(given)).toBe(words);
});

test.each([
  [span("stage", 1, { stage: "storing" }), "storing"],
  [span("waiting", 1), "waits for a worker"],
  [span("backoff", 1, { code: "GENERATION_UNAVAILABLE" }), "backs off: image model away"],
])("a part of the time is told in words", (given, words) => {
  expect(spanWords(given)).toBe(words);
});

test.each([
  ["session:a886e65e94bbc507", "the owner", "owner"],
  ["worker:host:8000-2c6ba8", "worker host:8000-2c6ba8", "worker"],
  ["staff:agnes", "agnes", "staff"],
  ["operator:root", "operator root", "staff"],
  ["reconciler", "reconciler", "service"],
  [null, "unknown", "service"],
])("%s is called %s", (actor, who, kind) => {
  expect(actorWords(actor)).toEqual({ who, kind });
});

/** The text of a timeline for a ticket. */

import { expect, test } from "vitest";
import { FAILED, JOB, TIMELINE } from "../fixtures.test.fake";
import { asText } from "./asText";

test("it tells what happened, in an order and with the times of the log", () => {
  const text = asText(FAILED);
  expect(text).toContain(`Darkroom upload ${JOB}\nfailed, 30 %, 1 attempt\nSubmitted 2026-11-28 09:00:01 UTC`);
  expect(text).toContain("NO_IMAGE_GENERATED at generating: The image model answered without a picture.");
  expect(text).toContain("   1  2026-11-28 09:00:01.000  submitted, by the owner");
  expect(text).toContain("   4  2026-11-28 09:00:04.000  failed at generating NO_IMAGE_GENERATED, by worker host-76");
  expect(text).toMatch(/^ +1\.00 s {2}waits for a worker$/m);
});

test("it has nothing personal: no session, no name of a colleague, no reason", () => {
  const text = asText(TIMELINE);
  expect(text).toContain("retried, by staff");
  for (const secret of ["a886e65e94bbc507", "session", "agnes", "Mustermann", "4711"]) {
    expect(text).not.toContain(secret);
  }
});

test("no line of it is empty but those between its parts", () => {
  expect(asText({ ...TIMELINE, correlationId: null, status: null }).split("\n\n")).toHaveLength(3);
});

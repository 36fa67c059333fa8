/** A saved picture's name says which photo it was made of. */

import { expect, test } from "vitest";
import { saveName } from "./save";

const JOB = "0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11";

test.each([
  ["IMG_2041.HEIC", "IMG_2041 darkroom.jpg"],
  ["صورة.jpg", "صورة darkroom.jpg"],
  ["two.dots.png", "two.dots darkroom.jpg"],
  ['a/b:c*"d.jpg', "a_b_c__d darkroom.jpg"],
  [undefined, "darkroom 0f8f2c7e.jpg"],
  ["", "darkroom 0f8f2c7e.jpg"],
])("of %j it is %j", (name, saved) => {
  expect(saveName(name, JOB)).toBe(saved);
});

test("a name of any length stays one that a system can take", () => {
  expect(saveName(`${"x".repeat(300)}.jpg`, JOB).length).toBeLessThan(100);
});

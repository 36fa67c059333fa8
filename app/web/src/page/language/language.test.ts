/** Every language says everything, and the browser chooses. */

import { expect, test } from "vitest";
import { choose } from ".";
import { ar } from "./ar";
import { de } from "./de";
import { en } from "./en";

test.each([
  [["de-AT", "en"], "de", "de-AT-u-nu-latn", "ltr"],
  [["fr", "ar-EG", "en"], "ar", "ar-EG-u-nu-latn", "rtl"],
  [["fr-FR", "en-GB"], "en", "en-GB-u-nu-latn", "ltr"],
  [["de-!"], "de", "de", "ltr"],
  [["fr"], "en", "en-u-nu-latn", "ltr"],
  [[], "en", "en-u-nu-latn", "ltr"],
] as const)("of %j it chooses %s", (wished, lang, locale, dir) => {
  expect(choose(wished)).toMatchObject({ lang, locale, dir });
});

test("sizes and times have the digits of the sentences around them", () => {
  const { locale } = choose(["ar-EG"]);
  expect((20.5).toLocaleString(locale)).toMatch(/^20.5$/);
  expect(new Date(2026, 10, 28, 18, 38).toLocaleTimeString(locale, { timeStyle: "short" })).toContain("6:38");
});

/** Every sentence, with its path; functions as what they make of 1, 2 and 7. */
function sentences(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") {
    return [[path, value]];
  }
  if (typeof value === "function") {
    const length = (count: number) => ({ count, unit: "minute", toString: () => `${count}` });
    return [1, 2, 7].map((count) => [`${path}(${count})`, value(length(count), length(count + 1), "x")]);
  }
  return Object.entries(value as object).flatMap(([key, part]) => sentences(part, `${path}.${key}`));
}

test.each([
  ["German", de],
  ["Arabic", ar],
])("in %s nothing is empty, undefined or left in English", (_, language) => {
  const english = new Map(sentences(en));
  const said = sentences(language);
  expect(said.filter(([, text]) => /undefined|NaN|\[object/.test(text) || text.trim() === "")).toEqual([]);
  const same = said.filter(([path, text]) => english.get(path) === text && /[a-z]{4}/i.test(text));
  expect(same.map(([path]) => path)).toEqual([]);
  expect(said.filter(([, text]) => text.includes("function"))).toEqual([]);
});

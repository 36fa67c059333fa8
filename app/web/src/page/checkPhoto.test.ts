// @vitest-environment node - whose files can be read, unlike jsdom's
/** What is wrong with a file is found in the file, not in what it says of itself. */

import { expect, test } from "vitest";
import { megabytes, wrongWith } from "./checkPhoto";

const MAX = 100;
const JPEG = [0xff, 0xd8, 0xff, 0xe0, ...Array(20).fill(0)];
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...Array(20).fill(0)];
const WEBP = [..."RIFF....WEBPVP8 "].map((letter) => letter.charCodeAt(0));

const iso = (brands: string) => [0, 0, 0, 24, ...[...`ftyp${brands}`].map((letter) => letter.charCodeAt(0))];

function file(bytes: number[], type = ""): File {
  return new File([new Uint8Array(bytes)], "photo.jpg", { type });
}

test.each([
  ["a JPEG", JPEG],
  ["a PNG", PNG],
  ["a WebP", WEBP],
  ["a HEIC", iso("heic....mif1heic")],
  ["a HEIC of a general brand", iso("mif1....mif1heic")],
  ["an AVIF", iso("avif....avifmif1")],
])("nothing is wrong with %s", async (_, bytes) => {
  expect(await wrongWith(file(bytes), MAX)).toBeNull();
});

test("a text that calls itself a JPEG is none", async () => {
  const text = [..."hello"].map((letter) => letter.charCodeAt(0));
  expect(await wrongWith(file(text, "image/jpeg"), MAX)).toMatch(
    /^This file is not a JPEG, PNG, WebP, HEIC or AVIF photo\./,
  );
});

test("a video is none, although it is an ISO media file", async () => {
  expect(await wrongWith(file(iso("isom....isommp42")), MAX)).toMatch(/^This file is not a JPEG/);
});

test("an empty file is said to be empty", async () => {
  expect(await wrongWith(file([]), MAX)).toMatch(/^This file is empty\./);
});

test("a photo of the very limit is taken, and one byte more is not", async () => {
  const photo = (size: number) => file([...JPEG, ...Array(size - JPEG.length).fill(0)]);
  expect(await wrongWith(photo(MAX), MAX)).toBeNull();
  expect(await wrongWith(photo(MAX + 1), MAX)).toMatch(/is the most\. Please choose a smaller one\.$/);
});

test.each([
  [20 * 2 ** 20, "20 MB"],
  [1.26 * 2 ** 20, "1.3 MB"],
])("%i bytes are %s", (bytes, words) => {
  expect(megabytes(bytes)).toBe(words);
});

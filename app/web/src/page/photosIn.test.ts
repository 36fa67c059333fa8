/** Photos in folders, against fakes of the browser's entries. */

import { expect, test } from "vitest";
import { MOST, photosIn } from "./photosIn";

function file(name: string) {
  return { isDirectory: false, name, file: (done: (file: File) => void) => done(new File(["x"], name)) };
}

/** Gives its entries in two parts, as browsers do. */
function folder(name: string, ...entries: object[]) {
  const half = Math.ceil(entries.length / 2);
  const parts = [entries.slice(0, half), entries.slice(half), []].filter((part, at) => part.length > 0 || at === 2);
  return {
    isDirectory: true,
    name,
    createReader: () => ({ readEntries: (done: (entries: object[]) => void) => done(parts.shift() ?? []) }),
  };
}

function transfer(...entries: { name: string; isDirectory: boolean }[]): DataTransfer {
  const items = entries.map((entry) => ({
    kind: "file",
    webkitGetAsEntry: () => entry,
    getAsFile: () => (entry.isDirectory ? null : new File(["x"], entry.name)),
  }));
  const files = entries.map(({ name }) => new File(["x"], name));
  return { items, files } as unknown as DataTransfer;
}

async function names(...entries: { name: string; isDirectory: boolean }[]) {
  return (await photosIn(transfer(...entries))).photos.map(({ name }) => name);
}

async function refused(...entries: { name: string; isDirectory: boolean }[]) {
  return (await photosIn(transfer(...entries))).refused;
}

test("files are taken as they are, whatever they are", async () => {
  expect(await names(file("one.jpg"), file("two.txt"))).toEqual(["one.jpg", "two.txt"]);
});

test("of a folder its photos are taken, however deep they lie, and nothing else", async () => {
  const deep = folder("deep", file("three.HEIC"), file("notes.txt"));
  const holiday = folder("holiday", file("one.jpg"), file(".DS_Store"), file("two.png"), deep);
  expect(await names(holiday, file("four.jpg"))).toEqual(["one.jpg", "two.png", "three.HEIC", "four.jpg"]);
});

test("a folder without a photo is told of", async () => {
  const wrong = "There is no photo in this folder.";
  expect(await refused(folder("work", file("notes.txt")))).toEqual([{ name: "work", wrong }]);
  expect(await refused(file("one.jpg"), folder("holiday", file("two.jpg")))).toEqual([]);
});

test("of a folder with too many photos the first ones are taken, and it is told", async () => {
  const most = Array.from({ length: MOST }, (_, number) => file(`${number}.jpg`));
  expect(await names(folder("all", ...most, file("one more.jpg")))).toHaveLength(MOST);
  const wrong = "Only 500 photos are taken at a time. Drop the rest of this folder afterwards.";
  expect(await refused(folder("all", ...most, file("one more.jpg")))).toEqual([{ name: "all", wrong }]);
  expect(await refused(folder("all", ...most, file("notes.txt")))).toEqual([]);
});

test("a photo in a folder that cannot be read is told of, and costs no other", async () => {
  const gone = { ...file("gone.jpg"), file: (_: unknown, fail: () => void) => fail() };
  expect(await names(folder("holiday", gone, file("one.jpg")))).toEqual(["one.jpg"]);
  expect(await refused(folder("holiday", gone, file("one.jpg")))).toMatchObject([{ name: "gone.jpg" }]);
});

test("what carries no file gives none", async () => {
  expect(await photosIn(null)).toEqual({ photos: [], refused: [] });
});

/** The photos that are dropped or pasted: files, and what lies in folders, however deep. */

import { say } from "./language";
import type { Refused } from "./sending/outbox";

export interface Found {
  photos: File[];
  /** Folders without a photo or with too many, and photos in them that cannot be read. */
  refused: Refused[];
}

const ENDING = /\.(jpe?g|png|webp|heic|heif|avif)$/i;
/** A folder may be a whole disk. */
export const MOST = 500;

export async function photosIn(transfer: DataTransfer | null): Promise<Found> {
  // All entries at once: after the event the browser gives none.
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === "file");
  const given = items.map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
  const found: Found = { photos: [], refused: [] };
  if (!given.some(({ entry }) => entry?.isDirectory)) {
    return { ...found, photos: [...(transfer?.files ?? [])] };
  }
  for (const { entry, file } of given) {
    if (entry?.isDirectory) {
      await collectAll(entry as FileSystemDirectoryEntry, found);
    } else if (file) {
      found.photos.push(file);
    }
  }
  return found;
}

async function collectAll(folder: FileSystemDirectoryEntry, found: Found): Promise<void> {
  const before = found.photos.length + found.refused.length;
  const isWhole = await collect(folder, found);
  if (!isWhole) {
    found.refused.push({ name: folder.name, wrong: say.folderTooLarge(MOST) });
  } else if (found.photos.length + found.refused.length === before) {
    found.refused.push({ name: folder.name, wrong: say.folderEmpty });
  }
}

/** Of a folder the photos alone: the person did not choose what else a system keeps there. Whether it has all of them. */
async function collect(folder: FileSystemDirectoryEntry, found: Found): Promise<boolean> {
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory) {
      if (!(await collect(entry as FileSystemDirectoryEntry, found))) {
        return false;
      }
    } else if (ENDING.test(entry.name)) {
      if (found.photos.length >= MOST) {
        return false;
      }
      await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)).then(
        (photo) => found.photos.push(photo),
        () => found.refused.push({ name: entry.name, wrong: say.notReadable }),
      );
    }
  }
  return true;
}

/** A browser gives a part of them at a time, and none at the end. A folder that cannot be read has none. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (part.length === 0) {
      return entries;
    }
    entries.push(...part);
  }
}

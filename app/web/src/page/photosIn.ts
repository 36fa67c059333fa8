/** The photos that are dropped or pasted: files, and what lies in folders, however deep. */

const ENDING = /\.(jpe?g|png|webp|heic|heif|avif)$/i;
/** A folder may be a whole disk. */
const MOST = 500;

export async function photosIn(transfer: DataTransfer | null): Promise<File[]> {
  // All entries at once: after the event the browser gives none.
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === "file");
  const given = items.map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
  if (!given.some(({ entry }) => entry?.isDirectory)) {
    return [...(transfer?.files ?? [])];
  }
  const found: File[] = [];
  for (const { entry, file } of given) {
    if (entry?.isDirectory) {
      await collect(entry as FileSystemDirectoryEntry, found);
    } else if (file) {
      found.push(file);
    }
  }
  return found;
}

/** Of a folder the photos alone: the person did not choose what else a system keeps there. */
async function collect(folder: FileSystemDirectoryEntry, found: File[]): Promise<void> {
  const reader = folder.createReader();
  for (let entries = await read(reader); entries.length > 0; entries = await read(reader)) {
    for (const entry of entries) {
      if (found.length >= MOST) {
        return;
      }
      if (entry.isDirectory) {
        await collect(entry as FileSystemDirectoryEntry, found);
      } else if (ENDING.test(entry.name)) {
        found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      }
    }
  }
}

/** A part of them at a time; none at the end. */
function read(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/**
 * Photos that were chosen and are not sent yet, kept in IndexedDB: a page that is closed too early can offer them again.
 * Where a browser has none, or no room in it, nothing is kept, and nothing here fails. Photos of a tab that is still
 * open are that tab's own: it holds a lock for as long as it has any.
 */

export interface KeptPhoto {
  /** Makes a photo that is sent again the same upload. */
  key: string;
  photo: Blob;
  name: string;
  /** Of the tab that was to send it. */
  tab: string;
}

const PHOTOS = "photos";
/** The session with which each photo was sent first. */
const TRIED = "tried";
/** The same of the photos that this page has: where nothing is kept, it is remembered as long as the page is open. */
const tried = new Map<string, string | null>();

/** Whether it is kept. */
export async function keepPhoto(photo: KeptPhoto): Promise<boolean> {
  return (await inStore(PHOTOS, "readwrite", (store) => store.put(photo, photo.key))) !== undefined;
}

export async function dropPhoto(key: string): Promise<void> {
  tried.delete(key);
  await inStore(PHOTOS, "readwrite", (store) => store.delete(key));
  await inStore(TRIED, "readwrite", (store) => store.delete(key));
}

export function noteTried(key: string, session: string | null): void {
  tried.set(key, session);
  void inStore(TRIED, "readwrite", (store) => store.put({ session }, key));
}

/** The session of the first attempt; undefined, if there was none. */
export function triedWith(key: string): string | null | undefined {
  return tried.get(key);
}

/** What tabs that were closed have left. */
export async function leftPhotos(): Promise<KeptPhoto[]> {
  const tabs = [...new Set((await keptPhotos()).map(({ tab }) => tab))];
  const open = new Set(await Promise.all(tabs.map(async (tab) => ((await isClosed(tab)) ? null : tab))));
  // Read again: a tab that was closed while we waited may have sent its photos before.
  const left = (await keptPhotos()).filter(({ tab }) => tabs.includes(tab) && !open.has(tab));
  for (const { key } of left) {
    const noted = await inStore<{ session: string | null }>(TRIED, "readonly", (store) => store.get(key));
    if (noted && (noted.session === null || typeof noted.session === "string")) {
      tried.set(key, noted.session);
    }
  }
  return left;
}

async function keptPhotos(): Promise<KeptPhoto[]> {
  return ((await inStore<unknown[]>(PHOTOS, "readonly", (store) => store.getAll())) ?? []).filter(isWhole);
}

/** Another version of this page may have written it. */
function isWhole(kept: unknown): kept is KeptPhoto {
  const { key, photo, name, tab } = (kept ?? {}) as Partial<KeptPhoto>;
  return [key, name, tab].every((text) => typeof text === "string") && photo instanceof Blob;
}

const LOCK = "darkroom.tab.";
const CLOSING_MS = 2000;

/** Hold this tab's photos against other tabs, until the returned function is called. */
export function holdTab(tab: string): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  navigator.locks?.request(LOCK + tab, () => held).catch(() => {});
  return release;
}

/** A page that was just reloaded may still have its lock for a moment. */
async function isClosed(tab: string): Promise<boolean> {
  const signal = AbortSignal.timeout(CLOSING_MS);
  try {
    await navigator.locks?.request(LOCK + tab, { mode: "shared", signal }, () => {});
    return true;
  } catch {
    return !signal.aborted; // where locks are refused, none is held
  }
}

/** The answer of a request; nothing, where the browser refuses. */
async function inStore<Answer>(
  name: string,
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest,
): Promise<Answer | undefined> {
  try {
    const transaction = (await opened()).transaction(name, mode);
    const asked = request(transaction.objectStore(name));
    transaction.commit();
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
    return asked.result as Answer;
  } catch {
    return undefined;
  }
}

let database: Promise<IDBDatabase> | undefined;

/** The database, opened once: a photo is handed over in the moment in which it is chosen, however soon the page goes. */
function opened(): Promise<IDBDatabase> {
  database ??= open();
  database.catch(forget);
  return database;
}

/** Of whatever version it is: a newer page may have been here before. A store that is not there is made. */
function open(version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("darkroom", version);
    request.onupgradeneeded = () => {
      for (const name of missingIn(request.result)) {
        request.result.createObjectStore(name);
      }
    };
    request.onsuccess = () => {
      const { result } = request;
      if (missingIn(result).length > 0) {
        result.close();
        resolve(open(result.version + 1));
        return;
      }
      result.onclose = forget;
      result.onversionchange = () => {
        result.close(); // a newer page waits for it
        forget();
      };
      resolve(result);
    };
    request.onerror = () => reject(request.error);
  });
}

function missingIn(opened: IDBDatabase): string[] {
  return [PHOTOS, TRIED].filter((name) => !opened.objectStoreNames.contains(name));
}

function forget(): void {
  database = undefined;
}

/**
 * The recent uploads of this browser, newest first: a list in local storage, the same in every tab.
 * What is kept of each is its id, its file's name and a small copy of the photo for this list alone, and how it ended.
 *
 * An upload that leaves the list keeps its session (status/sessions.ts): the photo is on the server all the same, and
 * the token is the only way to see it or to delete it. A session goes when the server has erased its upload.
 */

import { useSyncExternalStore } from "react";
import { forgetSession, keepSession, sessionOf } from "../status/sessions";
import type { JobStatus } from "../status/useStatus";
import { checkStorage, loaded, remove, store } from "./storage";
import { isCancelled } from "./words";

const ENDINGS = ["completed", "failed", "cancelled", "expired", "gone"] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Upload {
  jobId: string;
  submittedAt: string;
  /** A data URL, or nothing where the browser could not make one. */
  thumbnail: string | null;
  /** Of the photo: its width by its height. */
  ratio?: number;
  /** What was made of it, once it was seen: a data URL. */
  made?: string;
  /** Of the file, where it had one; it never leaves this browser. */
  name?: string;
  /** Photos that were chosen together have the same. */
  batch?: string;
  /** Not there while it is under way. What is gone is not to be found any more, or not by this browser. */
  ending?: Ending;
  /** The person took it off the list. */
  isHidden?: true;
}

const KEY = "darkroom.uploads";
/** Ended uploads beyond these leave the list. One that is under way never does. */
const MOST_ENDED = 60;
const listeners = new Set<() => void>();
const endingListeners = new Set<(upload: Upload, ending: Ending) => void>();
let held: readonly Upload[] | null = null;
/** What is held is what the storage has. */
let isKept = true;

export function recentUploads(): readonly Upload[] {
  held ??= read();
  return held;
}

export function useRecentUploads(): readonly Upload[] {
  return useSyncExternalStore(subscribe, recentUploads);
}

/** The session that the next upload joins. */
export function latestSession(): string | null {
  return (
    recentUploads()
      .map(({ jobId }) => sessionOf(jobId))
      .find((token) => token !== null) ?? null
  );
}

/** List an upload and keep its session, which comes first where there is little room. */
export function addUpload(upload: Upload, token: string): void {
  if (!keepSession(upload.jobId, token)) {
    write(newest().map(withoutThumbnail));
    keepSession(upload.jobId, token);
  }
  write([upload, ...newest().filter(({ jobId }) => jobId !== upload.jobId)]);
  checkStorage();
}

/** How a job has ended, as far as this browser can know. */
export function endingOf(job: JobStatus): Ending | undefined {
  if (job.error?.isFinal || (job.status === null && !job.isLoading)) {
    return "gone";
  }
  if (job.isFailed) {
    return isCancelled(job) ? "cancelled" : "failed";
  }
  if (job.isComplete) {
    return job.data?.expired ? "expired" : "completed";
  }
  return undefined;
}

/** Note how an upload ended, or that it goes on. */
export function noteEnding(jobId: string, ending: Ending | undefined): void {
  const upload = recentUploads().find((recent) => recent.jobId === jobId);
  if (upload && ending && upload.ending === undefined) {
    for (const told of endingListeners) {
      told(upload, ending);
    }
  }
  change(jobId, ({ ending: was, ...upload }) => (ending ? { ...upload, ending } : upload));
}

/** Call back whenever an upload of this browser ends. */
export function onEnding(told: (upload: Upload, ending: Ending) => void): void {
  endingListeners.add(told);
}

/** Show what was made in place of the photo. */
export function noteMade(jobId: string, made: string): void {
  change(jobId, (upload) => ({ ...upload, made }));
}

/** Take it off the list. Its session stays. */
export function hideUpload(jobId: string): void {
  change(jobId, (upload) => ({ ...upload, isHidden: true }));
}

/** Put it on the list again. */
export function showUpload(jobId: string): void {
  change(jobId, ({ isHidden: _, ...upload }) => upload);
}

/** The server has erased it: neither its frame nor its session is of any use. */
export function removeUpload(jobId: string): void {
  forgetSession(jobId);
  write(newest().filter((upload) => upload.jobId !== jobId));
}

/** Empty the list, and leave every session where it is. */
export function emptyList(): void {
  remove(KEY);
  held = null;
}

function change(jobId: string, changed: (upload: Upload) => Upload): void {
  const uploads = newest();
  const after = uploads.map((upload) => (upload.jobId === jobId ? changed(upload) : upload));
  if (JSON.stringify(after) !== JSON.stringify(uploads)) {
    write(after);
  }
}

/** As the storage has it now: another tab may have written since. */
function newest(): readonly Upload[] {
  return isKept ? read() : recentUploads();
}

function withoutThumbnail({ made: _, ...upload }: Upload): Upload {
  return { ...upload, thumbnail: null };
}

function read(): readonly Upload[] {
  let stored: unknown;
  try {
    stored = JSON.parse(loaded(KEY) ?? "[]");
  } catch {
    return [];
  }
  const uploads = Array.isArray(stored) ? stored.map(checked).filter((upload) => upload !== null) : [];
  return uploads.filter(({ jobId }, index) => uploads.findIndex((other) => other.jobId === jobId) === index);
}

/** What is right of an entry; nothing, if it is none. Another version of this page may have written it, or no page. */
function checked(value: unknown): Upload | null {
  const { jobId, submittedAt, thumbnail, ratio, made, name, batch, ending, isHidden } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof jobId !== "string" || jobId === "" || typeof submittedAt !== "string" || !Date.parse(submittedAt)) {
    return null;
  }
  return {
    jobId,
    submittedAt,
    thumbnail: isPicture(thumbnail) ? thumbnail : null,
    ...(typeof ratio === "number" && ratio > 0 && { ratio }),
    ...(isPicture(made) && { made }),
    ...(typeof name === "string" && { name }),
    ...(typeof batch === "string" && { batch }),
    ...(ENDINGS.includes(ending as Ending) && { ending: ending as Ending }),
    ...(isHidden === true && { isHidden }),
  };
}

function isPicture(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("data:image/");
}

function write(uploads: readonly Upload[]): void {
  let ended = 0;
  held = uploads.filter(({ ending }) => ending === undefined || ++ended <= MOST_ENDED);
  isKept = keep(held);
  for (const changed of listeners) {
    changed();
  }
}

/** Whether the list is kept. Where there is little room the oldest do without their pictures. */
function keep(uploads: readonly Upload[]): boolean {
  for (let pictures = uploads.length; ; pictures = Math.floor(pictures / 2)) {
    const part = uploads.map((upload, index) => (index < pictures ? upload : withoutThumbnail(upload)));
    if (store(KEY, JSON.stringify(part))) {
      return true;
    }
    if (pictures === 0) {
      checkStorage();
      return false;
    }
  }
}

function subscribe(changed: () => void): () => void {
  const changedElsewhere = ({ key }: StorageEvent) => {
    if (key === KEY || key === null) {
      held = null;
      isKept = true;
      changed();
    }
  };
  listeners.add(changed);
  addEventListener("storage", changedElsewhere);
  return () => {
    listeners.delete(changed);
    removeEventListener("storage", changedElsewhere);
  };
}

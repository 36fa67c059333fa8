/**
 * The recent uploads of this browser, newest first: a short list in local storage, the same in every tab.
 * What is kept of each is its id, a small copy of the photo for this list alone, and how it ended.
 */

import { useSyncExternalStore } from "react";
import { forgetSession, sessionOf } from "../status/sessions";
import type { JobStatus } from "../status/useStatus";

export interface Upload {
  jobId: string;
  submittedAt: string;
  /** A data URL, or nothing where the browser could not make one. */
  thumbnail: string | null;
  /** Not there while it is under way. What is gone is not to be found any more, or not by this browser. */
  ending?: "completed" | "failed" | "gone";
}

const KEY = "darkroom.uploads";
const MOST = 12;
const listeners = new Set<() => void>();
let held: readonly Upload[] | null = null;

export function recentUploads(): readonly Upload[] {
  held ??= read();
  return held;
}

export function useRecentUploads(): readonly Upload[] {
  return useSyncExternalStore(subscribe, recentUploads);
}

/** The session that the next upload joins. */
export function latestSession(): string | null {
  const [latest] = recentUploads();
  return latest ? sessionOf(latest.jobId) : null;
}

export function addUpload(upload: Upload): void {
  const uploads = [upload, ...recentUploads().filter(({ jobId }) => jobId !== upload.jobId)];
  for (const { jobId } of uploads.slice(MOST)) {
    forgetSession(jobId);
  }
  write(uploads.slice(0, MOST));
}

/** How a job has ended, as far as this browser can know. */
export function endingOf(job: JobStatus): Upload["ending"] {
  if (job.error?.isFinal || (job.status === null && !job.isLoading)) {
    return "gone";
  }
  return job.isComplete ? "completed" : job.isFailed ? "failed" : undefined;
}

/** Note how an upload ended, or that it goes on. */
export function noteEnding(jobId: string, ending: Upload["ending"]): void {
  const uploads = recentUploads();
  if (uploads.some((upload) => upload.jobId === jobId && upload.ending !== ending)) {
    write(uploads.map((upload) => (upload.jobId === jobId ? withEnding(upload, ending) : upload)));
  }
}

export function forgetUpload(jobId: string): void {
  forgetSession(jobId);
  write(recentUploads().filter((upload) => upload.jobId !== jobId));
}

function withEnding({ ending: _, ...upload }: Upload, ending: Upload["ending"]): Upload {
  return ending ? { ...upload, ending } : upload;
}

function read(): readonly Upload[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored : [];
  } catch {
    return [];
  }
}

function write(uploads: readonly Upload[]): void {
  held = uploads;
  try {
    localStorage.setItem(KEY, JSON.stringify(uploads));
  } catch {
    // Full or forbidden: this page still knows it.
  }
  for (const changed of listeners) {
    changed();
  }
}

function subscribe(changed: () => void): () => void {
  const changedElsewhere = ({ key }: StorageEvent) => {
    if (key === KEY || key === null) {
      held = null;
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

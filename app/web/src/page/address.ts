/** Which job the page shows: the fragment of its address, so that reload, back and bookmarks do what they should. */

import { useSyncExternalStore } from "react";

/** The address of the page without a job. */
export const START = "#";

export function jobAddress(jobId: string): string {
  return `#${jobId}`;
}

export function openJobId(): string | null {
  return location.hash.slice(1) || null;
}

export function openJob(jobId: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", jobAddress(jobId));
  } else {
    location.hash = jobId;
  }
}

export function useOpenJobId(): string | null {
  return useSyncExternalStore(subscribe, openJobId);
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

/**
 * Which job the page shows: the fragment of its address, so that reload, back and bookmarks do what they should.
 * `hashchange` tells of what a person opened, and of nothing else.
 */

import { useSyncExternalStore } from "react";

/** The address of the page without a job. */
export const START = "#";

const listeners = new Set<() => void>();

export function jobAddress(jobId: string): string {
  return `#${jobId}`;
}

export function openJobId(): string | null {
  return location.hash.slice(1) || null;
}

/** Open it without a person's doing. */
export function openJob(jobId: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", jobAddress(jobId));
  } else {
    history.pushState(null, "", jobAddress(jobId));
  }
  for (const changed of listeners) {
    changed();
  }
}

export function useOpenJobId(): string | null {
  return useSyncExternalStore(subscribe, openJobId);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  addEventListener("hashchange", changed);
  return () => {
    listeners.delete(changed);
    removeEventListener("hashchange", changed);
  };
}

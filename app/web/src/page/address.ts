/**
 * What the page shows: the fragment of its address, so that reload, back and bookmarks do what they should. A job's id,
 * photos that were chosen together, or nothing: the start. `hashchange` tells of what a person opened, and of nothing else.
 */

import { useSyncExternalStore } from "react";

/** The address of the page without a job. */
export const START = "#";
const PHOTOS = "#photos.";

const listeners = new Set<() => void>();

export function jobAddress(jobId: string): string {
  return `#${jobId}`;
}

/** Of photos that were chosen together. */
export function batchAddress(batch: string): string {
  return PHOTOS + batch;
}

export function openAddress(): string {
  return location.hash || START;
}

export function jobIdOf(address: string): string | null {
  return address === START || batchOf(address) !== null ? null : address.slice(1);
}

export function batchOf(address: string): string | null {
  return address.startsWith(PHOTOS) ? address.slice(PHOTOS.length) : null;
}

/** Open it without a person's doing. */
export function show(address: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", address);
  } else if (openAddress() !== address) {
    history.pushState(null, "", address);
  }
  for (const changed of listeners) {
    changed();
  }
}

export function useOpenAddress(): string {
  return useSyncExternalStore(subscribe, openAddress);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  addEventListener("hashchange", changed);
  return () => {
    listeners.delete(changed);
    removeEventListener("hashchange", changed);
  };
}

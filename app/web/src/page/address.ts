/**
 * What the page shows: the fragment of its address, so that reload, back and bookmarks do what they should. A job's id,
 * the photo that is being sent, or nothing: the start. `hashchange` tells of what a person opened, and of nothing else.
 */

import { useSyncExternalStore } from "react";

/** The address of the page without a job. */
export const START = "#";
/** The address of the photo on its way to the server, which has no job yet. */
export const SENDING = "#sending";

const listeners = new Set<() => void>();

export function jobAddress(jobId: string): string {
  return `#${jobId}`;
}

export function openAddress(): string {
  return location.hash || START;
}

export function openJobId(): string | null {
  return jobIdOf(openAddress());
}

export function jobIdOf(address: string): string | null {
  return address === START || address === SENDING ? null : address.slice(1);
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

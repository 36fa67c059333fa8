/** The browser's local storage, which may be full or forbidden: whether it keeps what it is given, and who is told. */

import { useSyncExternalStore } from "react";

export type StorageTrouble = "full" | "forbidden";

const PROBE = "darkroom.probe";
/** More than a session takes: where this fits, a session fits. */
const PROBE_VALUE = "x".repeat(512);
const listeners = new Set<() => void>();
let trouble: StorageTrouble | null = null;

/** Whether it is kept. */
export function store(key: string, value: string): boolean {
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

export function loaded(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remove(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Then it was not there either.
  }
}

/** Look whether anything can be kept: when the page begins, and when something was not kept. */
export function checkStorage(): void {
  const now = attempt();
  if (now !== trouble) {
    trouble = now;
    for (const changed of listeners) {
      changed();
    }
  }
}

export function useStorageTrouble(): StorageTrouble | null {
  return useSyncExternalStore(subscribe, () => trouble);
}

function attempt(): StorageTrouble | null {
  try {
    localStorage.setItem(PROBE, PROBE_VALUE);
    localStorage.removeItem(PROBE);
    return null;
  } catch (error) {
    return error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "forbidden";
  }
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

/**
 * Single keys, for hands that stay on the keyboard. None acts while a person types or a dialog is open, and all of them
 * can be switched off: a person who speaks to the computer would press them by chance.
 */

import { useEffect, useRef, useSyncExternalStore } from "react";

export const KEYS: [key: string, what: string][] = [
  ["/", "to the search"],
  ["j", "next upload in the list"],
  ["k", "upload before"],
  ["Enter", "open it"],
  ["u", "back to the search"],
  ["[", "as it was: one event earlier"],
  ["]", "as it was: one event later"],
  ["?", "these keys"],
];

const OFF = "darkroom.support.keys-off";
const listeners = new Set<() => void>();

export function areKeysOn(): boolean {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true;
  }
}

export function switchKeys(isOn: boolean): void {
  try {
    if (isOn) {
      localStorage.removeItem(OFF);
    } else {
      localStorage.setItem(OFF, "1");
    }
  } catch {
    // A browser that keeps nothing has its keys on.
  }
  for (const changed of listeners) {
    changed();
  }
}

export function useAreKeysOn(): boolean {
  return useSyncExternalStore((changed) => {
    listeners.add(changed);
    return () => listeners.delete(changed);
  }, areKeysOn);
}

export function useKeys(actions: Record<string, () => void>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = latest.current[event.key];
      if (action && areKeysOn() && isFree(event)) {
        event.preventDefault();
        action();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

function isFree(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  const isTyped =
    target?.closest?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select") != null;
  const isInDialog = document.querySelector("dialog[open]") !== null;
  return !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented && !isTyped && !isInDialog;
}

/** A moment in few words: the time where it was today, else the day too. */

import { useSyncExternalStore } from "react";
import { locale } from "./language";

const LOOK_MS = 10_000;

/** The day, for what is drawn of one: a page may be open over midnight. */
export function useToday(): string {
  return useSyncExternalStore(lookNowAndThen, () => new Date().toDateString());
}

function lookNowAndThen(changed: () => void): () => void {
  const timer = setInterval(changed, LOOK_MS);
  return () => clearInterval(timer);
}

export function whenWas(moment: string, now = new Date()): string {
  const then = new Date(moment);
  const time = { hour: "numeric", minute: "2-digit" } as const;
  if (then.toDateString() === now.toDateString()) {
    return then.toLocaleTimeString(locale, time);
  }
  const year = then.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return then.toLocaleString(locale, { day: "numeric", month: "short", ...year, ...time });
}

/** A moment in few words: the time where it was today, else the day too. */

import { locale } from "./language";

export function whenWas(moment: string, now = new Date()): string {
  const then = new Date(moment);
  const time = { hour: "numeric", minute: "2-digit" } as const;
  if (then.toDateString() === now.toDateString()) {
    return then.toLocaleTimeString(locale, time);
  }
  const year = then.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return then.toLocaleString(locale, { day: "numeric", month: "short", ...year, ...time });
}

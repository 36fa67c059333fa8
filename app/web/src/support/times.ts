/** Times and durations, as people who help read them: in UTC like the log, and in a unit that fits. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 2026-11-28 09:00:00 */
export function moment(time: string): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** 09:00:00.123, as a time of day in a list whose day is told elsewhere. */
export function clock(time: string): string {
  return new Date(time).toISOString().slice(11, 23);
}

export function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Exact where it is short: 0.037 s, 12.3 s, 4 min 05 s, 2 h 10 min, 3 d 04 h. */
export function duration(seconds: number): string {
  if (seconds < 10) {
    return `${seconds.toFixed(seconds < 1 ? 3 : 2)} s`;
  }
  if (seconds < MINUTE) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.floor(seconds);
  if (whole < HOUR) {
    return `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s`;
  }
  if (whole < DAY) {
    return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} min`;
  }
  return `${Math.floor(whole / DAY)} d ${two(Math.floor((whole % DAY) / HOUR))} h`;
}

/** How long ago, in one unit: just now, 5 min, 3 h, 12 d. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 10) {
    return "just now";
  }
  const [size, unit] =
    seconds < MINUTE ? [1, "s"] : seconds < HOUR ? [MINUTE, "min"] : seconds < DAY ? [HOUR, "h"] : [DAY, "d"];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/**
 * An answer that the server holds until the job moves: `Prefer: wait` of RFC 7240, the long poll.
 *
 * A browser opens few connections to one server, over all of its tabs. So few answers are held at a time, none for a
 * hidden tab, and none by a network that has gone.
 */

const SECONDS = 20;
const MOST = 2;
/** Until the answer has come through a slow network too. */
export const LONGEST_HOLD_MS = (SECONDS + 5) * 1000;
/** Unchanged sooner than this, an answer was not held: something in between answers for the server, or hurries it. */
const SOON_MS = (SECONDS * 1000) / 2;
/** What breaks later than this broke while it was held. */
const BREAK_MS = 1000;

let taken = 0;

export class Hold {
  readonly headers = { Prefer: `wait=${SECONDS}` };
  isLetGo = false;
  readonly #began = Date.now();

  constructor(private readonly abort: () => void) {
    taken += 1;
    addEventListener("visibilitychange", this.#letGoIfHidden);
    addEventListener("offline", this.#letGo);
  }

  end(): void {
    taken -= 1;
    removeEventListener("visibilitychange", this.#letGoIfHidden);
    removeEventListener("offline", this.#letGo);
  }

  /** Whether an answer that is no news was held. */
  get isLong(): boolean {
    return Date.now() - this.#began >= SOON_MS;
  }

  /** Whether a request that breaks now was held before. */
  get isCut(): boolean {
    return Date.now() - this.#began >= BREAK_MS;
  }

  readonly #letGo = () => {
    this.isLetGo = true;
    this.abort();
  };

  readonly #letGoIfHidden = () => {
    if (document.visibilityState === "hidden") {
      this.#letGo();
    }
  };
}

export function hold(abort: () => void): Hold | null {
  const isSeen = typeof document !== "undefined" && document.visibilityState !== "hidden";
  return isSeen && taken < MOST ? new Hold(abort) : null;
}

/** Whether the server says that it would have waited, or has. */
export function isApplied(response: Response): boolean {
  return /(^|[,;\s])wait\b/i.test(response.headers.get("Preference-Applied") ?? "");
}

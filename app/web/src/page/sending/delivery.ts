/**
 * One photo's way to the server: it is sent until it is taken in, or refused for good.
 *
 *     sending ──taken──> an upload
 *       │  ▲  └─────────> ApiError: refused for good; StoppedError: given up; UnreadableError: the file has gone
 *       └──┘ a passing trouble is waited out, for longer each time
 *
 * However often a photo is sent, its key makes it one upload, as long as its session is the same.
 */

import type { SubmissionBody } from "../../status/schema";
import { ApiError, StoppedError, submit } from "../api";
import { latestSession } from "../uploads";
import { problem } from "../words";
import { noteTried, triedWith } from "./keptPhotos";

/** How far it is. */
export interface Way {
  /** Of the photo's bytes, from 0 to 1. */
  readonly share: number;
  /** How often it was begun before, in vain. */
  readonly failures: number;
  /** The trouble that is waited out. */
  readonly reason: string | null;
  /** When it is sent again by itself, in milliseconds since 1970. */
  readonly retryAt: number | null;
}

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

/** The file was changed or deleted after it was chosen: no browser sends it then. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

export class Delivery {
  readonly #stopping = new AbortController();
  #goOn: (() => void) | null = null;

  constructor(
    readonly key: string,
    private readonly photo: Blob,
    private readonly tell: (way: Partial<Way>) => void,
  ) {}

  /** Raises ApiError where it was refused, StoppedError and UnreadableError. */
  async send(): Promise<SubmissionBody> {
    // With another session than the first time it would be another upload.
    const tried = triedWith(this.key);
    let session = tried === undefined ? latestSession() : tried;
    let pause = FIRST_PAUSE_MS;
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#sendOnce(session);
      } catch (error) {
        this.#stopping.signal.throwIfAborted();
        if (error instanceof ApiError && error.code === "UNAUTHORIZED" && error.isOurs && session !== null) {
          session = null; // the server's keys have changed: a new session begins
          this.tell({ failures, share: 0 });
          continue;
        }
        if (!(error instanceof ApiError && error.isPassing)) {
          throw error;
        }
        if (!(await isReadable(this.photo))) {
          throw new UnreadableError();
        }
        const milliseconds = Math.max(pause, error.retryAfterMs ?? 0);
        this.tell({ failures, share: 0, reason: problem(error), retryAt: Date.now() + milliseconds });
        await this.#paused(milliseconds);
        this.tell({ retryAt: null });
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Do not wait any longer. */
  sendNow(): void {
    this.#goOn?.();
  }

  stop(): void {
    this.#stopping.abort(new StoppedError());
  }

  #sendOnce(session: string | null): Promise<SubmissionBody> {
    const { signal } = this.#stopping;
    signal.throwIfAborted(); // it may have been stopped before it was begun
    noteTried(this.key, session);
    const onShare = (share: number) => this.tell({ share, reason: null, retryAt: null });
    return submit(this.photo, { session, key: this.key, signal }, onShare);
  }

  /** Return after the pause, or as soon as the network is back or the person says so. Raises StoppedError. */
  #paused(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const goOn = () => {
        clearTimeout(timer);
        removeEventListener("online", goOn);
        this.#goOn = null;
        if (signal.aborted) {
          reject(signal.reason);
        } else {
          resolve();
        }
      };
      const timer = setTimeout(goOn, milliseconds);
      this.#goOn = goOn;
      addEventListener("online", goOn);
      signal.addEventListener("abort", goOn);
    });
  }
}

async function isReadable(photo: Blob): Promise<boolean> {
  return photo
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

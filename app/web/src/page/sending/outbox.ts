/**
 * Photos on their way to the server, one after the other, so that all of them join one session.
 *
 *     left ──send──> waiting ──> sending ──taken──> an upload
 *      (by a page      ▲           │  ▲ └─refused by Darkroom──> refused
 *       that was       │           └──┘ a passing trouble is waited out
 *       closed)        └──send── held <── refused by something in between, or a fault of this page
 *
 * However often a photo is sent, its key makes it one upload. No photo is thrown away but by Darkroom's own refusal, or by
 * the person.
 */

import type { QueryClient } from "@tanstack/react-query";
import { keepSession } from "../../status/sessions";
import { prefetchStatus } from "../../status/useStatus";
import { ApiError, StoppedError, submit } from "../api";
import { thumbnailOf } from "../thumbnail";
import { addUpload, latestSession, recentUploads } from "../uploads";
import { problem } from "../words";
import { dropPhoto, holdTab, keepPhoto, leftPhotos, noteTried, triedWith } from "./keptPhotos";

export interface Item {
  /** Of this photo alone. */
  readonly key: string;
  /** Photos that were chosen while others were still on their way have the same. */
  readonly batch: string;
  readonly name: string;
  /** Nothing, once it was refused. */
  readonly photo: Blob | null;
  readonly thumbnail: string | null;
  /** Of the photo: its width by its height. */
  readonly ratio?: number;
  readonly state: "left" | "waiting" | "sending" | "held" | "refused";
  /** Of the photo's bytes, from 0 to 1. */
  readonly share: number;
  /** How often it was begun before, in vain. */
  readonly failures: number;
  /** Why it is not on its way just now: what is waited out, or why it was refused. */
  readonly reason: string | null;
  /** When it is sent again by itself, in milliseconds since 1970. */
  readonly retryAt: number | null;
}

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

export interface Chosen {
  photo: Blob;
  name: string;
  /** What is wrong with it, so that it is not sent at all. */
  wrong: string | null;
}

/** What the outbox says in the words of the page. */
export interface Reasons {
  /** Something in between answered. */
  inBetween: (status: string) => string;
  ourFault: string;
}

export class Outbox {
  readonly #tab = newKey();
  readonly #listeners = new Set<() => void>();
  /** With which session a photo was sent first: with another one it would be another upload. */
  readonly #tried = new Map<string, string | null>();
  /** By batch, the upload that was taken in last. */
  readonly #taken = new Map<string, string>();
  #items: readonly Item[] = [];
  #isSending = false;
  #release: (() => void) | null = null;
  #stopping: AbortController | null = null;
  #goOn: (() => void) | null = null;

  constructor(
    private readonly client: QueryClient,
    private readonly reasons: Reasons,
  ) {}

  readonly items = (): readonly Item[] => this.#items;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Take in what a page that was closed has left. */
  async find(): Promise<void> {
    const known = new Set(this.#items.map(({ key }) => key));
    const left = (await leftPhotos()).filter(({ key }) => !known.has(key));
    for (const { key } of left) {
      const session = await triedWith(key);
      if (session !== undefined) {
        this.#tried.set(key, session);
      }
    }
    const batch = newKey();
    const items = left.map(({ key, photo, name }) => ({ ...blank(batch), key, photo, name, state: "left" as const }));
    this.#change([...this.#items, ...items]);
  }

  /** Send these; the batch that they join. */
  add(chosen: readonly Chosen[]): string {
    const open = this.#items.find(({ state }) => state === "waiting" || state === "sending");
    const batch = open?.batch ?? newKey();
    const items = chosen.map(({ photo, name, wrong }): Item => {
      const item = { ...blank(batch), key: newKey(), name };
      return wrong ? { ...item, state: "refused", reason: wrong } : { ...item, photo, state: "waiting" };
    });
    // What was refused in earlier batches has been read by now.
    this.#change([...this.#items.filter((item) => item.state !== "refused" || item.batch === batch), ...items]);
    for (const { key, photo, name } of items) {
      this.#keep(key, photo, name);
    }
    void this.#sendAll();
    return batch;
  }

  /** Send these again, or at last. */
  send(keys: readonly string[]): void {
    this.#change(
      this.#items.map((item) =>
        keys.includes(item.key) && (item.state === "left" || item.state === "held")
          ? { ...item, state: "waiting", reason: null, share: 0 }
          : item,
      ),
    );
    for (const { key, photo, name } of this.#items.filter((item) => keys.includes(item.key))) {
      this.#keep(key, photo, name);
    }
    void this.#sendAll();
  }

  /** Give up these: they are not sent, and not kept any longer. */
  discard(keys: readonly string[]): void {
    const sending = this.#items.find(({ state }) => state === "sending");
    this.#change(this.#items.filter(({ key }) => !keys.includes(key)));
    for (const key of keys) {
      void dropPhoto(key);
    }
    if (sending && keys.includes(sending.key)) {
      this.#stopping?.abort();
    }
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending) {
      return;
    }
    this.#isSending = true;
    for (let item = this.#next(); item; item = this.#next()) {
      await this.#sendOne(item as Item & { photo: Blob });
    }
    this.#isSending = false;
  }

  /** The upload that a photo which was chosen alone has become. */
  readonly takenOf = (batch: string): string | null => this.#taken.get(batch) ?? null;

  #isAlone(batch: string): boolean {
    const isOf = (other: { batch?: string }) => other.batch === batch;
    return this.#items.filter(isOf).length === 1 && !recentUploads().some(isOf);
  }

  #keep(key: string, photo: Blob | null, name: string): void {
    if (photo) {
      void keepPhoto({ key, photo, name, tab: this.#tab });
    }
  }

  #next(): Item | undefined {
    return this.#items.find(({ state, photo }) => state === "waiting" && photo !== null);
  }

  async #sendOne(item: Item & { photo: Blob }): Promise<void> {
    const { key } = item;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#set(key, { state: "sending", share: 0 });
    try {
      const small = item.thumbnail ? {} : await thumbnailOf(item.photo);
      this.#set(key, small);
      await this.#sendPatiently({ ...item, ...small }, signal);
    } catch (error) {
      if (error instanceof StoppedError || signal.aborted) {
        return;
      }
      if (error instanceof ApiError && error.isOurs) {
        void dropPhoto(key);
        this.#set(key, { state: "refused", reason: problem(error), photo: null, retryAt: null });
        return;
      }
      const reason = error instanceof ApiError ? this.reasons.inBetween(`${error.status}`) : this.reasons.ourFault;
      this.#set(key, { state: "held", reason, retryAt: null });
      if (!(error instanceof ApiError)) {
        reportError(error); // reported like an uncaught one, but the photos behind it are sent
      }
    }
  }

  async #sendPatiently({ key, photo, name, batch, thumbnail, ratio }: Item & { photo: Blob }, signal: AbortSignal) {
    const tried = this.#tried.get(key);
    let session = tried === undefined ? latestSession() : tried;
    let pause = FIRST_PAUSE_MS;
    for (let failures = 1; ; failures += 1) {
      try {
        this.#tried.set(key, session);
        void noteTried(key, session);
        const onShare = (share: number) => this.#set(key, { share, reason: null, retryAt: null });
        const taken = await submit(photo, { session, key, signal }, onShare);
        keepSession(taken.jobId, taken.sessionToken);
        void prefetchStatus(this.client, taken.jobId); // before the page is drawn anew
        const submittedAt = new Date().toISOString();
        const together = this.#isAlone(batch) ? {} : { batch };
        this.#taken.set(batch, taken.jobId);
        addUpload(
          { jobId: taken.jobId, submittedAt, thumbnail, ...together, ...(name && { name }), ...(ratio && { ratio }) },
          taken.sessionToken,
        );
        this.#change(this.#items.filter((item) => item.key !== key));
        void dropPhoto(key);
        return;
      } catch (error) {
        if (error instanceof ApiError && error.code === "UNAUTHORIZED" && error.isOurs && session !== null) {
          session = null; // the server's keys have changed: a new session begins
          this.#set(key, { failures, share: 0 });
          continue;
        }
        if (!(error instanceof ApiError && error.isPassing)) {
          throw error;
        }
        const milliseconds = Math.max(pause, error.retryAfterMs ?? 0);
        this.#set(key, { failures, share: 0, reason: problem(error), retryAt: Date.now() + milliseconds });
        await this.#paused(milliseconds, signal);
        this.#set(key, { retryAt: null });
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Do not wait any longer. */
  sendNow(): void {
    this.#goOn?.();
  }

  /** Return after the pause, or as soon as the network is back or the person says so. Raises StoppedError. */
  #paused(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = () => {
        clearTimeout(timer);
        removeEventListener("online", goOn);
        this.#goOn = null;
        if (signal.aborted) {
          reject(new StoppedError());
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

  #set(key: string, part: Partial<Item>): void {
    this.#change(this.#items.map((item) => (item.key === key ? { ...item, ...part } : item)));
  }

  #change(items: readonly Item[]): void {
    this.#items = items;
    const isHolding = items.some(isUnsent);
    if (isHolding && !this.#release) {
      this.#release = holdTab(this.#tab);
      addEventListener("beforeunload", ask);
    } else if (!isHolding && this.#release) {
      this.#release();
      this.#release = null;
      removeEventListener("beforeunload", ask);
    }
    for (const changed of this.#listeners) {
      changed();
    }
  }
}

/** It would not arrive if the page were closed now. */
export function isUnsent({ state }: Item): boolean {
  return state === "waiting" || state === "sending" || state === "held";
}

/** The browser asks whether the page is really to be left. */
function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function blank(batch: string) {
  return { batch, photo: null, thumbnail: null, share: 0, failures: 0, reason: null, retryAt: null };
}

/** Not crypto.randomUUID: a phone that reaches the page by plain HTTP on the home network has none. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

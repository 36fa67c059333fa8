/**
 * Photos on their way to the server (delivery.ts), one after the other, so that all of them join one session.
 *
 *     left ──send──> waiting ──> sending ──taken──> an upload
 *      (by a page      ▲           │    └─refused by Darkroom──> refused
 *       that was       │           ▼
 *       closed)        └──send── held: refused by something in between, or a fault of this page
 *
 * No photo is thrown away but by Darkroom's own refusal, or by the person.
 */

import type { QueryClient } from "@tanstack/react-query";
import { newKey } from "../../newKey";
import type { SubmissionBody } from "../../status/schema";
import { keepSession } from "../../status/sessions";
import { prefetchStatus } from "../../status/useStatus";
import { ApiError, StoppedError } from "../api";
import { onTaken, tellTaken } from "../tabs";
import { thumbnailOf } from "../thumbnail";
import { addUpload, recentUploads } from "../uploads";
import { problem } from "../words";
import { Delivery, UnreadableError, type Way } from "./delivery";
import { dropPhoto, holdTab, keepPhoto, leftPhotos } from "./keptPhotos";

/** A photo, and how far it is. `reason`: why it is not on its way just now, or why it was refused. */
export interface Item extends Way {
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
}

export interface Chosen {
  photo: Blob;
  name: string;
  /** What is wrong with it, so that it is not sent at all. */
  wrong: string | null;
}

/** What cannot be sent, and why. */
export interface Refused {
  name: string;
  wrong: string;
}

/** What the outbox says in the words of the page. */
export interface Reasons {
  /** Something in between refused it. `isKept`: the page may be closed, the photo is offered again. */
  keptHere: (status: string, isKept: boolean) => string;
  ourFault: (isKept: boolean) => string;
  notReadable: string;
}

export class Outbox {
  readonly #tab = newKey();
  readonly #listeners = new Set<() => void>();
  /** By batch, the upload that was taken in last. */
  readonly #taken = new Map<string, string>();
  #items: readonly Item[] = [];
  #isSending = false;
  #release: (() => void) | null = null;
  /** Of the photo that is being sent. */
  #delivery: Delivery | null = null;

  constructor(
    private readonly client: QueryClient,
    private readonly reasons: Reasons,
  ) {}

  readonly items = (): readonly Item[] => this.#items;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  /** Take in what a page that was closed has left, until another tab takes it. */
  async find(): Promise<void> {
    onTaken((keys) => this.#change(this.#items.filter(({ key, state }) => state !== "left" || !keys.includes(key))));
    const known = new Set(this.#items.map(({ key }) => key));
    const left = (await leftPhotos()).filter(({ key }) => !known.has(key));
    const batch = newKey();
    const items = left.map(({ key, photo, name }) => ({ ...blank(batch), key, photo, name, state: "left" as const }));
    this.#change([...this.#items, ...items]);
  }

  /** Send these; the batch that they join. */
  add(chosen: readonly (Chosen | Refused)[]): string {
    const open = this.#items.find(({ state }) => state === "waiting" || state === "sending");
    const batch = open?.batch ?? newKey();
    const items = chosen.map((one): Item => {
      const item = { ...blank(batch), key: newKey(), name: one.name };
      return "photo" in one && one.wrong === null
        ? { ...item, photo: one.photo, state: "waiting" }
        : { ...item, state: "refused", reason: one.wrong };
    });
    // What was refused in earlier batches has been read by now.
    this.#change([...this.#items.filter((item) => item.state !== "refused" || item.batch === batch), ...items]);
    for (const item of items) {
      void this.#keep(item);
    }
    void this.#sendAll();
    return batch;
  }

  /** Send these again, or at last. */
  send(keys: readonly string[]): void {
    this.#tellOthers(keys);
    this.#change(
      this.#items.map((item) =>
        keys.includes(item.key) && (item.state === "left" || item.state === "held")
          ? { ...item, state: "waiting", reason: null, share: 0 }
          : item,
      ),
    );
    for (const item of this.#items.filter(({ key }) => keys.includes(key))) {
      void this.#keep(item);
    }
    void this.#sendAll();
  }

  /** Give up these: they are not sent, and not kept any longer. */
  discard(keys: readonly string[]): void {
    this.#tellOthers(keys);
    this.#change(this.#items.filter(({ key }) => !keys.includes(key)));
    for (const key of keys) {
      void dropPhoto(key);
    }
    if (this.#delivery && keys.includes(this.#delivery.key)) {
      this.#delivery.stop();
    }
  }

  /** Do not wait any longer. */
  sendNow(): void {
    this.#delivery?.sendNow();
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

  /** Whether it is kept: the browser may have no room, or may have deleted all that it kept. */
  async #keep({ key, photo, name }: Item): Promise<boolean> {
    return photo !== null && (await keepPhoto({ key, photo, name, tab: this.#tab }));
  }

  /** Every tab offers the photos that were left: they are to be sent by one. */
  #tellOthers(keys: readonly string[]): void {
    tellTaken(this.#items.filter(({ key, state }) => state === "left" && keys.includes(key)).map(({ key }) => key));
  }

  #next(): Item | undefined {
    return this.#items.find(({ state, photo }) => state === "waiting" && photo !== null);
  }

  async #sendOne(item: Item & { photo: Blob }): Promise<void> {
    const { key, photo } = item;
    this.#delivery = new Delivery(key, photo, (way) => this.#set(key, way));
    this.#set(key, { state: "sending", share: 0 });
    try {
      const small = item.thumbnail ? {} : await thumbnailOf(photo);
      this.#set(key, small);
      this.#note({ ...item, ...small }, await this.#delivery.send());
    } catch (error) {
      if (error instanceof StoppedError) {
        return;
      }
      const isUnreadable = error instanceof UnreadableError;
      if (isUnreadable || (error instanceof ApiError && error.isOurs)) {
        void dropPhoto(key);
        const reason = isUnreadable ? this.reasons.notReadable : problem(error);
        this.#set(key, { state: "refused", reason, photo: null, retryAt: null });
        return;
      }
      const isKept = await this.#keep(item);
      const { keptHere, ourFault } = this.reasons;
      const reason =
        error instanceof ApiError ? `${problem(error)} ${keptHere(`${error.status}`, isKept)}` : ourFault(isKept);
      this.#set(key, { state: "held", reason, retryAt: null });
      if (!(error instanceof ApiError)) {
        reportError(error); // reported like an uncaught one, but the photos behind it are sent
      }
    }
  }

  #note({ key, batch, name, thumbnail, ratio }: Item, { jobId, sessionToken }: SubmissionBody): void {
    keepSession(jobId, sessionToken);
    void prefetchStatus(this.client, jobId); // before the page is drawn anew
    const submittedAt = new Date().toISOString();
    const together = this.#isAlone(batch) ? {} : { batch };
    this.#taken.set(batch, jobId);
    addUpload(
      { jobId, submittedAt, thumbnail, ...together, ...(name && { name }), ...(ratio && { ratio }) },
      sessionToken,
    );
    this.#change(this.#items.filter((item) => item.key !== key));
    void dropPhoto(key);
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

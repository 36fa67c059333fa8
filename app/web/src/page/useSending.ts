/**
 * Photos on their way to the server, one after the other, so that all of them join one session.
 * A passing trouble is waited out; however often a photo is sent, its key makes it one upload.
 */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { keepSession } from "../status/sessions";
import { prefetchStatus } from "../status/useStatus";
import { ApiError, StoppedError, submit } from "./api";
import { thumbnailOf } from "./thumbnail";
import { addUpload, latestSession } from "./uploads";

export interface Sending {
  /** Of this photo alone. */
  key: string;
  thumbnail: string | null;
  /** Of the photo's bytes, from 0 to 1. */
  share: number;
  /** How often it was begun before, in vain. */
  failures: number;
  /** What is being waited out. */
  trouble: ApiError | null;
  /** How many wait behind it. */
  waiting: number;
}

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
const OUR_FAULT = "Your photo could not be sent, through a fault of this page. Please reload it and try again.";

interface Tidings {
  /** Why a photo was not taken in, in a sentence. */
  onRefused: (sentence: string) => void;
  /** With the job of the photo that was taken in last, if one was. */
  onEnded: (jobId: string | null) => void;
}

export function useSending({ onRefused, onEnded }: Tidings) {
  const client = useQueryClient();
  const [sending, setSending] = useState<Sending | null>(null);
  const queue = useRef<Blob[]>([]);
  const isSending = useRef(false);
  const stopping = useRef<AbortController | null>(null);

  async function sendAll() {
    let latest: string | null = null;
    isSending.current = true;
    try {
      for (let photo = queue.current.shift(); photo; photo = queue.current.shift()) {
        latest = (await sendOne(photo)) ?? latest;
      }
    } finally {
      isSending.current = false;
      setSending(null);
      onEnded(latest);
    }
  }

  /** The photo's job; none, if it was stopped or not taken in. */
  async function sendOne(photo: Blob): Promise<string | null> {
    const key = newKey();
    const thumbnail = await thumbnailOf(photo);
    setSending({ key, thumbnail, share: 0, failures: 0, trouble: null, waiting: queue.current.length });
    stopping.current = new AbortController();
    try {
      return await sendPatiently(client, { photo, key, thumbnail }, stopping.current.signal, change);
    } catch (error) {
      if (error instanceof ApiError) {
        onRefused(error.message);
      } else if (!(error instanceof StoppedError)) {
        onRefused(OUR_FAULT);
        reportError(error); // reported like an uncaught one, but the photos behind it are sent
      }
      return null;
    }
  }

  function change(part: Partial<Sending>) {
    setSending((now) => now && { ...now, ...part });
  }

  function send(photos: Blob[]) {
    queue.current.push(...photos);
    if (isSending.current) {
      change({ waiting: queue.current.length });
    } else {
      void sendAll();
    }
  }

  /** Give up the photo that is being sent; those behind it are sent all the same. */
  function stop() {
    stopping.current?.abort();
  }

  return { sending, send, stop };
}

async function sendPatiently(
  client: QueryClient,
  { photo, key, thumbnail }: { photo: Blob; key: string; thumbnail: string | null },
  signal: AbortSignal,
  change: (part: Partial<Sending>) => void,
): Promise<string> {
  let session = latestSession();
  let pause = FIRST_PAUSE_MS;
  for (let failures = 1; ; failures += 1) {
    try {
      const taken = await submit(photo, { session, key, signal }, (share) => change({ share, trouble: null }));
      keepSession(taken.jobId, taken.sessionToken);
      void prefetchStatus(client, taken.jobId); // before the page is drawn anew
      addUpload({ jobId: taken.jobId, submittedAt: new Date().toISOString(), thumbnail }, taken.sessionToken);
      return taken.jobId;
    } catch (error) {
      if (error instanceof ApiError && error.code === "UNAUTHORIZED" && session !== null) {
        session = null; // the server's keys have changed: a new session begins
        change({ failures, share: 0 });
        continue;
      }
      if (!(error instanceof ApiError && error.isPassing)) {
        throw error;
      }
      change({ failures, share: 0, trouble: error });
      await paused(Math.max(pause, error.retryAfterMs ?? 0), signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** Return after the pause, or as soon as the network is back. Raises StoppedError. */
function paused(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const goOn = () => {
      clearTimeout(timer);
      removeEventListener("online", goOn);
      if (signal.aborted) {
        reject(new StoppedError());
      } else {
        resolve();
      }
    };
    const timer = setTimeout(goOn, milliseconds);
    addEventListener("online", goOn);
    signal.addEventListener("abort", goOn);
  });
}

/** Not crypto.randomUUID: a phone that reaches the page by plain HTTP on the home network has none. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

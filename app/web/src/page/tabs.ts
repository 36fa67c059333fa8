/** What the owner does in one tab is known in the others, where the browser can tell them: to an upload, to photos that were left. */

import type { QueryClient } from "@tanstack/react-query";
import { isStatus } from "../status/isStatus";
import type { StatusBody } from "../status/schema";
import { tellStatus } from "../status/useStatus";

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("darkroom");

export function listenToOtherTabs(client: QueryClient): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    // Another version of this page may be open in the other tab.
    const { jobId } = (data ?? {}) as Partial<StatusBody>;
    if (jobId && isStatus(data, jobId)) {
      tellStatus(client, data);
    }
  });
}

export function tellEverywhere(client: QueryClient, body: StatusBody): void {
  tellStatus(client, body);
  channel?.postMessage(body);
}

/** One tab has sent or discarded photos that all of them offered. */
export function tellTaken(keys: readonly string[]): void {
  channel?.postMessage({ taken: keys });
}

export function onTaken(told: (keys: readonly unknown[]) => void): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<{ taken?: unknown } | null>) => {
    if (Array.isArray(data?.taken)) {
      told(data.taken);
    }
  });
}

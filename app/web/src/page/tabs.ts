/** What the owner does to an upload in one tab is known in the others, where the browser can tell them. */

import type { QueryClient } from "@tanstack/react-query";
import type { StatusBody } from "../status/schema";
import { tellStatus } from "../status/useStatus";

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("darkroom");

export function listenToOtherTabs(client: QueryClient): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (isStatus(data)) {
      tellStatus(client, data);
    }
  });
}

export function tellEverywhere(client: QueryClient, body: StatusBody): void {
  tellStatus(client, body);
  channel?.postMessage(body);
}

/** Another version of this page may be open in the other tab. */
function isStatus(data: unknown): data is StatusBody {
  const body = (data ?? {}) as Partial<StatusBody>;
  return typeof body.jobId === "string" && typeof body.version === "number" && typeof body.status === "string";
}

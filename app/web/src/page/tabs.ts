/** What the owner does to an upload in one tab is known in the others. */

import type { QueryClient } from "@tanstack/react-query";
import type { StatusBody } from "../status/schema";
import { tellStatus } from "../status/useStatus";

const channel = new BroadcastChannel("darkroom");

export function listenToOtherTabs(client: QueryClient): void {
  channel.addEventListener("message", ({ data }: MessageEvent<StatusBody>) => tellStatus(client, data));
}

export function tellEverywhere(client: QueryClient, body: StatusBody): void {
  tellStatus(client, body);
  channel.postMessage(body);
}

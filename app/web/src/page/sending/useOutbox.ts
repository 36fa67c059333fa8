/** The photos on their way, for the whole page. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { say } from "../language";
import { type Item, Outbox } from "./outbox";

export function useOutbox(): { outbox: Outbox; items: readonly Item[] } {
  const client = useQueryClient();
  const [outbox] = useState(() => new Outbox(client, say));
  useEffect(() => void outbox.find(), [outbox]);
  return { outbox, items: useSyncExternalStore(outbox.subscribe, outbox.items) };
}

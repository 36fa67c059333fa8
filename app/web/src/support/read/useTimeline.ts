/**
 * What happened to an upload, asked again while it runs. The server records each look that shows something new; where
 * nothing has changed since the last answer it says so (304), and records nothing.
 */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { TimelineBody } from "../../status/schema";
import { askWhole, SupportError } from "../api";
import { timelineKey } from "../queryKeys";

const PAUSE_MS = 2000;
/** A run that ended may be retried or erased by a colleague. */
const ENDED_PAUSE_MS = 30_000;
const TICK_MS = 500;

export interface Timeline {
  body: TimelineBody;
  etag: string | null;
  /** By the clock of this page, in milliseconds. */
  receivedAt: number;
}

export function useTimeline(jobId: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: timelineKey(jobId),
    queryFn: async ({ signal }): Promise<Timeline> => {
      const known = client.getQueryData<Timeline>(timelineKey(jobId));
      const headers: Record<string, string> = known?.etag ? { "If-None-Match": known.etag } : {};
      const { etag, body } = await askWhole<TimelineBody>(`/uploads/${jobId}/timeline`, { headers, signal });
      if (body === null && known) {
        return known;
      }
      return { body: body as TimelineBody, etag, receivedAt: performance.now() };
    },
    refetchInterval: ({ state: { data, error } }) => pauseAfter(data, error),
  });
}

function pauseAfter(timeline: Timeline | undefined, error: Error | null): number | false {
  if (error) {
    return error instanceof SupportError && error.isPassing && 5 * PAUSE_MS;
  }
  return timeline?.body.isTerminal ? ENDED_PAUSE_MS : PAUSE_MS;
}

/** The timeline as it is by now: what is not over has gone on since the answer came. */
export function useGrown({ body, receivedAt }: Timeline): TimelineBody {
  const [now, setNow] = useState(() => performance.now());
  const isRunning = !body.isTerminal;
  useEffect(() => {
    setNow(performance.now());
    if (!isRunning) {
      return;
    }
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return isRunning ? grown(body, (now - receivedAt) / 1000) : body;
}

/** The last span is still going on: so many seconds longer. */
export function grown(body: TimelineBody, seconds: number): TimelineBody {
  const last = body.spans.at(-1);
  if (!last || seconds <= 0) {
    return body;
  }
  const longer = { ...last, seconds: last.seconds + seconds };
  return {
    ...body,
    spans: [...body.spans.slice(0, -1), longer],
    seconds: body.seconds + seconds,
    parts: { ...body.parts, [last.kind]: (body.parts[last.kind] ?? 0) + seconds },
  };
}

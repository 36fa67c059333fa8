/**
 * Where a job is, for any React page: `useStatus(jobId)`, under a QueryClientProvider.
 *
 * It asks until the job has completed or failed, keeps what it knows while it asks and while it cannot, and shows
 * nothing that goes back. Without a job, or without a session that owns it, it is idle. This folder stands alone.
 *
 *     idle ──job and session──> asking ──ended, 401, 404─────────────> over
 *                               │    ▲                                   │
 *                               └────┘ 2 to 3 s, longer in trouble       └──told of a retry,──> asking
 *                                      and while the tab is hidden          told to ask now
 *
 * A server that holds its answers until the job moves (hold.ts) is asked again at once.
 */

"use client";

import {
  focusManager,
  type QueryClient,
  type QueryFunctionContext,
  queryOptions,
  useQuery,
} from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import { ask, type Question } from "./ask.ts";
import { addressOf, HERE, type Sessions } from "./connection.ts";
import { useConnection } from "./DarkroomProvider.ts";
import { isFollowed, isOver, type Knowledge, learn, mayHold, NOTHING, pauseMs } from "./knowledge.ts";
import type { StatusError } from "./StatusError.ts";
import type { Stage, Status, StatusBody } from "./schema.d.ts";
import { isSameSession } from "./sessions.ts";

export interface JobStatus {
  status: Status | null;
  stage: Stage | null;
  progress: number;
  resultId: string | null;
  /** Nothing is known yet, and it is being asked for. */
  isLoading: boolean;
  isComplete: boolean;
  isFailed: boolean;
  /** Why the last poll was not answered. The rest is then what was known before. */
  error: StatusError | null;
  /** Why the job failed, in a sentence for its owner. */
  errorMessage: string | null;
  /** The whole of the last answer. */
  data: StatusBody | null;
  /** While a trouble is waited out: when it is asked again by itself, in milliseconds since 1970. */
  retryAt: number | null;
  /** A request is on its way. */
  isAsking: boolean;
  /** Ask now, whatever was to be waited for; also where asking had ended because there was no such upload. */
  askNow: () => void;
}

export interface UseStatusOptions {
  /** In place of the provider's. */
  baseUrl?: string;
  /** The session token of this job, in place of what the provider's sessions say. */
  token?: string | null;
  /** The server has renewed that token: give this one from now on. */
  onRenewed?: (renewed: string) => void;
}

export function useStatus(jobId: string | null, options: UseStatusOptions = {}): JobStatus {
  const connection = useConnection();
  const baseUrl = options.baseUrl ?? connection.baseUrl;
  const token = useToken(jobId, connection.sessions, options.token);
  const renew = (old: string, renewed: string) => {
    connection.sessions.renew?.(old, renewed);
    options.onRenewed?.(renewed);
  };
  const query = useQuery({ ...statusQuery(baseUrl, jobId, token, renew), enabled: token !== null });
  const { data = NOTHING, refetch, isFetching } = query;

  // Another session may own what the one before did not. A renewed token is of the same session: no reason to ask.
  const askedWith = useRef(token);
  useEffect(() => {
    const before = askedWith.current;
    askedWith.current = token;
    if (token !== null && (before === null || !isSameSession(before, token))) {
      void refetch({ cancelRefetch: before !== null });
    }
  }, [token, refetch]);

  const askNow = useCallback(() => void refetch(), [refetch]);
  if (token === null) {
    return { ...shown(NOTHING, false), retryAt: null, isAsking: false, askNow: NOT_ASKED };
  }
  const isWaited = data.error !== null && !isOver(data) && !isFetching;
  const retryAt = isWaited ? query.dataUpdatedAt + pauseMs(data) : null;
  return { ...shown(data, true), retryAt, isAsking: isFetching, askNow };
}

/** Without a session there is nothing to ask in the name of. */
const NOT_ASKED = () => {};

/** The token that was given, or that the sessions know now. A server uses none: what it draws is idle for everybody. */
function useToken(jobId: string | null, sessions: Sessions, given: string | null | undefined): string | null {
  const subscribe = useCallback((changed: () => void) => sessions.subscribe?.(changed) ?? (() => {}), [sessions]);
  const now = () => (jobId === null ? null : given === undefined ? sessions.sessionOf(jobId) : given);
  return useSyncExternalStore(subscribe, now, () => null);
}

/** Ask before a component does: while it is being drawn, the answer is on its way. Ends when polls need pauses. */
export async function prefetchStatus(client: QueryClient, jobId: string, connection = HERE): Promise<void> {
  const token = connection.sessions.sessionOf(jobId);
  if (token !== null) {
    const renew = (old: string, renewed: string) => connection.sessions.renew?.(old, renewed);
    await client.prefetchQuery(statusQuery(connection.baseUrl, jobId, token, renew));
  }
}

type Renew = (token: string, renewed: string) => void;

function statusQuery(baseUrl: string, jobId: string | null, token: string | null, renew: Renew) {
  const queryKey = statusKey(baseUrl, jobId);
  return queryOptions({
    queryKey,
    queryFn: async (context) => {
      const job = { baseUrl, jobId: jobId as string, token: token as string };
      const ask = async () => {
        const { known, renewed } = await poll(context, queryKey, job);
        if (renewed !== null && renewed !== job.token) {
          renew(job.token, renewed);
          job.token = renewed;
        }
        return known;
      };
      let known = await ask();
      // Asked on from here and not from a component: what is known is drawn while the next answer is on its way.
      while (isFollowed(known) && focusManager.isFocused() && !context.signal.aborted) {
        context.client.setQueryData(queryKey, known);
        known = await ask();
      }
      return known;
    },
    // Troubles are knowledge too. Query would drop an error as soon as it asks again; people are told until it is over.
    retry: false,
    networkMode: "always",
    staleTime: ({ state }) => (isOver(state.data ?? NOTHING) ? Number.POSITIVE_INFINITY : 0),
    refetchInterval: ({ state: { data = NOTHING } }) => !isOver(data) && pauseMs(data, !focusManager.isFocused()),
    refetchIntervalInBackground: true,
    refetchOnWindowFocus: true,
    refetchOnReconnect: true,
    refetchOnMount: true,
  });
}

type Key = ReturnType<typeof statusKey>;
type Job = Pick<Question, "baseUrl" | "jobId" | "token">;

/** One poll: what is known after it, and the token that came in the place of the job's. */
async function poll({ client, signal }: QueryFunctionContext, key: Key, job: Job) {
  const known = () => client.getQueryData<Knowledge>(key) ?? NOTHING;
  const outcome = await ask({ ...job, etag: known().etag, mayHold: mayHold(known()) }, signal);
  // Looked up again: another request may have learned more of the job in the meantime.
  return { known: learn(known(), outcome), renewed: "renewed" in outcome ? outcome.renewed : null };
}

/** Tell every `useStatus` of the job what was answered elsewhere: to its retry, to its cancel, in another tab. */
export function tellStatus(client: QueryClient, body: StatusBody, baseUrl = HERE.baseUrl): void {
  client.setQueryData<Knowledge>(statusKey(baseUrl, body.jobId), (known = NOTHING) =>
    learn(known, { kind: "moved", body, etag: null, isHeld: known.isHeld, renewed: null }),
  );
}

function statusKey(baseUrl: string, jobId: string | null) {
  return ["darkroom", "status", addressOf(baseUrl, ""), jobId] as const;
}

type Shown = Omit<JobStatus, "retryAt" | "isAsking" | "askNow">;

function shown({ body, error }: Knowledge, mayAsk: boolean): Shown {
  return {
    status: body?.status ?? null,
    stage: body?.stage ?? null,
    progress: body?.progress ?? 0,
    resultId: body?.resultId ?? null,
    isLoading: mayAsk && body === null && !error?.isFinal,
    isComplete: body?.status === "completed",
    isFailed: body?.status === "failed",
    error,
    errorMessage: body?.errorMessage ?? null,
    data: body,
  };
}

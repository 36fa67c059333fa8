/**
 * Where a job is, for any React page: `useStatus(jobId)`, under a QueryClientProvider.
 *
 * It asks until the job has completed or failed, keeps what it knows while it asks and while it cannot, and shows
 * nothing that goes back. Without a job, or without a session that owns it, it is idle. This folder stands alone.
 *
 *     idle ──job and session──> asking ──completed, failed, 401, 404──> over
 *                               │    ▲                                   │
 *                               └────┘ 2 to 3 s, longer in trouble,      └──told of a retry──> asking
 *                                      not while the tab is hidden
 *
 * A server that holds its answers until the job moves (hold.ts) is asked again at once.
 */

import {
  focusManager,
  type QueryClient,
  type QueryFunctionContext,
  queryOptions,
  useQuery,
} from "@tanstack/react-query";
import { ask } from "./ask";
import { isFollowed, isOver, type Knowledge, learn, mayHold, NOTHING, pauseMs } from "./knowledge";
import type { StatusError } from "./StatusError";
import type { Stage, Status, StatusBody } from "./schema";
import { sessionOf } from "./sessions";

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
}

export function useStatus(jobId: string | null): JobStatus {
  const token = jobId === null ? null : sessionOf(jobId);
  const { data } = useQuery({ ...statusQuery(jobId, token), enabled: token !== null });
  return token === null ? shown(NOTHING, false) : shown(data ?? NOTHING, true);
}

/** Ask before a component does: while it is being drawn, the answer is on its way. Ends when polls need pauses. */
export async function prefetchStatus(client: QueryClient, jobId: string): Promise<void> {
  await client.prefetchQuery(statusQuery(jobId, sessionOf(jobId)));
}

function statusQuery(jobId: string | null, token: string | null) {
  return queryOptions({
    queryKey: statusKey(jobId),
    queryFn: async (context) => {
      let known = await poll(context, jobId, token);
      // Asked on from here and not from a component: what is known is drawn while the next answer is on its way.
      while (isFollowed(known) && focusManager.isFocused() && !context.signal.aborted) {
        context.client.setQueryData(statusKey(jobId), known);
        known = await poll(context, jobId, token);
      }
      return known;
    },
    // Troubles are knowledge too. Query would drop an error as soon as it asks again; people are told until it is over.
    retry: false,
    networkMode: "always",
    staleTime: ({ state }) => (isOver(state.data ?? NOTHING) ? Number.POSITIVE_INFINITY : 0),
    refetchInterval: ({ state }) => (isOver(state.data ?? NOTHING) ? false : pauseMs(state.data ?? NOTHING)),
    refetchIntervalInBackground: false,
    refetchOnWindowFocus: true,
    refetchOnReconnect: true,
    refetchOnMount: true,
  });
}

/** One poll, and what is known after it. */
async function poll({ client, signal }: QueryFunctionContext, jobId: string | null, token: string | null) {
  const known = () => client.getQueryData<Knowledge>(statusKey(jobId)) ?? NOTHING;
  const { etag } = known();
  const question = { jobId: jobId as string, token: token as string, etag, mayHold: mayHold(known()) };
  const outcome = await ask(question, signal);
  // Looked up again: another request may have learned more of the job in the meantime.
  return learn(known(), outcome);
}

/** Tell every `useStatus` of the job what was answered elsewhere: to its retry, to its cancel, in another tab. */
export function tellStatus(client: QueryClient, body: StatusBody): void {
  client.setQueryData<Knowledge>(statusKey(body.jobId), (known = NOTHING) =>
    learn(known, { kind: "moved", body, etag: null, isHeld: known.isHeld }),
  );
}

function statusKey(jobId: string | null) {
  return ["status", jobId] as const;
}

function shown({ body, error }: Knowledge, isAsking: boolean): JobStatus {
  return {
    status: body?.status ?? null,
    stage: body?.stage ?? null,
    progress: body?.progress ?? 0,
    resultId: body?.resultId ?? null,
    isLoading: isAsking && body === null && !error?.isFinal,
    isComplete: body?.status === "completed",
    isFailed: body?.status === "failed",
    error,
    errorMessage: body?.errorMessage ?? null,
    data: body,
  };
}

/**
 * A result's facts and the address of its preview, which is good for five minutes. It is asked for again and again:
 * the upload may have been erased since, and then the page must not go on to show it.
 */

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ResultBody } from "../status/schema";
import { type ApiError, askResult } from "./api";

export const RESULT_INTERVAL_MS = 60_000;
const TRIES = 3;

export function useResult(jobId: string | null, resultId: string | null): UseQueryResult<ResultBody, ApiError> {
  return useQuery<ResultBody, ApiError>({
    queryKey: ["result", resultId],
    queryFn: () => askResult(jobId as string, resultId as string),
    enabled: resultId !== null,
    networkMode: "always",
    retry: (failures, { isPassing, isOurs }) => (isPassing || !isOurs) && failures < TRIES,
    staleTime: RESULT_INTERVAL_MS,
    refetchInterval: RESULT_INTERVAL_MS,
    refetchOnWindowFocus: "always",
  });
}

/** Darkroom says that the result is not there, or not any more. */
export function isGone({ error }: UseQueryResult<ResultBody, ApiError>): boolean {
  return error?.code === "NOT_FOUND" && error.isOurs;
}

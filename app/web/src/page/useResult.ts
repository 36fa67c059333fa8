/** A result's facts and the address of its preview, which is good for five minutes and asked for anew before they end. */

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ResultBody } from "../status/schema";
import { askResult } from "./api";

const LIFETIME_MS = 240_000;

export function useResult(jobId: string | null, resultId: string | null): UseQueryResult<ResultBody> {
  return useQuery({
    queryKey: ["result", resultId],
    queryFn: () => askResult(jobId as string, resultId as string),
    enabled: resultId !== null,
    networkMode: "always",
    staleTime: LIFETIME_MS,
    refetchInterval: LIFETIME_MS,
  });
}

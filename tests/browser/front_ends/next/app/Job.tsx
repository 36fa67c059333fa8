"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { DarkroomProvider, useStatus } from "darkroom-status";
import { useState } from "react";

function Status({ jobId }: { jobId: string }) {
  const { status, progress, isLoading } = useStatus(jobId);
  return <output data-progress={progress}>{isLoading ? "loading" : (status ?? "idle")}</output>;
}

export function Job({ api, jobId }: { api: string; jobId: string }) {
  const [client] = useState(() => new QueryClient());
  return (
    <QueryClientProvider client={client}>
      <DarkroomProvider baseUrl={api}>
        <Status jobId={jobId} />
      </DarkroomProvider>
    </QueryClientProvider>
  );
}

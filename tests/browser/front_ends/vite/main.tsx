/** A front end of another origin: it sends a photo by itself and follows it with the packed hook. `?api=` says where to. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { DarkroomProvider, keepSession, useStatus } from "darkroom-status";
import { type ChangeEvent, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const API = new URLSearchParams(location.search).get("api") ?? "";

function Job() {
  const [jobId, setJobId] = useState(location.hash.slice(1) || null);
  const job = useStatus(jobId);

  async function send({ target }: ChangeEvent<HTMLInputElement>) {
    const form = new FormData();
    form.append("image", target.files?.[0] as File);
    const response = await fetch(`${API}/api/uploads`, { method: "POST", body: form });
    const sent = (await response.json()) as { jobId: string; sessionToken: string };
    setJobId(sent.jobId); // its session is kept only after the hook has begun
    await new Promise((resolve) => setTimeout(resolve, 100));
    keepSession(sent.jobId, sent.sessionToken);
    location.hash = sent.jobId;
  }

  return (
    <>
      <input type="file" onChange={send} />
      <output data-status={job.status} data-progress={job.progress} data-error={job.error?.code}>
        {job.isLoading ? "loading" : (job.status ?? "idle")}
      </output>
    </>
  );
}

createRoot(document.getElementById("app") as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient()}>
      <DarkroomProvider baseUrl={`${API}/`}>
        <Job />
      </DarkroomProvider>
    </QueryClientProvider>
  </StrictMode>,
);

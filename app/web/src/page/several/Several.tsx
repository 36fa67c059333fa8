/** Photos that were chosen together: a row each, and what can be done to all of them. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { JobStatus } from "../../status/useStatus";
import { type ApiError, askResult, cancel, retry } from "../api";
import { say } from "../language";
import { save, saveName } from "../save";
import type { Item, Outbox } from "../sending/outbox";
import { tellEverywhere } from "../tabs";
import type { Upload } from "../uploads";
import { useFocusOnArrival } from "../useFocusOnArrival";
import { useTitle } from "../useTitle";
import { problem } from "../words";
import { ItemRow } from "./ItemRow";
import { JobRow } from "./JobRow";

interface Properties {
  items: readonly Item[];
  uploads: readonly Upload[];
  outbox: Outbox;
}

export function Several({ items, uploads, outbox }: Properties) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const client = useQueryClient();
  const [jobs, setJobs] = useState<ReadonlyMap<string, JobStatus>>(new Map());
  const [trouble, setTrouble] = useState<string | null>(null);
  const note = useCallback((jobId: string, job: JobStatus) => {
    setJobs((known) => new Map(known).set(jobId, job));
  }, []);

  const of = (is: (job: JobStatus) => boolean) =>
    uploads.filter(({ jobId }) => {
      const job = jobs.get(jobId);
      return job !== undefined && is(job);
    });
  const ready = of((job) => job.isComplete && !job.data?.expired);
  const failed = of((job) => job.data?.canRetry ?? false);
  const running = of((job) => job.data !== null && !job.data.isTerminal);
  const refused = items.filter(({ state }) => state === "refused").length;
  const held = items.filter(({ state }) => state === "held").map(({ key }) => key);
  const unsent = items.filter(({ state }) => state === "waiting" || state === "sending").map(({ key }) => key);
  const all = items.length + uploads.length;
  const labels = told([...uploads, ...items].map(({ name }) => name || say.aPhoto));

  useTitle(say.readyOf(ready.length, all));

  /** Of what cannot be done the first is told; the rest is done all the same. */
  const each = async (act: typeof retry, which: readonly Upload[]) => {
    const done = await Promise.allSettled(which.map(async ({ jobId }) => tellEverywhere(client, await act(jobId))));
    const wrong = done.find((outcome) => outcome.status === "rejected");
    setTrouble(wrong ? problem(wrong.reason as ApiError) : null);
  };
  const saveAll = async () => {
    setTrouble(null);
    for (const { jobId, name } of ready) {
      const resultId = jobs.get(jobId)?.resultId as string;
      await askResult(jobId, resultId)
        .then((result) => save(result, saveName(name, jobId)))
        .catch((error: ApiError) => setTrouble(problem(error)));
    }
  };

  return (
    <section className="several">
      <h1 ref={title} tabIndex={-1}>
        {say.photos(all)}
      </h1>
      <p role="status">
        {refused > 0 && say.taken(all - refused, all)} {unsent.length > 0 && say.keepPageOpen}
      </p>
      <ul>
        {uploads.map((upload, index) => (
          <JobRow key={upload.jobId} label={labels[index] as string} upload={upload} onStatus={note} />
        ))}
        {items.map((item, index) => (
          <ItemRow key={item.key} label={labels[uploads.length + index] as string} item={item} outbox={outbox} />
        ))}
      </ul>
      <div className="choices">
        {ready.length > 1 && (
          <button type="button" className="button" onClick={saveAll}>
            {say.saveAll(ready.length)}
          </button>
        )}
        {failed.length + held.length > 1 && (
          <button
            type="button"
            className="quiet button"
            onClick={() => {
              outbox.send(held);
              void each(retry, failed);
            }}
          >
            {say.retryAll(failed.length + held.length)}
          </button>
        )}
        {running.length + unsent.length > 1 && (
          <button
            type="button"
            className="quiet button"
            onClick={() => {
              outbox.discard(unsent);
              void each(cancel, running);
            }}
          >
            {say.stopAll(running.length + unsent.length)}
          </button>
        )}
      </div>
      <div role="alert">{trouble && <p className="problem">{trouble}</p>}</div>
    </section>
  );
}

/** A phone gives all its photos one name: those that share a name are numbered. */
function told(names: readonly string[]): string[] {
  return names.map((name, index) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : say.frame(index + 1, name),
  );
}

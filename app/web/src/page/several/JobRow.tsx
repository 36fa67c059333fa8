/** The row of a photo that was taken in: how far its upload is. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type JobStatus, useStatus } from "../../status/useStatus";
import { jobAddress } from "../address";
import { type ApiError, cancel, retry } from "../api";
import { say } from "../language";
import { tellEverywhere } from "../tabs";
import { endingOf, noteEnding, type Upload } from "../uploads";
import { useMade } from "../useMade";
import { isCancelled, problem, shortly } from "../words";
import { Row } from "./Row";

interface Properties {
  /** What the row is called. */
  label: string;
  upload: Upload;
  onStatus: (jobId: string, job: JobStatus) => void;
}

export function JobRow({ label, upload, onStatus }: Properties) {
  const { jobId, name = "", thumbnail, made = thumbnail } = upload;
  const client = useQueryClient();
  const job = useStatus(jobId);
  const ending = endingOf(job);
  useMade(upload, job.data?.expired ? null : job.resultId);
  const [refusal, setRefusal] = useState<string | null>(null);
  const { data, error } = job;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what of a job changes; the rest is made anew each time
  useEffect(() => onStatus(jobId, job), [jobId, data, error, onStatus]);
  useEffect(() => {
    if (ending) {
      noteEnding(jobId, ending);
    }
  }, [jobId, ending]);

  const act = (command: typeof retry) => () => {
    setRefusal(null);
    command(jobId).then(
      (body) => tellEverywhere(client, body),
      (error: ApiError) => setRefusal(problem(error)),
    );
  };
  const isRunning = data !== null && !data.isTerminal;
  return (
    <Row
      thumbnail={made}
      name={name}
      label={label}
      address={jobAddress(jobId)}
      state={refusal ?? shortly(job)}
      isProblem={refusal !== null || (job.isFailed && !isCancelled(job))}
      percent={isRunning ? job.progress : null}
    >
      {data?.canRetry && (
        <button type="button" className="quiet button" aria-label={`${say.tryAgain}: ${label}`} onClick={act(retry)}>
          {say.tryAgain}
        </button>
      )}
      {isRunning && (
        <button type="button" className="link" aria-label={`${say.stop}: ${label}`} onClick={act(cancel)}>
          {say.stop}
        </button>
      )}
    </Row>
  );
}

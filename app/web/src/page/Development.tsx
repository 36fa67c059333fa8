/** The card of one upload: its stages, its end, and what its owner can do. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ResultBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { START } from "./address";
import { cancel, retry } from "./api";
import { Bar } from "./Bar";
import { Deletion } from "./Deletion";
import { say } from "./language";
import { Stages } from "./Stages";
import { Trouble } from "./Trouble";
import { tellEverywhere } from "./tabs";
import { useFocusOnArrival } from "./useFocusOnArrival";
import { happening, heading, howLong, made, waiting } from "./words";

interface Properties {
  jobId: string;
  job: JobStatus;
  /** Not there before it is complete. */
  result: ResultBody | undefined;
  onDeleted: () => void;
}

export function Development({ jobId, job, result, onDeleted }: Properties) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const { isComplete, isFailed, status } = job;
  const wait = waiting(job);
  return (
    <div className="card">
      <h1 ref={title} tabIndex={-1}>
        {heading(job)}
      </h1>
      {status !== null && !isComplete && (
        <>
          {!isFailed && (
            <p className="figure">
              {job.progress}
              <small>%</small>
            </p>
          )}
          <Bar label="Progress" percent={job.progress} />
        </>
      )}
      <p className={isFailed ? "problem" : undefined}>{happening(job)}</p>
      <div role="status">{wait && <p>{wait}</p>}</div>
      {job.error && (
        <Trouble why={`${job.error.message} ${say.goesOnWithout}`} retryAt={job.retryAt} onNow={job.askNow} />
      )}
      <p className="fine">{result ? made(result) : howLong(job.data)}</p>
      <Stages stage={job.stage} progress={job.progress} />
      {result && (
        <div className="choices">
          <a className="button" href={result.preview.url} download="darkroom.jpg">
            Save the preview
          </a>
        </div>
      )}
      <Choices jobId={jobId} job={job} onChosen={() => title.current?.focus()} />
      {status !== null && <Deletion jobId={jobId} onDeleted={onDeleted} />}
    </div>
  );
}

interface ChoicesProperties {
  jobId: string;
  job: JobStatus;
  /** The button that was pressed is about to go: the focus needs another place. */
  onChosen: () => void;
}

function Choices({ jobId, job, onChosen }: ChoicesProperties) {
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: (action: (jobId: string) => ReturnType<typeof retry>) => action(jobId),
    networkMode: "always",
    onSuccess: (body) => {
      tellEverywhere(client, body);
      onChosen();
    },
  });
  const isRunning = job.status === "pending" || job.status === "processing";
  const mayTryAgain = job.data?.canRetry ?? false;
  return (
    <>
      <div className="choices">
        {isRunning && (
          <button type="button" className="quiet button" disabled={act.isPending} onClick={() => act.mutate(cancel)}>
            Cancel
          </button>
        )}
        {mayTryAgain && (
          <button type="button" className="button" disabled={act.isPending} onClick={() => act.mutate(retry)}>
            Try again
          </button>
        )}
        {job.isFailed && (
          <a className={mayTryAgain ? "quiet button" : "button"} href={START}>
            Choose another photo
          </a>
        )}
      </div>
      <div role="alert">{act.error && <p className="problem">{act.error.message}</p>}</div>
    </>
  );
}

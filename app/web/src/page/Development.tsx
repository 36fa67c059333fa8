/** One upload, watched: its stages, its reveal or its failure, and what its owner can do. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useStatus } from "../status/useStatus";
import { START } from "./address";
import { cancel, retry } from "./api";
import { Bar } from "./Bar";
import { Print } from "./Print";
import { Reveal } from "./Reveal";
import { Stages } from "./Stages";
import { tellEverywhere } from "./tabs";
import { noteEnding, useRecentUploads } from "./uploads";
import { useFocusOnArrival } from "./useFocusOnArrival";
import { useResult } from "./useResult";
import { announcement, happening, heading, howLong, made, waiting } from "./words";

interface Properties {
  jobId: string;
  /** What a screen reader is to say. */
  onSpeak: (sentence: string) => void;
  /** The white light may go on: nothing can be fogged any more. */
  onLight: (isLit: boolean) => void;
}

export function Development({ jobId, onSpeak, onLight }: Properties) {
  const job = useStatus(jobId);
  const upload = useRecentUploads().find((recent) => recent.jobId === jobId);
  const result = useResult(jobId, job.resultId);
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const { isComplete, isFailed, status } = job;
  const isLost = job.error?.isFinal || (status === null && !job.isLoading);

  const wait = waiting(job);
  const isMoving = !isComplete && !isFailed && wait === null;
  const sentence = isLost ? "" : announcement(job);
  useEffect(() => onSpeak(sentence), [onSpeak, sentence]);
  useEffect(() => onLight(isComplete), [onLight, isComplete]);
  useEffect(() => {
    if (status !== null) {
      noteEnding(jobId, isComplete ? "completed" : isFailed ? "failed" : undefined);
    }
  }, [jobId, status, isComplete, isFailed]);

  if (isLost) {
    return <Lost />;
  }
  return (
    <section className="bench" data-status={status ?? "loading"}>
      <Print latent={upload?.thumbnail ?? null} developed={job.progress / 100} isMoving={isMoving}>
        <Reveal result={result} />
      </Print>
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
        <div role="status">
          {wait && <p>{wait}</p>}
          {job.error && (
            <p className="trouble">{job.error.message} Your upload goes on without this page; we keep asking.</p>
          )}
        </div>
        <p className="fine">{result.data ? made(result.data) : howLong(job.data)}</p>
        <Stages stage={job.stage} progress={job.progress} />
        {result.data && (
          <div className="choices">
            <a className="button" href={result.data.preview.url} download="darkroom.jpg">
              Save the preview
            </a>
          </div>
        )}
        <Choices jobId={jobId} job={job} onChosen={() => title.current?.focus()} />
      </div>
    </section>
  );
}

interface ChoicesProperties {
  jobId: string;
  job: ReturnType<typeof useStatus>;
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

function Lost() {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  return (
    <section className="easel">
      <h1 ref={title} tabIndex={-1}>
        There is no such upload here
      </h1>
      <p>An upload can be seen in the browser that sent it, and nowhere else.</p>
      <div className="choices">
        <a className="button" href={START}>
          Choose a photo
        </a>
      </div>
    </section>
  );
}

/** The card of one upload: its stages, its end, and what its owner can do. */

import type { ReactNode } from "react";
import type { ResultBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { Bar } from "./Bar";
import { Choices } from "./Choices";
import { CopyId } from "./CopyId";
import { Deletion } from "./Deletion";
import { say } from "./language";
import { NotifyMe } from "./NotifyMe";
import { Slot } from "./Slot";
import { Stages } from "./Stages";
import { Trouble } from "./Trouble";
import { useFocusOnArrival } from "./useFocusOnArrival";
import { happening, heading, howLong, isCancelled, made, problem, waiting } from "./words";

interface Properties {
  jobId: string;
  /** Of the file that was sent, where this browser knows it. */
  name: string | undefined;
  job: JobStatus;
  /** Not there before its preview can be seen. */
  result: ResultBody | undefined;
  onDeleted: () => void;
  /** Shows the photo in place of the picture. */
  compare: ReactNode;
}

export function Development({ jobId, name, job, result, onDeleted, compare }: Properties) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const { isFailed, status, error } = job;
  const isSeen = result !== undefined;
  const isDone = isSeen || job.data?.expired === true;
  const isRunning = job.data !== null && !job.data.isTerminal;
  const wait = waiting(job);
  return (
    <div className="card">
      <h1 ref={title} tabIndex={-1}>
        {heading(job, isSeen)}
      </h1>
      <Slot percent={status === null || isFailed || isDone ? null : job.progress}>
        <Choices
          jobId={jobId}
          name={name}
          job={job}
          result={result}
          compare={compare}
          onChosen={() => title.current?.focus()}
        />
        {status !== null && !isDone && <Bar label={say.progress} percent={job.progress} />}
      </Slot>
      <p className={isFailed && !isCancelled(job) ? "told problem" : "told"}>{happening(job, isSeen)}</p>
      <div role="status">{wait && <p>{wait}</p>}</div>
      {error && <Trouble why={`${problem(error)} ${say.goesOnWithout}`} retryAt={job.retryAt} onNow={job.askNow} />}
      <Stages stage={job.stage} progress={job.progress} />
      <p className="fine">{result ? made(result) : howLong(job.data)}</p>
      {status !== null && (
        <div className="aside">
          {isRunning && <NotifyMe />}
          <Deletion jobId={jobId} onDeleted={onDeleted} />
          <CopyId jobId={jobId} />
        </div>
      )}
    </div>
  );
}

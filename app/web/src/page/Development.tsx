/** The card of one upload: its stages, its end, and what its owner can do. */

import type { ResultBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { Bar } from "./Bar";
import { Choices } from "./Choices";
import { CopyId } from "./CopyId";
import { Deletion } from "./Deletion";
import { say } from "./language";
import { Stages } from "./Stages";
import { Trouble } from "./Trouble";
import { useFocusOnArrival } from "./useFocusOnArrival";
import { happening, heading, howLong, made, problem, waiting } from "./words";

interface Properties {
  jobId: string;
  /** Of the file that was sent, where this browser knows it. */
  name: string | undefined;
  job: JobStatus;
  /** Not there before its preview can be seen. */
  result: ResultBody | undefined;
  onDeleted: () => void;
}

export function Development({ jobId, name, job, result, onDeleted }: Properties) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const { isFailed, status, error } = job;
  const isSeen = result !== undefined;
  const wait = waiting(job);
  return (
    <div className="card">
      <h1 ref={title} tabIndex={-1}>
        {heading(job, isSeen)}
      </h1>
      {status !== null && !isSeen && (
        <>
          {!isFailed && (
            <p className="figure" dir="ltr">
              {job.progress}
              <small>%</small>
            </p>
          )}
          <Bar label={say.progress} percent={job.progress} />
        </>
      )}
      <p className={isFailed ? "problem" : undefined}>{happening(job, isSeen)}</p>
      <div role="status">{wait && <p>{wait}</p>}</div>
      {error && <Trouble why={`${problem(error)} ${say.goesOnWithout}`} retryAt={job.retryAt} onNow={job.askNow} />}
      <p className="fine">{result ? made(result) : howLong(job.data)}</p>
      <Stages stage={job.stage} progress={job.progress} />
      <Choices jobId={jobId} name={name} job={job} result={result} onChosen={() => title.current?.focus()} />
      {status !== null && (
        <div className="aside">
          <Deletion jobId={jobId} onDeleted={onDeleted} />
          <CopyId jobId={jobId} />
        </div>
      )}
    </div>
  );
}

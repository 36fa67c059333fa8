/** What the owner of an upload can do with it just now. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { ResultBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { START } from "./address";
import { type ApiError, cancel, retry } from "./api";
import { say } from "./language";
import { canShare, save, saveName, share } from "./save";
import { tellEverywhere } from "./tabs";
import { problem } from "./words";

interface Properties {
  jobId: string;
  name: string | undefined;
  job: JobStatus;
  result: ResultBody | undefined;
  compare: ReactNode;
  /** The button that was pressed is about to go: the focus needs another place. */
  onChosen: () => void;
}

export function Choices({ jobId, name, job, result, compare, onChosen }: Properties) {
  const client = useQueryClient();
  const act = useMutation<Awaited<ReturnType<typeof retry>>, ApiError, typeof retry>({
    mutationFn: (action) => action(jobId),
    networkMode: "always",
    onSuccess: (body) => {
      tellEverywhere(client, body);
      onChosen();
    },
  });
  const [isNotShared, setNotShared] = useState(false);
  const isRunning = job.data !== null && !job.data.isTerminal;
  const mayTryAgain = job.data?.canRetry ?? false;
  // What could not be done a while ago is no complaint any more, once the upload has ended or runs again.
  const isComplaint = act.error !== null && (act.variables === cancel ? isRunning : mayTryAgain);
  return (
    <>
      <div className="choices">
        {result && (
          <a
            className="button"
            href={result.preview.url}
            download={saveName(name, jobId)}
            onClick={(event) => {
              event.preventDefault();
              void save(result, saveName(name, jobId));
            }}
          >
            {say.save}
          </a>
        )}
        {result && canShare() && (
          <button
            type="button"
            className="quiet button"
            onClick={() => void share(result, saveName(name, jobId)).then((isShared) => setNotShared(!isShared))}
          >
            {say.share}
          </button>
        )}
        {compare}
        {isRunning && (
          <button type="button" className="quiet button" disabled={act.isPending} onClick={() => act.mutate(cancel)}>
            {say.cancel}
          </button>
        )}
        {mayTryAgain && (
          <button type="button" className="button" disabled={act.isPending} onClick={() => act.mutate(retry)}>
            {say.tryAgain}
          </button>
        )}
        {(job.isFailed || job.data?.expired) && (
          <a className={mayTryAgain ? "quiet button" : "button"} href={START}>
            {say.chooseAnother}
          </a>
        )}
      </div>
      <div role="alert" className="refused">
        {isComplaint && act.error && <p className="problem">{problem(act.error)}</p>}
        {isNotShared && <p className="problem">{say.notShared}</p>}
      </div>
    </>
  );
}

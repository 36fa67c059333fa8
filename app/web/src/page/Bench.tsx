/**
 * The bench: the sheet on which a photo comes up, and beside it the card that says how it goes. The sheet stays the same
 * from the sending to the reveal; the card is another one for each.
 */

import { useCallback, useEffect, useState } from "react";
import { type JobStatus, useStatus } from "../status/useStatus";
import { Compare } from "./Compare";
import { Deleted } from "./Deletion";
import { Development } from "./Development";
import { Lost } from "./Lost";
import { say } from "./language";
import { Print } from "./Print";
import { Reveal } from "./Reveal";
import type { Item, Outbox } from "./sending/outbox";
import { SendingPhoto } from "./sending/SendingPhoto";
import { smallCopyOf } from "./thumbnail";
import { endingOf, noteEnding, noteMade, removeUpload, useRecentUploads } from "./uploads";
import { isGone, useResult } from "./useResult";
import { useTitle } from "./useTitle";
import { announcement, title, waiting } from "./words";

interface Properties {
  /** A photo on its way to the server; it has no job yet. */
  sending: Item | null;
  outbox: Outbox;
  jobId: string | null;
  /** What a screen reader is to say. */
  onSpeak: (sentence: string) => void;
}

export function Bench({ sending, outbox, jobId, onSpeak }: Properties) {
  const known = useStatus(jobId);
  const result = useResult(jobId, known.data?.expired ? null : known.resultId);
  const isOver = result.error?.status === 410;
  const job = isOver ? expired(known) : known;
  const { askNow } = job;
  const isExpired = job.data?.expired ?? false;
  useEffect(() => {
    if (isOver) {
      askNow(); // its status should say so too
    }
  }, [isOver, askNow]);
  const upload = useRecentUploads().find((recent) => recent.jobId === jobId);
  const [deleted, setDeleted] = useState<string | null>(null);
  const [seen, setSeen] = useState<string | null>(null);
  const [isCompared, setCompared] = useState(false);
  const isErased = isGone(result);
  const ending = jobId === null ? undefined : isErased ? "gone" : endingOf(job);
  const isDeleted = jobId !== null && deleted === jobId;
  const isLost = ending === "gone" && !isDeleted;
  const isSeen = seen !== null && seen === jobId;

  const sentence = isLost || isDeleted ? "" : announcement(job, isSeen);
  useEffect(() => {
    onSpeak(sentence);
    return () => onSpeak("");
  }, [onSpeak, sentence]);
  useEffect(() => {
    if (jobId !== null && !job.isLoading) {
      noteEnding(jobId, ending);
    }
  }, [jobId, job.isLoading, ending]);

  const sent = sending && `${Math.round(sending.share * 100)}% ${say.sendingHeading}`;
  useTitle(isLost || isDeleted ? null : (sent ?? title(job, isSeen)));

  const sayDeleted = useCallback(() => {
    setDeleted(jobId);
    removeUpload(jobId as string);
  }, [jobId]);
  const saySeen = (picture: HTMLImageElement | null) => {
    setSeen(picture && jobId);
    if (picture && jobId !== null) {
      void smallCopyOf(picture).then((made) => made && noteMade(jobId, made));
    }
  };

  if (isDeleted) {
    return <Deleted />;
  }
  if (isLost) {
    const askAgain = () => {
      job.askNow();
      void result.refetch();
    };
    return <Lost onAskAgain={job.error || isErased ? askAgain : null} />;
  }
  const latent = sending?.thumbnail ?? upload?.thumbnail ?? null;
  const isMoving = jobId !== null && ending === undefined && waiting(job) === null;
  return (
    <section
      className="bench"
      data-status={job.isComplete && !isSeen && !isExpired ? "processing" : (job.status ?? undefined)}
    >
      <Print
        key={latent}
        latent={latent}
        ratio={sending?.ratio ?? upload?.ratio}
        developed={job.progress / 100}
        isMoving={isMoving}
        isCompared={isCompared && isSeen}
      >
        {job.resultId !== null && !isExpired && <Reveal key={job.resultId} result={result} onSeen={saySeen} />}
      </Print>
      {sending && <SendingPhoto item={sending} outbox={outbox} />}
      {jobId !== null && (
        <Development
          key={jobId}
          jobId={jobId}
          name={upload?.name}
          job={job}
          result={isSeen ? result.data : undefined}
          onDeleted={sayDeleted}
          compare={latent && isSeen ? <Compare isOn={isCompared} onChange={setCompared} /> : null}
        />
      )}
    </section>
  );
}

/** Its result was gone when it was asked for, whatever its status said before. A proxy may have written the words of the 410. */
function expired(job: JobStatus): JobStatus {
  return { ...job, data: job.data && { ...job.data, expired: true } };
}

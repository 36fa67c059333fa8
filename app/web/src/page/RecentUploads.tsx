/** The recent uploads of this browser, as a contact sheet. */

import { useEffect } from "react";
import { useStatus } from "../status/useStatus";
import { jobAddress, openJobId, SENDING, START } from "./address";
import { endingOf, forgetUpload, noteEnding, type Upload, useRecentUploads } from "./uploads";
import type { Sending } from "./useSending";

interface Properties {
  /** A photo on its way, which will be the newest of them. */
  sending: Sending | null;
  /** The address that is open. */
  open: string;
}

export function RecentUploads({ sending, open }: Properties) {
  const uploads = useRecentUploads();
  if (uploads.length === 0 && !sending) {
    return null;
  }
  return (
    <section className="contact-sheet" aria-labelledby="recent">
      <h2 id="recent">Recent uploads</h2>
      <ul>
        {sending && (
          <li data-state="running">
            <Picture
              address={SENDING}
              isOpen={open === SENDING}
              thumbnail={sending.thumbnail}
              when="Sending"
              state={`${Math.round(sending.share * 100)}%`}
            />
          </li>
        )}
        {uploads.map((upload) => (
          <Frame key={upload.jobId} upload={upload} isOpen={open === jobAddress(upload.jobId)} />
        ))}
      </ul>
      <p className="fine">This list is kept in this browser only.</p>
    </section>
  );
}

function Frame({ upload, isOpen }: { upload: Upload; isOpen: boolean }) {
  const { jobId } = upload;
  const job = useStatus(upload.ending ? null : jobId);
  const ending = upload.ending ?? endingOf(job);
  useEffect(() => {
    if (ending) {
      noteEnding(jobId, ending);
    }
  }, [jobId, ending]);

  const when = new Date(upload.submittedAt).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const state = ending ?? (job.status === "processing" ? `${job.progress}%` : "waiting");
  return (
    <li data-state={ending ?? "running"}>
      <Picture address={jobAddress(jobId)} isOpen={isOpen} thumbnail={upload.thumbnail} when={when} state={state} />
      <button
        type="button"
        className="forget"
        aria-label={`Forget the upload of ${when}`}
        onClick={() => forget(jobId)}
      >
        <span aria-hidden="true">×</span>
      </button>
    </li>
  );
}

interface PictureProperties {
  address: string;
  isOpen: boolean;
  thumbnail: string | null;
  when: string;
  state: string;
}

function Picture({ address, isOpen, thumbnail, when, state }: PictureProperties) {
  return (
    <a href={address} aria-current={isOpen || undefined}>
      {thumbnail ? <img src={thumbnail} alt="" /> : <span className="blank" />}
      <span className="caption">
        <span>{when}</span> <span className="state">{state}</span>
      </span>
    </a>
  );
}

function forget(jobId: string): void {
  forgetUpload(jobId);
  if (openJobId() === jobId) {
    location.hash = START;
  }
}

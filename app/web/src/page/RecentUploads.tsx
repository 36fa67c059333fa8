/** The recent uploads of this browser, as a contact sheet. */

import { useEffect } from "react";
import { useStatus } from "../status/useStatus";
import { jobAddress, openJobId, START } from "./address";
import { forgetUpload, noteEnding, type Upload, useRecentUploads } from "./uploads";

export function RecentUploads({ openJobId: open }: { openJobId: string | null }) {
  const uploads = useRecentUploads();
  if (uploads.length === 0) {
    return null;
  }
  return (
    <section className="contact-sheet" aria-labelledby="recent">
      <h2 id="recent">Recent uploads</h2>
      <ul>
        {uploads.map((upload) => (
          <Frame key={upload.jobId} upload={upload} isOpen={upload.jobId === open} />
        ))}
      </ul>
      <p className="fine">This list is kept in this browser only.</p>
    </section>
  );
}

function Frame({ upload, isOpen }: { upload: Upload; isOpen: boolean }) {
  const { jobId, ending } = upload;
  const { isComplete, isFailed, status, progress, error } = useStatus(ending ? null : jobId);
  const hasEnded = isComplete ? "completed" : isFailed ? "failed" : undefined;
  useEffect(() => {
    if (hasEnded) {
      noteEnding(jobId, hasEnded);
    }
  }, [jobId, hasEnded]);

  const when = new Date(upload.submittedAt).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const state = ending ?? (error?.isFinal ? "gone" : status === "processing" ? `${progress}%` : "waiting");
  return (
    <li data-state={ending ?? "running"}>
      <a href={jobAddress(jobId)} aria-current={isOpen || undefined}>
        {upload.thumbnail ? <img src={upload.thumbnail} alt="" /> : <span className="blank" />}
        <span className="caption">
          <span>{when}</span> <span className="state">{state}</span>
        </span>
      </a>
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

function forget(jobId: string): void {
  forgetUpload(jobId);
  if (openJobId() === jobId) {
    location.hash = START;
  }
}

/** The recent uploads of this browser, as a contact sheet. What is hidden from it can be shown again. */

import { useEffect, useRef, useState } from "react";
import { useStatus } from "../status/useStatus";
import { batchAddress, jobAddress } from "./address";
import { say } from "./language";
import { type Item, isUnsent } from "./sending/outbox";
import { useStorageTrouble } from "./storage";
import { endingOf, hideUpload, noteEnding, showUpload, type Upload, useRecentUploads } from "./uploads";
import { useMade } from "./useMade";
import { useToday, whenWas } from "./when";

interface Properties {
  /** Photos on their way, of which one will be the newest upload. */
  items: readonly Item[];
  /** The address that is open. */
  open: string;
}

export function RecentUploads({ items, open }: Properties) {
  const uploads = useRecentUploads();
  const trouble = useStorageTrouble();
  useToday();
  const [justHidden, setJustHidden] = useState<string | null>(null);
  const sending = items.find(isUnsent);
  if (uploads.length === 0 && !sending) {
    return null;
  }
  const shown = uploads.filter(({ isHidden }) => !isHidden);
  return (
    <section className="contact-sheet" aria-labelledby="recent">
      <h2 id="recent">{say.recentUploads}</h2>
      <ul>
        {sending && (
          <li data-state="running">
            <Picture
              address={batchAddress(sending.batch)}
              isOpen={open === batchAddress(sending.batch)}
              thumbnail={sending.thumbnail}
              when=""
              state={sending.state === "held" ? say.notSentYet : `${say.sending} ${Math.round(sending.share * 100)}%`}
            />
          </li>
        )}
        {shown.map((upload, index) => (
          <Frame
            key={upload.jobId}
            upload={upload}
            number={index + 1}
            isOpen={open === jobAddress(upload.jobId)}
            onHidden={() => setJustHidden(upload.jobId)}
          />
        ))}
      </ul>
      <Hidden uploads={uploads} latest={justHidden} />
      <p className="fine">{trouble ? say.notKept[trouble] : say.keptWhere}</p>
    </section>
  );
}

interface FrameProperties {
  upload: Upload;
  /** In the list, from 1: it tells apart what looks alike. */
  number: number;
  isOpen: boolean;
  onHidden: () => void;
}

function Frame({ upload, number, isOpen, onHidden }: FrameProperties) {
  const { jobId } = upload;
  const job = useStatus(upload.ending ? null : jobId);
  const ending = upload.ending ?? endingOf(job);
  useMade(upload, isOpen ? null : job.resultId); // the page of the open one shows its picture
  useEffect(() => {
    if (ending) {
      noteEnding(jobId, ending);
    }
  }, [jobId, ending]);

  const when = whenWas(upload.submittedAt);
  const state = ending ? say.endings[ending] : job.status === "processing" ? `${job.progress}%` : say.waiting;
  const hide = () => {
    hideUpload(jobId);
    onHidden();
  };
  const name = say.frame(number, upload.name ?? say.aPhoto);
  return (
    <li data-state={ending ?? "running"}>
      <Picture
        address={jobAddress(jobId)}
        isOpen={isOpen}
        thumbnail={upload.made ?? upload.thumbnail}
        when={when}
        state={state}
        name={name}
      />
      <button type="button" className="hide" aria-label={say.hide(name)} onClick={hide}>
        <span aria-hidden="true">×</span>
      </button>
    </li>
  );
}

/** What was hidden can come back: the last one at once, and all of them at any time. */
function Hidden({ uploads, latest }: { uploads: readonly Upload[]; latest: string | null }) {
  const hidden = uploads.filter(({ isHidden }) => isHidden);
  const undone = hidden.find(({ jobId }) => jobId === latest);
  const undo = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // The button that hid it has gone with its frame.
    if (undone) {
      undo.current?.focus();
    }
  }, [undone]);
  return (
    <div className="hidden" role="status">
      {undone && (
        <p>
          {say.hidden}{" "}
          <button ref={undo} type="button" className="link" onClick={() => showUpload(undone.jobId)}>
            {say.undo}
          </button>
        </p>
      )}
      {hidden.length > (undone ? 1 : 0) && (
        <button type="button" className="link" onClick={() => showAll(hidden)}>
          {say.showHidden(hidden.length)}
        </button>
      )}
    </div>
  );
}

function showAll(uploads: readonly Upload[]): void {
  for (const { jobId } of uploads) {
    showUpload(jobId);
  }
}

interface PictureProperties {
  address: string;
  isOpen: boolean;
  thumbnail: string | null;
  when: string;
  state: string;
  /** For those who do not see it: which photo it is, before its state and its time. */
  name?: string;
}

function Picture({ address, isOpen, thumbnail, when, state, name }: PictureProperties) {
  return (
    <a href={address} aria-current={isOpen || undefined}>
      {name && <span className="spoken">{name}, </span>}
      {thumbnail ? <img src={thumbnail} alt="" /> : <span className="blank" />}
      <span className="caption">
        <span className="state">{state}</span> <span>{when}</span>
      </span>
    </a>
  );
}

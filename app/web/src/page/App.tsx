/** The whole page: a photo goes in, one upload is watched, recent ones are listed. */

import { useCallback, useEffect, useLayoutEffect, useState } from "react";
import { jobAddress, jobIdOf, openAddress, SENDING, START, show, useOpenAddress } from "./address";
import { Bench } from "./Bench";
import { maxUploadBytes, wrongWith } from "./checkPhoto";
import { Intake } from "./Intake";
import { say } from "./language";
import { RecentUploads } from "./RecentUploads";
import { useStorageTrouble } from "./storage";
import { usePhotosFromOutside } from "./usePhotosFromOutside";
import { useSending } from "./useSending";

export function App() {
  const address = useOpenAddress();
  const [problem, setProblem] = useState<string | null>(null);
  const [spoken, setSpoken] = useState("");
  const { sending, send, stop } = useSending({ onRefused: setProblem, onEnded: leaveSending });
  const jobId = jobIdOf(address);
  const isSending = sending !== null;
  const shownSending = address === SENDING ? sending : null;
  const trouble = useStorageTrouble();
  const isAtBench = jobId !== null || shownSending !== null;

  const take = useCallback(
    async (photos: Blob[]) => {
      const wrongs = await Promise.all(photos.map((photo) => wrongWith(photo, maxUploadBytes())));
      const right = photos.filter((_, place) => wrongs[place] === null);
      setProblem(wrongs.find((wrong) => wrong !== null) ?? null);
      if (right.length > 0) {
        send(right);
        if (isSending) {
          show(SENDING);
        }
      }
    },
    [send, isSending],
  );
  const isOver = usePhotosFromOutside(take);

  // Before it is painted, or what was open until now would be seen with it.
  useLayoutEffect(() => {
    if (isSending) {
      show(SENDING);
    }
  }, [isSending]);

  // A person who opens something else has read it. What the page opens by itself keeps the complaint.
  useEffect(() => {
    const clear = () => setProblem(null);
    addEventListener("hashchange", clear);
    return () => removeEventListener("hashchange", clear);
  }, []);

  return (
    <div className="room">
      <header>
        <a className="wordmark" href={START}>
          <span className="lamp" aria-hidden="true" />
          Darkroom
        </a>
        {isAtBench && (
          <a className="quiet button" href={START}>
            New photo
          </a>
        )}
      </header>
      <main>
        <div role="alert" className="complaint">
          {problem && <p className="problem">{problem}</p>}
        </div>
        {trouble && <p className="notice">{say.notKept[trouble]}</p>}
        {isAtBench ? (
          <Bench sending={shownSending} onStop={stop} jobId={jobId} onSpeak={setSpoken} />
        ) : (
          <Intake isOver={isOver} onPhotos={take} />
        )}
        <RecentUploads sending={sending} open={address} />
      </main>
      <p className="spoken" aria-live="polite" aria-atomic="true">
        {spoken}
      </p>
    </div>
  );
}

/** A person who still looks at the photo that was sent sees its job next; one who opened another stays there. */
function leaveSending(jobId: string | null): void {
  if (openAddress() === SENDING) {
    show(jobId === null ? START : jobAddress(jobId), { replace: true });
  }
}

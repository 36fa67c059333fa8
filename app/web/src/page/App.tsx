/** The whole page: a photo goes in, one upload is watched, recent ones are listed. */

import { useCallback, useEffect, useState } from "react";
import { openJob, START, useOpenJobId } from "./address";
import { maxUploadBytes, wrongWith } from "./checkPhoto";
import { Development } from "./Development";
import { Intake } from "./Intake";
import { RecentUploads } from "./RecentUploads";
import { SendingPhoto } from "./SendingPhoto";
import { usePhotosFromOutside } from "./usePhotosFromOutside";
import { useSending } from "./useSending";

export function App() {
  const jobId = useOpenJobId();
  const [problem, setProblem] = useState<string | null>(null);
  const [spoken, setSpoken] = useState("");
  const [isLit, setLit] = useState(false);
  const { sending, send, stop } = useSending(
    (taken) => openJob(taken),
    (error) => setProblem(error.message),
  );

  const take = useCallback(
    async (photos: Blob[]) => {
      const wrongs = await Promise.all(photos.map((photo) => wrongWith(photo, maxUploadBytes())));
      const right = photos.filter((_, place) => wrongs[place] === null);
      setProblem(wrongs.find((wrong) => wrong !== null) ?? null);
      if (right.length > 0) {
        send(right);
      }
    },
    [send],
  );
  const isOver = usePhotosFromOutside(take);

  // An upload that is opened is what the page is about: an older complaint is not.
  useEffect(() => {
    if (jobId !== null) {
      setProblem(null);
    }
    setLit(false);
  }, [jobId]);

  return (
    <div className="room" data-lit={isLit || undefined}>
      <header>
        <a className="wordmark" href={START}>
          <span className="lamp" aria-hidden="true" />
          Darkroom
        </a>
        {(jobId !== null || sending) && (
          <a className="quiet button" href={START}>
            New photo
          </a>
        )}
      </header>
      <main>
        {sending && <SendingPhoto sending={sending} onStop={stop} />}
        {jobId !== null && !sending ? (
          <Development key={jobId} jobId={jobId} onSpeak={setSpoken} onLight={setLit} />
        ) : (
          !sending && <Intake problem={problem} isOver={isOver} onPhotos={take} />
        )}
        <RecentUploads openJobId={sending ? null : jobId} />
      </main>
      <p className="spoken" aria-live="polite" aria-atomic="true">
        {spoken}
      </p>
    </div>
  );
}

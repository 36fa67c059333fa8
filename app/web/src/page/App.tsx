/** The whole page: a photo goes in, one upload is watched, recent ones are listed. */

import { useCallback, useEffect, useState } from "react";
import { openJob, START, useOpenJobId } from "./address";
import { Bench } from "./Bench";
import { maxUploadBytes, wrongWith } from "./checkPhoto";
import { Intake } from "./Intake";
import { RecentUploads } from "./RecentUploads";
import { usePhotosFromOutside } from "./usePhotosFromOutside";
import { useSending } from "./useSending";

export function App() {
  const jobId = useOpenJobId();
  const [problem, setProblem] = useState<string | null>(null);
  const [spoken, setSpoken] = useState("");
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
  const watched = sending ? null : jobId;

  // Whoever opens something else has read it. What the page opens by itself leaves the complaint standing.
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
        {(jobId !== null || sending) && (
          <a className="quiet button" href={START}>
            New photo
          </a>
        )}
      </header>
      <main>
        <div role="alert" className="complaint">
          {problem && <p className="problem">{problem}</p>}
        </div>
        {sending || watched !== null ? (
          <Bench sending={sending} onStop={stop} jobId={watched} onSpeak={setSpoken} />
        ) : (
          <Intake isOver={isOver} onPhotos={take} />
        )}
        <RecentUploads openJobId={watched} />
      </main>
      <p className="spoken" aria-live="polite" aria-atomic="true">
        {spoken}
      </p>
    </div>
  );
}

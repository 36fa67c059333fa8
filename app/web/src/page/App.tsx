/** The whole page: photos go in, one upload or several are watched, recent ones are listed. */

import { useCallback, useEffect, useLayoutEffect, useState } from "react";
import { batchAddress, batchOf, jobAddress, jobIdOf, START, show, useOpenAddress } from "./address";
import { Bench } from "./Bench";
import { maxUploadBytes, wrongWith } from "./checkPhoto";
import { Intake } from "./Intake";
import { say } from "./language";
import { RecentUploads } from "./RecentUploads";
import { Refusals } from "./Refusals";
import { Left } from "./sending/Left";
import type { Refused } from "./sending/outbox";
import { useOutbox } from "./sending/useOutbox";
import { Several } from "./several/Several";
import { useStorageTrouble } from "./storage";
import { useRecentUploads } from "./uploads";
import { useKeptFocus } from "./useKeptFocus";
import { usePhotosFromOutside } from "./usePhotosFromOutside";

export function App() {
  useKeptFocus();
  const address = useOpenAddress();
  const [spoken, setSpoken] = useState("");
  const { outbox, items } = useOutbox();
  const uploads = useRecentUploads();
  const trouble = useStorageTrouble();

  const take = useCallback(
    async (photos: File[], refused: Refused[] = []) => {
      const wrongs = await Promise.all(photos.map((photo) => wrongWith(photo, maxUploadBytes())));
      const chosen = photos.map((photo, index) => ({ photo, name: photo.name, wrong: wrongs[index] ?? null }));
      const batch = outbox.add([...chosen, ...refused]);
      if (wrongs.includes(null)) {
        show(batchAddress(batch));
      }
    },
    [outbox],
  );
  const isOver = usePhotosFromOutside(take);

  const jobId = jobIdOf(address);
  const batch = batchOf(address);
  const batchItems = items.filter((item) => item.batch === batch);
  const batchUploads = uploads.filter((upload) => upload.batch === batch).reverse();
  const isSeveral = batch !== null && batchItems.length + batchUploads.length > 1;
  const single = isSeveral ? undefined : batchItems[0];
  const sending = single?.state === "refused" ? undefined : single;
  const taken = batchUploads[0]?.jobId ?? outbox.takenOf(batch ?? "");
  const isAtBench = jobId !== null || sending !== undefined;

  // Before it is painted: what was a photo on its way is an upload by now, or nothing.
  const isBatchOver = batch !== null && !isSeveral && !sending;
  useLayoutEffect(() => {
    if (isBatchOver) {
      show(taken ? jobAddress(taken) : START, { replace: true });
    }
  }, [isBatchOver, taken]);

  const refused = items.filter((item) => item.state === "refused" && !(isSeveral && item.batch === batch));
  const closeRefusals = () => outbox.discard(refused.map(({ key }) => key));
  // A person who opens something else has read it. What the page opens by itself keeps the complaint.
  useEffect(() => {
    const clear = () =>
      outbox.discard(
        outbox
          .items()
          .filter(({ state }) => state === "refused")
          .map(({ key }) => key),
      );
    addEventListener("hashchange", clear);
    return () => removeEventListener("hashchange", clear);
  }, [outbox]);

  const onSent = () => show(batchAddress(outbox.items().find(({ state }) => state !== "refused")?.batch ?? ""));
  return (
    <div className="room">
      <header>
        <a className="wordmark" href={START}>
          <span className="lamp" aria-hidden="true" />
          Darkroom
        </a>
        {(isAtBench || isSeveral) && (
          <a className="quiet button" href={START}>
            {say.newPhoto}
          </a>
        )}
      </header>
      <main>
        <Refusals items={refused} onClose={closeRefusals} />
        {trouble && <p className="notice">{say.notKept[trouble]}</p>}
        <Left items={items} outbox={outbox} onSent={onSent} />
        {isSeveral && <Several items={batchItems} uploads={batchUploads} outbox={outbox} />}
        {isAtBench && <Bench sending={sending ?? null} outbox={outbox} jobId={jobId} onSpeak={setSpoken} />}
        {!isSeveral && !isAtBench && <Intake isOver={isOver} onPhotos={take} />}
        <RecentUploads items={items} open={address} />
      </main>
      {isOver && (isSeveral || isAtBench) && <div className="over-all">{say.letGo}</div>}
      <p className="spoken" aria-live="polite" aria-atomic="true">
        {spoken}
      </p>
    </div>
  );
}

/** The pictures of an upload, for an agent with a reason. Each one is recorded, and its link ends within a minute. */

import { useState } from "react";
import type { PicturesBody } from "../../status/schema";
import { ask } from "../api";
import { Dialog } from "../Dialog";
import { ReasonDialog } from "../help/ReasonDialog";

const NAMES = [
  ["original", "The photo that the owner sent"],
  ["result", "The full picture"],
  ["preview", "The preview that the owner sees"],
] as const;

export function Pictures({ jobId }: { jobId: string }) {
  const [isAsking, setAsking] = useState(false);
  const [pictures, setPictures] = useState<PicturesBody | null>(null);
  return (
    <>
      <button type="button" className="quiet button" onClick={() => setAsking(true)}>
        Look at the pictures…
      </button>
      {isAsking && (
        <ReasonDialog<PicturesBody>
          title="Look at the pictures?"
          what="They belong to the owner. That you looked, and why, is recorded."
          label="Look"
          example="The owner wrote that it shows another person, ticket 4711."
          onClose={() => setAsking(false)}
          send={({ words }) => ask(`/uploads/${jobId}/pictures`, { method: "POST", json: { reason: words } })}
          onDone={(answer) => {
            setAsking(false);
            setPictures(answer);
          }}
        />
      )}
      {pictures && (
        <Dialog title="Its pictures" onClose={() => setPictures(null)}>
          <div className="pictures">
            {NAMES.map(([name, words]) => (
              <figure key={name}>
                {pictures[name] ? <img src={pictures[name].url} alt={words} /> : <p className="fine">There is none.</p>}
                <figcaption>{words}</figcaption>
              </figure>
            ))}
          </div>
          <button type="button" className="button" onClick={() => setPictures(null)}>
            Close
          </button>
        </Dialog>
      )}
    </>
  );
}

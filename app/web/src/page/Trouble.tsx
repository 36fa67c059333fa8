/** A trouble that passes: what it is, when it is tried again by itself, and a button that tries it now. */

import { say } from "./language";
import { useSecondsUntil } from "./useSecondsUntil";

interface Properties {
  why: string;
  /** In milliseconds since 1970; nothing, while it is being tried. */
  retryAt: number | null;
  onNow: () => void;
}

export function Trouble({ why, retryAt, onNow }: Properties) {
  const seconds = useSecondsUntil(retryAt);
  return (
    <div className="trouble">
      <p role="status">{why}</p>
      <p>
        {seconds === null ? (
          say.tryingNow
        ) : (
          <>
            <span aria-live="off">{say.triedAgain(seconds)}</span>{" "}
            <button type="button" className="link" onClick={onNow}>
              {say.tryNow}
            </button>
          </>
        )}
      </p>
    </div>
  );
}

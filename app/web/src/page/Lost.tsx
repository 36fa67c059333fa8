/** Shown for a job that this browser does not own, or that does not exist (any more). */

import { START } from "./address";
import { say } from "./language";
import { useFocusOnArrival } from "./useFocusOnArrival";

interface Properties {
  /** Darkroom said that there is no such upload. It may have been wrong: asking again is possible. */
  onAskAgain: (() => void) | null;
}

export function Lost({ onAskAgain }: Properties) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  return (
    <section className="easel">
      <h1 ref={title} tabIndex={-1}>
        {say.lostHeading}
      </h1>
      <p>{say.lostExplained}</p>
      <div className="choices">
        <a className="button" href={START}>
          {say.choosePhoto}
        </a>
        {onAskAgain && (
          <button type="button" className="quiet button" onClick={onAskAgain}>
            {say.askAgain}
          </button>
        )}
      </div>
    </section>
  );
}

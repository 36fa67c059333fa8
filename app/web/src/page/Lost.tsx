/** Shown for a job that this browser does not own, or that does not exist (any more). */

import { START } from "./address";
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
        There is no such upload here
      </h1>
      <p>An upload can be seen only in the browser that sent it, and only for as long as Darkroom keeps it.</p>
      <div className="choices">
        <a className="button" href={START}>
          Choose a photo
        </a>
        {onAskAgain && (
          <button type="button" className="quiet button" onClick={onAskAgain}>
            Ask again
          </button>
        )}
      </div>
    </section>
  );
}

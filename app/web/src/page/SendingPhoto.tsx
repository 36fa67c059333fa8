/** The card of a photo on its way to the server. */

import { Bar } from "./Bar";
import { Stages } from "./Stages";
import { useFocusOnArrival } from "./useFocusOnArrival";
import type { Sending } from "./useSending";

export function SendingPhoto({ sending, onStop }: { sending: Sending; onStop: () => void }) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const percent = Math.round(sending.share * 100);
  return (
    <div className="card">
      <h1 ref={title} tabIndex={-1}>
        Sending your photo
      </h1>
      <p className="figure">
        {percent}
        <small>%</small>
      </p>
      <Bar key={`${sending.key}, ${sending.failures}`} label="Sent" percent={percent} />
      <p>{behind(sending.waiting)}</p>
      <div role="status">
        {sending.trouble && <p className="trouble">{sending.trouble.message} It will be sent again in a moment.</p>}
      </div>
      <Stages stage={null} progress={0} />
      <div className="choices">
        <button type="button" className="quiet button" onClick={onStop}>
          Stop sending
        </button>
      </div>
    </div>
  );
}

function behind(waiting: number): string {
  switch (waiting) {
    case 0:
      return "Please keep this page open until it has arrived.";
    case 1:
      return "One more follows. Please keep this page open until both have arrived.";
    default:
      return `${waiting} more follow. Please keep this page open until all have arrived.`;
  }
}

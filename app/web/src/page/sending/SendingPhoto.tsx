/** The card of a photo on its way to the server. */

import { Bar } from "../Bar";
import { say } from "../language";
import { Slot } from "../Slot";
import { Stages } from "../Stages";
import { Trouble } from "../Trouble";
import { useFocusOnArrival } from "../useFocusOnArrival";
import type { Item, Outbox } from "./outbox";

export function SendingPhoto({ item, outbox }: { item: Item; outbox: Outbox }) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  const { key, state, share, failures, reason, retryAt } = item;
  const percent = Math.round(share * 100);
  const isHeld = state === "held" || state === "left";
  const discard = () => outbox.discard([key]);
  return (
    <div className="card">
      <h1 ref={title} tabIndex={-1}>
        {isHeld ? say.notSentYet : say.sendingHeading}
      </h1>
      <Slot percent={isHeld ? null : percent}>
        <div className="choices">
          {isHeld && (
            <button type="button" className="button" onClick={() => outbox.send([key])}>
              {say.sendAgain}
            </button>
          )}
          <button type="button" className="quiet button" onClick={discard}>
            {isHeld ? say.doNotSend : say.stopSending}
          </button>
        </div>
        {!isHeld && <Bar key={`${key}, ${failures}`} label={say.sent} percent={percent} />}
      </Slot>
      {!isHeld && <p className="told">{say.keepPageOpen}</p>}
      {isHeld && reason && (
        <p role="alert" className="problem">
          {reason}
        </p>
      )}
      {!isHeld && reason && <Trouble why={reason} retryAt={retryAt} onNow={() => outbox.sendNow()} />}
      {!isHeld && <Stages stage={null} progress={0} />}
    </div>
  );
}

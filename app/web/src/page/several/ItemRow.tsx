/** The row of a photo that is not taken in yet, or was refused. */

import { say } from "../language";
import type { Item, Outbox } from "../sending/outbox";
import { useSecondsUntil } from "../useSecondsUntil";
import { Row } from "./Row";

export function ItemRow({ label, item, outbox }: { label: string; item: Item; outbox: Outbox }) {
  const { key, name, thumbnail, state, share, reason, retryAt } = item;
  const seconds = useSecondsUntil(retryAt);
  const percent = Math.round(share * 100);
  const isHeld = state === "held" || state === "left";
  const told = () => {
    if (reason) {
      return seconds === null ? reason : `${reason} ${say.triedAgain(seconds)}`;
    }
    return state === "sending" ? `${say.sending} ${percent}%` : isHeld ? say.notSentYet : say.waitsToBeSent;
  };
  return (
    <Row
      thumbnail={thumbnail}
      name={name}
      label={label}
      state={told()}
      isProblem={state === "refused" || state === "held"}
      percent={state === "sending" ? percent : null}
    >
      {isHeld && (
        <button
          type="button"
          className="quiet button"
          aria-label={`${say.sendAgain}: ${label}`}
          onClick={() => outbox.send([key])}
        >
          {say.sendAgain}
        </button>
      )}
      {state !== "refused" && (
        <button
          type="button"
          className="link"
          aria-label={`${say.stop}: ${label}`}
          onClick={() => outbox.discard([key])}
        >
          {say.stop}
        </button>
      )}
    </Row>
  );
}

/** Photos that were not sent when the page was closed, offered again. */

import { say } from "../language";
import type { Item, Outbox } from "./outbox";

export function Left({ items, outbox, onSent }: { items: readonly Item[]; outbox: Outbox; onSent: () => void }) {
  const left = items.filter(({ state }) => state === "left");
  const keys = left.map(({ key }) => key);
  if (left.length === 0) {
    return null;
  }
  const names = left.map(({ name }) => name).filter((name) => name !== "");
  return (
    <section className="notice" aria-label={say.left(left.length)}>
      <p>
        {say.left(left.length)} {names.length > 0 && <bdi>{names.join(", ")}</bdi>}
      </p>
      <div className="choices">
        <button
          type="button"
          className="button"
          onClick={() => {
            outbox.send(keys);
            onSent();
          }}
        >
          {say.sendThem(left.length)}
        </button>
        <button type="button" className="quiet button" onClick={() => outbox.discard(keys)}>
          {say.discardThem(left.length)}
        </button>
      </div>
    </section>
  );
}

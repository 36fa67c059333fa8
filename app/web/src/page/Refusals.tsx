/** Photos that were not taken, each with its name and its reason. It can be closed, and goes with the next choice. */

import { say } from "./language";
import type { Item } from "./sending/outbox";

export function Refusals({ items, onClose }: { items: readonly Item[]; onClose: () => void }) {
  return (
    <div className="complaint">
      <div role="alert">
        {items.length === 1 && <p className="problem">{items[0]?.reason}</p>}
        {items.length > 1 && (
          <div className="problem">
            <p>{say.noneTaken(items.length)}</p>
            <ul>
              {items.map(({ key, name, reason }) => (
                <li key={key}>
                  <bdi>{name || say.aPhoto}</bdi>: {reason}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
      {items.length > 0 && (
        <button type="button" className="close" aria-label={say.close} onClick={onClose}>
          <span aria-hidden="true">×</span>
        </button>
      )}
    </div>
  );
}

/** What the single keys do, and the switch that turns them off. */

import { Dialog } from "./Dialog";
import { KEYS, switchKeys, useAreKeysOn } from "./keys";

export function Keys({ onClose }: { onClose: () => void }) {
  const areOn = useAreKeysOn();
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={areOn} onChange={({ target }) => switchKeys(target.checked)} />
        <span>These keys are on</span>
      </label>
      <div className="choices">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

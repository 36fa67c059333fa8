/** Begins a dry run over a search: which uploads it is about is said before anything is changed. */

import type { PlannedBody, Role } from "../../status/schema";
import { bulkAddress, go } from "../address";
import { ask } from "../api";
import { type Filters, inWords } from "../filters";
import { ReasonDialog } from "../help/ReasonDialog";
import { covers } from "../session";
import { BULK_ACTIONS } from "./words";

interface Given {
  filters: Filters;
  role: Role;
  onClose: () => void;
}

export function BulkDialog({ filters, role, onClose }: Given) {
  const choices = BULK_ACTIONS.filter(({ needs }) => covers(role, needs));
  return (
    <ReasonDialog<PlannedBody>
      title="Help all of these"
      what={
        <>
          This is a dry run over “{inWords(filters)}”: it changes nothing, and shows which uploads it is about. You then
          have ten minutes to start it.
        </>
      }
      label="Dry run"
      example="The image model was away at nine, ticket 4711."
      send={({ words, form }) =>
        ask("/bulk", { method: "POST", json: { action: form.get("action"), reason: words, search: filters } })
      }
      onDone={({ bulk }) => go(bulkAddress(bulk.bulkId))}
      onClose={onClose}
    >
      <fieldset>
        <legend>What to do with each</legend>
        {choices.map(({ name, label }, index) => (
          <label key={name} className="check">
            <input type="radio" name="action" value={name} defaultChecked={index === 0} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
    </ReasonDialog>
  );
}

/** The dialog of a decision on a group of failures. */

import { useQueryClient } from "@tanstack/react-query";
import type { DecidedBody, GroupBody } from "../../status/schema";
import { ask } from "../api";
import { ReasonDialog } from "../help/ReasonDialog";
import { FAILURES_KEY } from "../queryKeys";
import type { DecisionWords } from "./decisions";

interface Given {
  group: GroupBody;
  decision: DecisionWords;
  onClose: () => void;
  onDone: (answer: DecidedBody) => void;
}

export function DecisionDialog({ group, decision, onClose, onDone }: Given) {
  const client = useQueryClient();
  return (
    <ReasonDialog<DecidedBody>
      title={decision.title}
      what={decision.what}
      label={decision.label}
      example={decision.example}
      onClose={onClose}
      send={({ words, form }) =>
        ask(`/failures/${group.id}/${decision.name}`, { method: "POST", json: { reason: words, ...limitsIn(form) } })
      }
      onDone={(answer) => {
        onDone(answer);
        void client.invalidateQueries({ queryKey: FAILURES_KEY });
      }}
    >
      {decision.name === "ignore" && (
        <div className="further">
          <label>
            <span>Until this day (UTC)</span>
            <input type="date" name="until" />
          </label>
          <label>
            <span>Or for so many further uploads</span>
            <input type="number" name="uploads" min={1} />
          </label>
        </div>
      )}
    </ReasonDialog>
  );
}

function limitsIn(form: FormData): { until?: string; uploads?: number } {
  const until = form.get("until");
  const uploads = Number(form.get("uploads"));
  return { ...(until && { until: String(until) }), ...(uploads > 0 && { uploads }) };
}

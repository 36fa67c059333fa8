/** The dialog of an action on one upload. */

import { useQueryClient } from "@tanstack/react-query";
import type { ActionBody } from "../../status/schema";
import { ask } from "../api";
import { timelineKey, UPLOADS_KEY } from "../queryKeys";
import type { ActionWords } from "./offered";
import { ReasonDialog } from "./ReasonDialog";

interface Given {
  jobId: string;
  action: ActionWords;
  onClose: () => void;
  onDone: (answer: ActionBody) => void;
}

export function ActionDialog({ jobId, action, onClose, onDone }: Given) {
  const client = useQueryClient();
  return (
    <ReasonDialog<ActionBody>
      title={action.title}
      what={action.what}
      label={action.label}
      field={action.field === "note" ? "Note" : "Why"}
      example={action.example}
      onClose={onClose}
      send={({ words, key }) =>
        ask(`/uploads/${jobId}/${action.name}`, {
          method: "POST",
          json: { [action.field]: words },
          headers: { "Idempotency-Key": key },
        })
      }
      onDone={(answer) => {
        onDone(answer);
        void client.invalidateQueries({ queryKey: timelineKey(jobId) });
        void client.invalidateQueries({ queryKey: UPLOADS_KEY });
      }}
    />
  );
}

/** Asks for the reason of an action, and says what it does. One dialog is one request: sent again, it acts once. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useRef } from "react";
import type { ActionBody } from "../../status/schema";
import { ask } from "../api";
import { Dialog } from "../Dialog";
import { Problem } from "../Problem";
import { timelineKey } from "../read/useTimeline";
import { newKey } from "./newKey";
import type { ActionWords } from "./offered";

const LONGEST = 500;

interface Given {
  jobId: string;
  action: ActionWords;
  onClose: () => void;
  onDone: (answer: ActionBody) => void;
}

export function ActionDialog({ jobId, action, onClose, onDone }: Given) {
  const client = useQueryClient();
  const hint = useId();
  // A key is good for one reason: the server refuses it with another.
  const sent = useRef({ reason: "", key: "" });
  const { mutate, error, isPending } = useMutation({
    mutationFn: (reason: string) => {
      if (sent.current.reason !== reason) {
        sent.current = { reason, key: newKey() };
      }
      const headers = { "Idempotency-Key": sent.current.key };
      return ask<ActionBody>(`/uploads/${jobId}/${action.name}`, { method: "POST", json: { reason }, headers });
    },
    onSuccess: async (answer) => {
      onDone(answer);
      await client.invalidateQueries({ queryKey: timelineKey(jobId) });
      await client.invalidateQueries({ queryKey: ["uploads"] });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate(String(new FormData(event.currentTarget).get("reason")).trim());
  };
  return (
    <Dialog title={`${action.label} this upload?`} onClose={onClose}>
      <form className="asked" onSubmit={submit}>
        <p>{action.what}</p>
        <label>
          <span>Why</span>
          <textarea
            name="reason"
            required
            rows={3}
            maxLength={LONGEST}
            placeholder={action.example}
            aria-describedby={hint}
            autoFocus
          />
        </label>
        <p id={hint} className="fine">
          It is kept for ever, for the colleague who reads it in a year: no e-mail address, no filename, no token.
        </p>
        {error && <Problem error={error} />}
        <div className="choices">
          <button type="submit" className="button" disabled={isPending} data-action={action.name}>
            {isPending ? "One moment…" : action.label}
          </button>
          <button type="button" className="quiet button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Asks why, says what will happen, and sends it. One dialog is one request: sent again after a fault, it acts once. */

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useRef } from "react";
import { Dialog } from "../Dialog";
import { Problem } from "../Problem";
import { newKey } from "./newKey";

const LONGEST = 500;

export interface Given {
  /** The words in the field, without the space around them. */
  words: string;
  form: FormData;
  /** Good for these words and no others: the server refuses it with others. */
  key: string;
}

interface Asked<Answer> {
  title: string;
  /** What happens if it is sent. */
  what: ReactNode;
  /** On the button. */
  label: string;
  /** Of the field. */
  field?: string;
  example: string;
  /** Further fields. */
  children?: ReactNode;
  send: (given: Given) => Promise<Answer>;
  onDone: (answer: Answer) => void;
  onClose: () => void;
}

export function ReasonDialog<Answer>(asked: Asked<Answer>) {
  const { title, what, label, field = "Why", example, children, send, onDone, onClose } = asked;
  const hint = useId();
  const sent = useRef({ said: "", key: "" });
  const { mutate, error, isPending } = useMutation({ mutationFn: send, onSuccess: onDone });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const said = JSON.stringify([...form.entries()]);
    if (sent.current.said !== said) {
      sent.current = { said, key: newKey() };
    }
    mutate({ words: String(form.get("words")).trim(), form, key: sent.current.key });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="asked" onSubmit={submit}>
        <p>{what}</p>
        {children}
        <label>
          <span>{field}</span>
          <textarea
            name="words"
            required
            rows={3}
            maxLength={LONGEST}
            placeholder={example}
            aria-describedby={hint}
            autoFocus
          />
        </label>
        <p id={hint} className="fine">
          It is kept for ever, for the colleague who reads it in a year: no e-mail address, no filename, no token.
        </p>
        {error && <Problem error={error} />}
        <div className="choices">
          <button type="submit" className="button" disabled={isPending}>
            {isPending ? "One moment…" : label}
          </button>
          <button type="button" className="quiet button" onClick={onClose}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

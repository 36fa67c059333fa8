/** Asks why, says what will happen, and sends it. One dialog is one request: sent again after a fault, it acts once. */

import { type ReactNode, useId, useRef } from "react";
import { newKey } from "../../newKey";
import { FormDialog } from "../FormDialog";

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
  const sendOnce = (form: FormData) => {
    const said = JSON.stringify([...form.entries()]);
    if (sent.current.said !== said) {
      sent.current = { said, key: newKey() };
    }
    return send({ words: String(form.get("words")).trim(), form, key: sent.current.key });
  };
  return (
    <FormDialog<Answer> title={title} label={label} send={sendOnce} onDone={onDone} onClose={onClose}>
      <p>{what}</p>
      {children}
      <label>
        <span>{field}</span>
        <textarea name="words" required rows={3} maxLength={LONGEST} placeholder={example} aria-describedby={hint} />
      </label>
      <p id={hint} className="fine">
        It is kept for ever, for the colleague who reads it in a year: no e-mail address, no filename, no token.
      </p>
    </FormDialog>
  );
}

/** A dialog that asks for something, and sends it. What the server refuses is said in it, and can be mended. */

import { useMutation } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { Dialog } from "./Dialog";
import { Problem } from "./Problem";

interface Asked<Answer> {
  title: string;
  /** On the button. */
  label: string;
  /** What happens if it is sent, and the fields. */
  children: ReactNode;
  send: (form: FormData) => Promise<Answer>;
  onDone: (answer: Answer) => void;
  onClose: () => void;
}

export function FormDialog<Answer>({ title, label, children, send, onDone, onClose }: Asked<Answer>) {
  // An answer may hold a token: the client forgets it with the dialog.
  const { mutate, error, isPending } = useMutation({ mutationFn: send, onSuccess: onDone, gcTime: 0 });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate(new FormData(event.currentTarget));
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="asked" onSubmit={submit}>
        {children}
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

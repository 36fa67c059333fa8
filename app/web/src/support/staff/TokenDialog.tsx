/** A token, shown once: it is in no other answer of the server, and in nothing that this page keeps. */

import { useEffect, useRef, useState } from "react";
import type { TokenBody } from "../../status/schema";
import { Dialog } from "../Dialog";
import { untilWords } from "./access";

export function TokenDialog({ answer: { member, token }, onClose }: { answer: TokenBody; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState("");
  useEffect(() => field.current?.select(), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(token);
      setTold("Copied.");
    } catch {
      field.current?.select();
      setTold("This browser does not let the page copy. The token is selected: copy it with your keys.");
    }
  };
  return (
    <Dialog title={`The token of ${member.name}`} onClose={onClose}>
      <p>
        It is shown once, here. Hand it over by a way that you trust: it opens the console to its holder. If it is lost,
        give a new one.
      </p>
      {member.state === "ended" && member.until && (
        <p className="trouble">
          It opens nothing yet: the access of {member.name} was until {untilWords(member.until)}. Give a new token with
          another last day.
        </p>
      )}
      <label>
        <span>Token of {member.name}</span>
        <input ref={field} className="text" readOnly value={token} autoComplete="off" spellCheck={false} />
      </label>
      <div className="choices">
        <button type="button" className="button" onClick={copy}>
          Copy
        </button>
        <button type="button" className="quiet button" onClick={onClose}>
          I have it
        </button>
        <span role="status" className="fine">
          {told}
        </span>
      </div>
    </Dialog>
  );
}

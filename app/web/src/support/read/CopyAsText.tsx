/** Copies the timeline as text, for a ticket. Where a page may not use the clipboard, the text is shown to be copied. */

import { useState } from "react";
import type { TimelineBody } from "../../status/schema";
import { asText } from "./asText";

export function CopyAsText({ body }: { body: TimelineBody }) {
  const [told, setTold] = useState("");
  const [text, setText] = useState("");
  const copy = async () => {
    const written = asText(body);
    try {
      await navigator.clipboard.writeText(written);
      setTold("Copied. It contains nothing personal.");
      setText("");
    } catch {
      setTold("This browser does not let the page copy. Copy it from here:");
      setText(written);
    }
  };
  return (
    <>
      <button type="button" className="quiet button" onClick={copy}>
        Copy as text
      </button>
      <span role="status" className="fine">
        {told}
      </span>
      {text && <textarea className="text" aria-label="The timeline as text" readOnly rows={12} value={text} />}
    </>
  );
}

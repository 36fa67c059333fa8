/** Asks whether the person wants to be told of the end while looking at something else. */

import { useState } from "react";
import { say } from "./language";
import { askToNotify, canNotify, willNotify } from "./notify";

export function NotifyMe() {
  const [answer, setAnswer] = useState<string | null>(willNotify() ? say.willNotify : null);
  if (answer !== null) {
    return (
      <p className="fine" role="status">
        {answer}
      </p>
    );
  }
  const ask = async () => setAnswer((await askToNotify()) ? say.willNotify : say.mayNotNotify);
  return canNotify() ? (
    <button type="button" className="link" onClick={() => void ask()}>
      {say.notify}
    </button>
  ) : null;
}

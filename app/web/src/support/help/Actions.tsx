/** What the person can do about an upload. What the role does not allow is not offered; the sentence says who may. */

import { useEffect, useRef, useState } from "react";
import type { ActionBody, StaffSessionBody, TimelineBody } from "../../status/schema";
import { ActionDialog } from "./ActionDialog";
import { type ActionWords, offered, possible } from "./offered";

export function Actions({ body, person }: { body: TimelineBody; person: StaffSessionBody }) {
  const [asked, setAsked] = useState<ActionWords | null>(null);
  const [done, setDone] = useState<ActionBody | null>(null);
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (done) {
      outcome.current?.focus();
    }
  }, [done]);
  const actions = offered(body, person.role);
  const others = possible(body).filter((action) => !actions.includes(action));
  const onDone = (answer: ActionBody) => {
    setAsked(null);
    setDone(answer);
  };
  return (
    <section className="help" aria-labelledby="help">
      <h2 id="help">Help</h2>
      {actions.length > 0 && (
        <div className="choices">
          {actions.map((action) => (
            <button
              key={action.name}
              type="button"
              className={action.name === "retry" ? "button" : "quiet button"}
              data-action={action.name}
              onClick={() => setAsked(action)}
            >
              {action.label}…
            </button>
          ))}
        </div>
      )}
      {others.length > 0 && <p className="fine">{mayNot(others, person)}</p>}
      {actions.length === 0 && others.length === 0 && <p className="fine">There is nothing to do about it.</p>}
      <div ref={outcome} tabIndex={-1} role="status" className="next">
        {done && (
          <>
            <strong>{done.changed ? "Done." : "Nothing has changed."}</strong> {done.next}
          </>
        )}
      </div>
      {asked && <ActionDialog jobId={body.jobId} action={asked} onClose={() => setAsked(null)} onDone={onDone} />}
    </section>
  );
}

function mayNot(actions: ActionWords[], { name, role }: StaffSessionBody): string {
  const takes = (["agent", "admin"] as const).map((needed) => {
    const labels = actions.filter(({ needs }) => needs === needed).map(({ label }) => label.toLowerCase());
    return labels.length > 0 && `${labels.join(" and ")} ${labels.length > 1 ? "take" : "takes"} an ${needed}`;
  });
  return `${name} is ${role === "viewer" ? "a" : "an"} ${role}: ${takes.filter(Boolean).join(", ")}.`;
}

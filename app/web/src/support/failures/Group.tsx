/** One group of failures. */

import type { GroupBody } from "../../status/schema";
import { FIND, uploadAddress, withQuery } from "../address";
import { ago, moment } from "../times";
import { actorWords, capital, codeWords } from "../words";
import { Curve } from "./Curve";
import { type DecisionWords, decisionsOn } from "./decisions";

interface Given {
  group: GroupBody;
  mayHelp: boolean;
  onHelpAll: () => void;
  onDecide: (decision: DecisionWords) => void;
}

export function Group({ group, mayHelp, onHelpAll, onDecide }: Given) {
  const { id, code, stage, cause, state, uploads, sessions, first, last, curve, sample, decision } = group;
  return (
    <li data-state={state} aria-labelledby={`group-${id}`}>
      <div>
        <h2 id={`group-${id}`}>
          {capital(codeWords(code))}
          {stage && <span className="fine"> at {stage}</span>}{" "}
          {state !== "open" && <span className="mark">{state}</span>}
        </h2>
        <p className="cause">{cause}</p>
        <p className="fine">
          <code>{code}</code>
        </p>
      </div>
      <p className="counts">
        <b>{uploads.toLocaleString("en")}</b> {uploads === 1 ? "upload" : "uploads"},{" "}
        <b>{sessions.toLocaleString("en")}</b> {sessions === 1 ? "session" : "sessions"}
        <br />
        <span className="fine">
          since <time dateTime={first}>{moment(first)}</time>, last{" "}
          <time dateTime={last} title={`${moment(last)} UTC`}>
            {ago(last)}
          </time>
        </span>
      </p>
      <Curve days={curve} />
      {decision && (
        <p className="fine decided">
          {capital(decision.decision)} by {actorWords(decision.by).who}, {ago(decision.at)}: <q>{decision.reason}</q>
          {decision.until && ` Until ${moment(decision.until)}.`}
          {decision.untilUploads !== null && ` Until it has happened to ${decision.untilUploads} uploads.`}
        </p>
      )}
      <p className="choices">
        <a className="quiet button" href={withQuery(FIND, { failureGroup: id })}>
          Its uploads
        </a>
        {sample && (
          <a className="quiet button" href={uploadAddress(sample)}>
            A sample
          </a>
        )}
        {mayHelp && (
          <button type="button" className="quiet button" onClick={onHelpAll}>
            Help all…
          </button>
        )}
        {mayHelp &&
          decisionsOn(group).map((choice) => (
            <button key={choice.name} type="button" className="quiet button" onClick={() => onDecide(choice)}>
              {choice.label}…
            </button>
          ))}
      </p>
    </li>
  );
}

/** Failures in groups: what happens to many, since when, and what was decided about it. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DecidedBody, GroupBody, GroupsBody, StaffSessionBody } from "../../status/schema";
import { FAILURES, useAddress, withQuery } from "../address";
import { ask } from "../api";
import { BulkDialog } from "../bulk/BulkDialog";
import { Problem } from "../Problem";
import { FAILURES_KEY } from "../queryKeys";
import { covers } from "../session";
import { useTitle } from "../useTitle";
import { DecisionDialog } from "./DecisionDialog";
import type { DecisionWords } from "./decisions";
import { Group } from "./Group";

const VIEWS = [
  ["", "Need a look"],
  ["resolved", "Resolved"],
  ["ignored", "Ignored"],
  ["all", "All"],
] as const;

interface Deciding {
  group: GroupBody;
  decision: DecisionWords;
}

export function Failures({ person }: { person: StaffSessionBody }) {
  useTitle("Failures");
  const { query } = useAddress();
  const view = query.get("state") ?? "";
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: FAILURES_KEY,
    queryFn: ({ signal }) => ask<GroupsBody>("/failures", { signal }),
  });
  const [deciding, setDeciding] = useState<Deciding | null>(null);
  const [helped, setHelped] = useState<GroupBody | null>(null);
  const [decided, setDecided] = useState<DecidedBody | null>(null);
  const groups = data?.groups.filter((group) => isIn(group, view));
  return (
    <>
      <h1>Failures</h1>
      <p>Failures of the same code, stage and cause are one group. A cancel is no failure.</p>
      <nav className="saved" aria-label="Which groups">
        <ul>
          {VIEWS.map(([state, name]) => (
            <li key={name}>
              <a href={withQuery(FAILURES, { state })} aria-current={view === state ? "page" : undefined}>
                {name}
                {data && ` (${data.groups.filter((group) => isIn(group, state)).length})`}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="outcome">
        <p role="status">{decided ? decided.next : !data && !error ? "Looking…" : ""}</p>
        <button type="button" className="link" disabled={isFetching} onClick={() => refetch()}>
          Look again
        </button>
      </div>
      {error && <Problem error={error} />}
      {data && data.behind > 0 && (
        <p className="trouble">The reader that makes these groups stands still: the newest failures are missing.</p>
      )}
      {data?.groups.length === 0 && (
        <section className="empty">
          <h2>Nothing has failed yet</h2>
          <p>
            When uploads fail, each cause becomes a row here: how many uploads and sessions it hit, since when, a curve
            of the last 14 days, and a sample to look at. You can say that it is mended, ignore it for a while, or retry
            all of its uploads.
          </p>
        </section>
      )}
      {data && data.groups.length > 0 && groups?.length === 0 && <p>There is no such group now.</p>}
      {groups && groups.length > 0 && (
        <ul className="groups">
          {groups.map((group) => (
            <Group
              key={group.id}
              group={group}
              mayHelp={covers(person.role, "agent")}
              onHelpAll={() => setHelped(group)}
              onDecide={(decision) => setDeciding({ group, decision })}
            />
          ))}
        </ul>
      )}
      {helped && (
        <BulkDialog
          filters={{ failureGroup: helped.id, status: "failed" }}
          role={person.role}
          onClose={() => setHelped(null)}
        />
      )}
      {deciding && (
        <DecisionDialog
          {...deciding}
          onClose={() => setDeciding(null)}
          onDone={(answer) => {
            setDeciding(null);
            setDecided(answer);
          }}
        />
      )}
    </>
  );
}

function isIn({ state }: GroupBody, view: string): boolean {
  return view === "all" || (view === "" ? state === "open" || state === "back" : state === view);
}

/** One bulk action: what a dry run found, its start and its stop, its progress, and what became of each upload. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { BulkBody, OneBulkBody, ReportBody, StaffSessionBody } from "../../status/schema";
import { BULKS, bulkAddress, useAddress, withQuery } from "../address";
import { ask } from "../api";
import { filtersOf, inWords } from "../filters";
import { Problem } from "../Problem";
import { bulkKey } from "../queryKeys";
import { covers } from "../session";
import { moment } from "../times";
import { useTitle } from "../useTitle";
import { actorWords, capital } from "../words";
import { Report } from "./Report";
import { BULK_ACTIONS, BULK_STATES, bulkPercent, bulkTitle, isOffered } from "./words";

const PAUSE_MS = 1000;

export function Bulk({ bulkId, person }: { bulkId: string; person: StaffSessionBody }) {
  const { query } = useAddress();
  const cursor = query.get("cursor");
  useTitle("Bulk");
  const { data, error } = useQuery({
    queryKey: [...bulkKey(bulkId), cursor],
    queryFn: ({ signal }) => ask<ReportBody>(withQuery(`/bulk/${bulkId}`, { cursor }), { signal }),
    refetchInterval: ({ state: { data: known } }) => known?.bulk.state === "running" && PAUSE_MS,
  });
  return (
    <>
      <p className="back">
        <a href={BULKS}>All bulk actions</a>
      </p>
      <h1>{data ? bulkTitle(data.bulk) : "Bulk action"}</h1>
      {error && <Problem error={error} />}
      {!data && !error && <p role="status">Looking…</p>}
      {data && (
        <>
          <Plan bulk={data.bulk} person={person} />
          <Report uploads={data.uploads} isPlanned={data.bulk.startedAt === null} />
          {(data.nextCursor || cursor) && (
            <nav className="pages" aria-label="Pages">
              {cursor && (
                <a className="quiet button" href={bulkAddress(bulkId)}>
                  First
                </a>
              )}
              {data.nextCursor && (
                <a className="quiet button" href={withQuery(bulkAddress(bulkId), { cursor: data.nextCursor })}>
                  Next
                </a>
              )}
            </nav>
          )}
        </>
      )}
    </>
  );
}

function Plan({ bulk, person }: { bulk: BulkBody; person: StaffSessionBody }) {
  const client = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (move: "run" | "stop") =>
      ask<OneBulkBody>(`/bulk/${bulk.bulkId}/${move}`, { method: "POST", json: {} }),
    onSettled: () => client.invalidateQueries({ queryKey: bulkKey(bulk.bulkId) }),
  });
  const needed = BULK_ACTIONS.find(({ name }) => name === bulk.action)?.needs ?? "admin";
  const mayRun = covers(person.role, needed);
  return (
    <section className="plan" aria-labelledby="plan">
      <h2 id="plan">{capital(BULK_STATES[bulk.state])}</h2>
      <p>{saidOf(bulk)}</p>
      {bulk.startedAt && <Progress bulk={bulk} />}
      <dl>
        <div>
          <dt>Search</dt>
          <dd>{inWords(filtersOf(new URLSearchParams(bulk.search)))}</dd>
        </div>
        <div>
          <dt>Why</dt>
          <dd>
            <q>{bulk.reason}</q>
          </dd>
        </div>
        <div>
          <dt>Who</dt>
          <dd>{whoOf(bulk)}</dd>
        </div>
      </dl>
      {error && <Problem error={error} />}
      {mayRun && (isOffered(bulk) || bulk.state === "running") && (
        <div className="choices">
          {isOffered(bulk) && (
            <button type="button" className="button" disabled={isPending} onClick={() => mutate("run")}>
              {bulkTitle(bulk)}
            </button>
          )}
          {bulk.state === "running" && (
            <button type="button" className="quiet button" disabled={isPending} onClick={() => mutate("stop")}>
              Stop
            </button>
          )}
        </div>
      )}
      {!mayRun && isOffered(bulk) && <p className="fine">Starting it takes an {needed}.</p>}
    </section>
  );
}

function Progress({ bulk }: { bulk: BulkBody }) {
  const { done, unchanged, refused, failed, left } = bulk.progress;
  return (
    <>
      <div
        className="bar"
        role="progressbar"
        aria-label="Uploads that had their turn"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={bulkPercent(bulk)}
      >
        <div style={{ transform: `scaleX(${bulkPercent(bulk) / 100})` }} />
      </div>
      <p role="status" className="fine">
        {done} done, {unchanged} had nothing to do, {refused} refused, {failed} failed, {left} left
      </p>
    </>
  );
}

function saidOf({ state, count, fit, expiresAt }: BulkBody): string {
  switch (state) {
    case "planned": {
      if (fit === 0) {
        return `Nothing has changed. The search found ${count}, and it makes sense for none of them.`;
      }
      const sense = fit === count ? "for all of them it makes sense" : `for ${fit} of them it makes sense now`;
      return `Nothing has changed yet. The search found ${count}; ${sense}. Start it before ${moment(expiresAt)} UTC: it acts on exactly these.`;
    }
    case "expired":
      return "It was not started within ten minutes. Search again for another dry run.";
    case "running":
      return "It goes on in the background. You may leave this page.";
    case "stopped":
      return "It was stopped: the uploads without an outcome were left as they are.";
    case "done":
      return "It is done. Below is what became of each upload.";
  }
}

function whoOf({ plannedBy, startedBy, startedAt, endedBy, endedAt }: BulkBody): string {
  return [
    `planned by ${actorWords(plannedBy).who}`,
    startedBy && startedAt && `started by ${actorWords(startedBy).who} at ${moment(startedAt)}`,
    endedAt &&
      (endedBy ? `stopped by ${actorWords(endedBy).who} at ${moment(endedAt)}` : `ended at ${moment(endedAt)}`),
  ]
    .filter(Boolean)
    .join(", ");
}

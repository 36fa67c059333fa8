/** One upload: what happened to it, live while it runs, and what can be done about it. */

import { useEffect, useRef } from "react";
import type { StaffSessionBody } from "../../status/schema";
import { FIND, go, lastSearch, useAddress } from "../address";
import { SupportError } from "../api";
import { Actions } from "../help/Actions";
import { useKeys } from "../keys";
import { Problem } from "../Problem";
import { StatusWord } from "../StatusWord";
import { covers } from "../session";
import { standingOf } from "../standing";
import { ago, duration, moment } from "../times";
import { useTitle } from "../useTitle";
import { capital, STATUSES, spanWords } from "../words";
import { AsItWas } from "./AsItWas";
import { Bars } from "./Bars";
import { Compare } from "./Compare";
import { CopyAsText } from "./CopyAsText";
import { Events } from "./Events";
import { Failure } from "./Failure";
import { Pictures } from "./Pictures";
import { type Timeline, useGrown, useTimeline } from "./useTimeline";

export function Upload({ jobId, person }: { jobId: string; person: StaffSessionBody }) {
  const { data, error } = useTimeline(jobId);
  useTitle(`Upload ${jobId.slice(0, 8)}`);
  useKeys({ u: () => go(lastSearch()) });
  if (data) {
    return <Known timeline={data} person={person} error={error} />;
  }
  return (
    <>
      <h1>
        Upload <code>{jobId.slice(0, 8)}</code>
      </h1>
      {error ? <Problem error={error} /> : <p role="status">Looking…</p>}
      {error instanceof SupportError && error.status === 404 && (
        <p>
          <a href={FIND}>Search for it by its beginning</a>
        </p>
      )}
    </>
  );
}

function Known({ timeline, person, error }: { timeline: Timeline; person: StaffSessionBody; error: Error | null }) {
  const body = useGrown(timeline);
  const { query } = useAddress();
  const { jobId, status, events, failure, correlationId } = body;
  const standing = standingOf(body);
  const version = versionOf(query.get("version"), events.length);
  const submitted = events[0]?.recordedAt;
  const atStage = standing.stage && status !== "completed" ? `, ${standing.stage}` : "";
  return (
    <>
      <p className="back">
        <a href={lastSearch()}>Back to the search</a>
      </p>
      <h1 className="id-of">
        Upload <code>{jobId}</code>
      </h1>
      <p className="standing">
        {status && <StatusWord status={status} />}
        <span>
          {standing.progress} %{atStage}
        </span>
        <span>
          {standing.attempt} {standing.attempt === 1 ? "attempt" : "attempts"}
        </span>
        {submitted && <span title={`${moment(submitted)} UTC`}>submitted {ago(submitted)}</span>}
        {standing.isErased && <strong>erased</strong>}
      </p>
      <Spoken timeline={timeline} />
      {error && <Problem error={error} />}
      {body.unreadable && <p className="trouble">An event cannot be read by this version: {body.unreadable}</p>}
      {body.clockSteppedBack && (
        <p className="trouble">The clock of the database stepped back. Time is counted only forward here.</p>
      )}
      <div className="two">
        <div>
          {failure && <Failure failure={failure} isErased={standing.isErased} />}
          {!failure && <Now timeline={timeline} />}
        </div>
        <Actions body={timeline.body} person={person} />
      </div>
      <Bars body={body} />
      <Compare jobId={jobId} />
      <AsItWas jobId={jobId} events={events} version={version} />
      <Events jobId={jobId} events={events} version={version} />
      <section className="ids" aria-label="For a ticket">
        <CopyAsText body={timeline.body} />
        {covers(person.role, "agent") && !standing.isErased && <Pictures jobId={jobId} />}
        {body.links.log && <a href={body.links.log}>Its log lines</a>}
        {body.links.trace && <a href={body.links.trace}>Its trace</a>}
        {correlationId && (
          <p className="fine">
            Correlation id, for the log of the workers: <code>{correlationId}</code>
          </p>
        )}
      </section>
    </>
  );
}

/** In words, what an upload that has not failed does at this moment. */
function Now({ timeline: { body } }: { timeline: Timeline }) {
  const last = body.spans.at(-1);
  return (
    <section aria-labelledby="now">
      <h2 id="now">{body.isTerminal ? "How it ended" : "What it does now"}</h2>
      <p>{body.isTerminal ? endedWords(body) : last && `${capital(spanWords(last))}.`}</p>
      {!body.isTerminal && <p>{body.next}</p>}
    </section>
  );
}

function endedWords({ status, spans }: Timeline["body"]): string {
  const worked = spans.filter(({ kind }) => kind !== "ended").reduce((sum, { seconds }) => sum + seconds, 0);
  return status === "completed" ? `Its picture is complete, after ${duration(worked)}.` : "It has ended.";
}

/** Says each change to those who do not see it. */
function Spoken({ timeline: { body } }: { timeline: Timeline }) {
  const { stage, progress } = standingOf(body);
  const said = body.status ? `${STATUSES[body.status]}${stage ? `, ${stage}` : ""}, ${progress} %` : "";
  const first = useRef(said);
  useEffect(() => {
    first.current = "";
  }, []);
  return (
    <p className="spoken" aria-live="polite">
      {said === first.current ? "" : said}
    </p>
  );
}

function versionOf(text: string | null, last: number): number | null {
  const version = Number(text);
  return text && Number.isInteger(version) && version >= 1 && version <= last ? version : null;
}

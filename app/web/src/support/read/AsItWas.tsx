/** The upload as it was after an event, and what its owner was told then: a slider over the events. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { ChangeBody, EventBody, StateBody } from "../../status/schema";
import { go, uploadAddress, withQuery } from "../address";
import { ask } from "../api";
import { useKeys } from "../keys";
import { Problem } from "../Problem";
import { StatusWord } from "../StatusWord";
import { clock } from "../times";
import { capital, eventWords } from "../words";
import { fieldWords, valueWords } from "./changes";

/** The slider passes many events on its way to one; each look is recorded, so only where it rests is looked at. */
const REST_MS = 350;

interface Given {
  jobId: string;
  events: EventBody[];
  /** Of the event that the address names; null: none was chosen. */
  version: number | null;
}

export function AsItWas({ jobId, events, version }: Given) {
  const last = events.length;
  const [shown, setShown] = useState(version ?? last);
  useEffect(() => setShown(version ?? last), [version, last]);
  useEffect(() => {
    if (shown === (version ?? last)) {
      return;
    }
    const timer = setTimeout(() => go(uploadAddress(jobId, shown), { replace: version !== null }), REST_MS);
    return () => clearTimeout(timer);
  }, [shown, version, last, jobId]);
  const step = (by: number) => setShown((now) => Math.min(Math.max(now + by, 1), last));
  useKeys({ "[": () => step(-1), "]": () => step(1) });
  const event = events[shown - 1];
  const told = event ? `event ${shown} of ${last}: ${eventWords(event)}, ${clock(event.recordedAt)}` : "";
  return (
    <section aria-labelledby="was" className="was">
      <h2 id="was">As it was</h2>
      <label>
        <span>{capital(told)}</span>
        <input
          type="range"
          min={1}
          max={last}
          value={shown}
          aria-valuetext={told}
          onChange={({ target }) => setShown(Number(target.value))}
        />
      </label>
      {version === null ? (
        <p className="fine">Move the slider, or choose the number of an event, to see the upload as it was then.</p>
      ) : (
        <State jobId={jobId} version={version} />
      )}
    </section>
  );
}

function State({ jobId, version }: { jobId: string; version: number }) {
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ["state", jobId, version],
    queryFn: ({ signal }) => ask<StateBody>(withQuery(`/uploads/${jobId}`, { version }), { signal }),
    // An event does not change.
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  if (!data) {
    return error ? <Problem error={error} /> : <p role="status">Looking…</p>;
  }
  return (
    <div className="state" aria-busy={isPlaceholderData}>
      {error && <Problem error={error} />}
      <dl>
        <div>
          <dt>Status</dt>
          <dd>
            <StatusWord status={data.status} /> {data.stage && data.stage !== "failed" && `at ${data.stage}, `}
            {data.progress} %
          </dd>
        </div>
        <div>
          <dt>Attempt</dt>
          <dd>
            {data.attempt}, {data.attemptsLeft} left{data.running && ", a worker ran it"}
          </dd>
        </div>
        <div>
          <dt>The owner was told</dt>
          <dd>{told(data)}</dd>
        </div>
      </dl>
      <Changes changes={data.changes} />
      <a className="link" href={uploadAddress(jobId)}>
        Back to now
      </a>
    </div>
  );
}

function Changes({ changes }: { changes: ChangeBody[] }) {
  if (changes.length === 0) {
    return <p className="fine">This event changed nothing of the row that is polled.</p>;
  }
  return (
    <table className="rows changes">
      <caption>What this event changed</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ field, before, after }) => (
          <tr key={field}>
            <th scope="row">{fieldWords(field)}</th>
            <td data-label="Before">{valueWords(field, before)}</td>
            <td data-label="After">{valueWords(field, after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function told({ told, erased }: StateBody): string {
  if (!told) {
    return erased ? "There is no such upload." : "Nothing.";
  }
  const { status, stage, progress, errorMessage } = told;
  const atStage = stage && stage !== "failed" ? `, ${stage}` : "";
  return `${capital(status)}${atStage}, ${progress} %.${errorMessage ? ` “${errorMessage}”` : ""}`;
}

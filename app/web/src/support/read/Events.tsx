/** Every event of an upload: when, what, by whom. A row opens the upload as it was after it. */

import type { EventBody } from "../../status/schema";
import { uploadAddress } from "../address";
import { clock, day, duration } from "../times";
import { actorWords, capital, codeWords, eventWords } from "../words";

export function Events({ jobId, events, version }: { jobId: string; events: EventBody[]; version: number | null }) {
  const first = events[0];
  return (
    <section className="happenings" aria-labelledby="events">
      <h2 id="events">What happened</h2>
      {first && <p className="fine">{day(first.recordedAt)}, times in UTC</p>}
      <table className="rows events">
        <caption className="spoken">Every event, the oldest first</caption>
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">Event</th>
            <th scope="col">Time</th>
            <th scope="col">After</th>
            <th scope="col">By</th>
            <th scope="col">Attempt</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.version} data-chosen={event.version === version || undefined} data-actor={actor(event).kind}>
              <td data-label="#">
                <a
                  href={uploadAddress(jobId, event.version)}
                  aria-label={`As it was after event ${event.version}`}
                  aria-current={event.version === version ? "true" : undefined}
                >
                  {event.version}
                </a>
              </td>
              <th scope="row">
                {capital(eventWords(event))}
                <small>{further(event)}</small>
                {(event.reason ?? event.note) && <q className="reason">{event.reason ?? event.note}</q>}
              </th>
              <td data-label="Time">
                {first && day(event.recordedAt) !== day(first.recordedAt) && `${day(event.recordedAt)} `}
                <time dateTime={event.recordedAt}>{clock(event.recordedAt)}</time>
              </td>
              <td data-label="After">{first && `+${duration(between(first, event))}`}</td>
              <td data-label="By">{actor(event).who}</td>
              <td data-label="Attempt">{event.attempt}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function actor(event: EventBody) {
  return actorWords(event.actor);
}

function further({ code, retryAt }: EventBody): string {
  const why = code && code !== "CANCELLED" ? codeWords(code) : "";
  return [why, retryAt && `next attempt at ${clock(retryAt)}`]
    .filter(Boolean)
    .map((part) => `, ${part}`)
    .join("");
}

/** The clock of PostgreSQL may step back; time does not. */
function between(first: EventBody, later: EventBody): number {
  return Math.max(0, (Date.parse(later.recordedAt) - Date.parse(first.recordedAt)) / 1000);
}

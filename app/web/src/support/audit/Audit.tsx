/** Who did what, when, to what, and why. A look at it is a row of it. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import type { AuditBody } from "../../status/schema";
import { AUDIT, bulkAddress, go, uploadAddress, useAddress, withQuery } from "../address";
import { ask } from "../api";
import { tidyId } from "../filters";
import { Problem } from "../Problem";
import { moment } from "../times";
import { useTitle } from "../useTitle";
import { actorWords } from "../words";
import { actionWords, asideOf, type Line, linesOf } from "./deeds";

const FIELDS = ["since", "until", "by", "jobId"] as const;

export function Audit() {
  useTitle("Audit");
  const { query } = useAddress();
  const asked = Object.fromEntries(FIELDS.map((name) => [name, query.get(name)]));
  const cursor = query.get("cursor");
  const path = withQuery("/audit", { ...asked, cursor });
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ["audit", path],
    queryFn: ({ signal }) => ask<AuditBody>(path, { signal }),
    placeholderData: keepPreviousData,
  });
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = Object.fromEntries(FIELDS.map((name) => [name, String(form.get(name) ?? "").trim()]));
    go(withQuery(AUDIT, { ...given, jobId: given.jobId && tidyId(given.jobId) }));
  };
  const lines = linesOf(data?.deeds ?? []);
  return (
    <>
      <h1>Who did what</h1>
      <form key={path} className="search" onSubmit={search}>
        <div className="further">
          <label>
            <span>By</span>
            <input
              name="by"
              defaultValue={asked.by ?? ""}
              placeholder="erika, or operator:root"
              autoCapitalize="none"
            />
          </label>
          <label>
            <span>To the upload, by its whole id</span>
            <input name="jobId" defaultValue={asked.jobId ?? ""} autoCapitalize="none" spellCheck={false} />
          </label>
          <label>
            <span>Since (UTC)</span>
            <input name="since" defaultValue={asked.since ?? ""} placeholder="2026-11-28" />
          </label>
          <label>
            <span>Before (UTC)</span>
            <input name="until" defaultValue={asked.until ?? ""} placeholder="2026-11-28T09:00:00Z" />
          </label>
          <button type="submit" className="button">
            Search
          </button>
        </div>
      </form>
      {error && <Problem error={error} />}
      {!data && !error && <p role="status">Looking…</p>}
      {data && lines.length === 0 && (
        <p role="status">Nothing was done that fits. Each look, search and action of the staff becomes a row here.</p>
      )}
      {lines.length > 0 && (
        <table className="rows audit" aria-busy={isPlaceholderData}>
          <caption className="spoken">What staff did, the newest first</caption>
          <thead>
            <tr>
              <th scope="col">When (UTC)</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Row key={`${line.deed.at}${line.deed.number}${line.deed.action}`} {...line} />
            ))}
          </tbody>
        </table>
      )}
      {(data?.nextCursor || cursor) && (
        <nav className="pages" aria-label="Pages">
          {cursor && (
            <a className="quiet button" href={withQuery(AUDIT, asked)}>
              Newest
            </a>
          )}
          {data?.nextCursor && (
            <a className="quiet button" href={withQuery(AUDIT, { ...asked, cursor: data.nextCursor })}>
              Older
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function Row(line: Line) {
  const { deed } = line;
  const { at, actor, action, jobId, subject, reason } = deed;
  const aside = asideOf(line);
  return (
    <tr>
      <td data-label="When">
        <time dateTime={at}>{moment(at)}</time>
      </td>
      <td data-label="Who">{actorWords(actor).who}</td>
      <th scope="row">
        {actionWords(deed)}
        {(jobId || subject) && " "}
        {jobId && (
          <a href={uploadAddress(jobId)} aria-label={`Upload ${jobId}`}>
            <code>{jobId.slice(0, 8)}</code>
          </a>
        )}
        {subject && (action.startsWith("bulk-") ? <a href={bulkAddress(subject)}>{subject.slice(0, 8)}</a> : subject)}
        {aside && <small> {aside}</small>}
      </th>
      <td data-label="Why">{reason && <q>{reason}</q>}</td>
    </tr>
  );
}

/** The form of a search. Its state is the address: a search is opened by going there. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import type { SavedSearchesBody } from "../../status/schema";
import { FIND, go, withQuery } from "../address";
import { ask } from "../api";
import { FILTERS, type Filters, filtersIn, filtersOf, isSame, tidyId } from "../filters";
import { useKeys } from "../keys";
import { Problem } from "../Problem";
import { SEARCHES_KEY } from "../queryKeys";
import { isToken, sessionName } from "../sessionName";
import { CODES, capital, STAGES, STATUSES } from "../words";

const FURTHER = FILTERS.filter((name) => name !== "jobId" && name !== "status" && name !== "failureGroup");
const NEWEST = { name: "newest", title: "Newest", query: "" };
/** They name the day, and how long a wait is usual. */
const SAVED_MS = 60_000;

export function SearchForm({ filters }: { filters: Filters }) {
  const field = useRef<HTMLInputElement>(null);
  useKeys({
    "/": () => {
      field.current?.focus();
      field.current?.select();
    },
  });
  const { data } = useQuery({
    queryKey: SEARCHES_KEY,
    queryFn: ({ signal }) => ask<SavedSearchesBody>("/searches", { signal }),
    staleTime: SAVED_MS,
  });
  const [error, setError] = useState<Error | null>(null);
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    open(filtersIn(new FormData(event.currentTarget))).then(() => setError(null), setError);
  };
  return (
    <search>
      <nav className="saved" aria-label="Searches of every day">
        <ul>
          {[NEWEST, ...(data?.searches ?? [])].map(({ name, title, query }) => {
            const saved = filtersOf(new URLSearchParams(query));
            return (
              <li key={name}>
                <a href={withQuery(FIND, saved)} aria-current={isSame(saved, filters) ? "page" : undefined}>
                  {title}
                </a>
              </li>
            );
          })}
        </ul>
      </nav>
      {/* A new address is a new form: what was typed and not searched for is gone. */}
      <form key={JSON.stringify(filters)} className="search" onSubmit={search}>
        <div className="first">
          <label className="wide">
            <span>
              Job id, or its beginning <kbd>/</kbd>
            </span>
            <input
              ref={field}
              name="jobId"
              defaultValue={filters.jobId}
              placeholder="3f0c6f0e"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
          </label>
          <Choice label="Status" name="status" chosen={filters.status} words={STATUSES} />
          <button type="submit" className="button">
            Search
          </button>
        </div>
        {filters.failureGroup && <input type="hidden" name="failureGroup" value={filters.failureGroup} />}
        <details open={FURTHER.some((name) => filters[name])}>
          <summary>More filters</summary>
          <div className="further">
            <Choice label="Stage" name="stage" chosen={filters.stage} words={STAGES} />
            <Choice label="Why it failed" name="errorCode" chosen={filters.errorCode} words={CODES} />
            <label>
              <span>Attempts, at least</span>
              <input name="minAttempt" type="number" min={0} defaultValue={filters.minAttempt} />
            </label>
            <label>
              <span>Submitted since (UTC)</span>
              <input name="createdAfter" defaultValue={filters.createdAfter} placeholder="2026-11-28" />
            </label>
            <label>
              <span>Submitted before (UTC)</span>
              <input name="createdBefore" defaultValue={filters.createdBefore} placeholder="2026-11-28T09:00:00Z" />
            </label>
            <label>
              <span>Session, as events name it, or its token</span>
              <input name="session" defaultValue={filters.session} placeholder="session:a886e65e94bbc507" />
            </label>
            <label>
              <span>Waits for a worker longer than (s)</span>
              <input name="waitsOver" type="number" min={1} defaultValue={filters.waitsOver} />
            </label>
            <label>
              <span>Who acted last</span>
              <input name="lastActor" defaultValue={filters.lastActor} placeholder="staff:erika" />
            </label>
            <label className="check">
              <input name="putOff" type="checkbox" value="true" defaultChecked={filters.putOff === "true"} />
              <span>Put off</span>
            </label>
            <label className="check">
              <input name="standsStill" type="checkbox" value="true" defaultChecked={filters.standsStill === "true"} />
              <span>Stands still</span>
            </label>
          </div>
        </details>
        {error && <Problem error={error} />}
      </form>
    </search>
  );
}

async function open({ jobId = "", session = "", ...others }: Filters): Promise<void> {
  const [id, owner] = isToken(jobId) ? ["", jobId] : [jobId, session];
  go(withQuery(FIND, { jobId: tidyId(id), ...others, session: owner && (await sessionName(owner)) }));
}

interface Choices {
  label: string;
  name: string;
  chosen: string | undefined;
  words: Record<string, string>;
}

function Choice({ label, name, chosen, words }: Choices) {
  return (
    <label>
      <span>{label}</span>
      <select name={name} defaultValue={chosen ?? ""}>
        <option value="">any</option>
        {Object.entries(words).map(([value, said]) => (
          <option key={value} value={value}>
            {capital(said)}
          </option>
        ))}
      </select>
    </label>
  );
}

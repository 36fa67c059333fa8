/** Find uploads: the form, and a page of what was found. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { SearchBody, StaffSessionBody } from "../../status/schema";
import { FIND, rememberSearch, uploadAddress, useAddress, withQuery } from "../address";
import { ask } from "../api";
import { BulkDialog } from "../bulk/BulkDialog";
import { filtersOf, inWords } from "../filters";
import { Problem } from "../Problem";
import { UPLOADS_KEY } from "../queryKeys";
import { covers } from "../session";
import { useTitle } from "../useTitle";
import { Found } from "./Found";
import { SearchForm } from "./SearchForm";

const WHOLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function Find({ person }: { person: StaffSessionBody }) {
  const { query } = useAddress();
  const filters = filtersOf(query);
  const cursor = query.get("cursor") ?? undefined;
  const asked = withQuery("/uploads", { ...filters, cursor });
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery({
    queryKey: [...UPLOADS_KEY, asked],
    queryFn: ({ signal }) => ask<SearchBody>(asked, { signal }),
    placeholderData: keepPreviousData,
  });
  useEffect(rememberSearch);
  const [isHelpingAll, setHelpingAll] = useState(false);
  const words = inWords(filters);
  useTitle(words ? `Find: ${words}` : "Find");
  const isEmptySystem = data?.uploads.length === 0 && !words && !cursor;
  return (
    <>
      <h1>Find an upload</h1>
      <SearchForm filters={filters} />
      <div className="outcome">
        <p role="status">{data && !isPlaceholderData ? counted(data, words) : error ? "" : "Searching…"}</p>
        {words && data && data.uploads.length > 0 && covers(person.role, "agent") && (
          <button type="button" className="link" onClick={() => setHelpingAll(true)}>
            Help all of these…
          </button>
        )}
        <button type="button" className="link" disabled={isFetching} onClick={() => refetch()}>
          Search again
        </button>
      </div>
      {error && <Problem error={error} />}
      {data && data.behind > 0 && (
        <p className="trouble">
          The projector stands still: the newest changes are missing here, and in what pollers read.
        </p>
      )}
      {isEmptySystem && <EmptySystem />}
      {data?.uploads.length === 0 && WHOLE.test(filters.jobId ?? "") && (
        <p>
          An upload that was erased is found by no search. If it was, its{" "}
          <a href={uploadAddress(filters.jobId ?? "")}>timeline is still there</a>.
        </p>
      )}
      {data && data.uploads.length > 0 && <Found uploads={data.uploads} isOld={isPlaceholderData} />}
      {isHelpingAll && <BulkDialog filters={filters} role={person.role} onClose={() => setHelpingAll(false)} />}
      {data && (data.nextCursor || cursor) && (
        <nav className="pages" aria-label="Pages">
          {cursor && (
            <a className="quiet button" href={withQuery(FIND, filters)}>
              Newest
            </a>
          )}
          {data.nextCursor && (
            <a className="quiet button" href={withQuery(FIND, { ...filters, cursor: data.nextCursor })}>
              Older
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function counted({ uploads, count, countIsExact }: SearchBody, words: string): string {
  const what = words ? `: ${words}` : "";
  if (uploads.length === 0) {
    return words ? `No upload fits${what}` : "";
  }
  const many = countIsExact ? count.toLocaleString("en") : `more than ${count.toLocaleString("en")}`;
  return `${many} ${count === 1 ? "upload" : "uploads"}${what}`;
}

function EmptySystem() {
  return (
    <section className="empty">
      <h2>There are no uploads yet</h2>
      <p>
        Each photo that is sent becomes a row here: its id, how far it is, why it failed, how many attempts it took, and
        whether it stands still. Open one to see every event of it, where its time went, and what you can do about it.
      </p>
      <p>
        Send one from <a href="/">the upload page</a>, or in a terminal: <code>darkroom submit photo.jpg</code>
      </p>
    </section>
  );
}

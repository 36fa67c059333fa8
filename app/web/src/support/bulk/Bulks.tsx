/** The latest bulk actions. */

import { useQuery } from "@tanstack/react-query";
import type { BulksBody } from "../../status/schema";
import { bulkAddress, FIND } from "../address";
import { ask } from "../api";
import { filtersOf, inWords } from "../filters";
import { Problem } from "../Problem";
import { BULKS_KEY } from "../queryKeys";
import { ago, moment } from "../times";
import { useTitle } from "../useTitle";
import { actorWords, capital } from "../words";
import { BULK_STATES, bulkPercent, bulkTitle } from "./words";

export function Bulks() {
  useTitle("Bulk");
  const { data, error } = useQuery({
    queryKey: BULKS_KEY,
    queryFn: ({ signal }) => ask<BulksBody>("/bulk", { signal }),
  });
  return (
    <>
      <h1>Help many</h1>
      {error && <Problem error={error} />}
      {!data && !error && <p role="status">Looking…</p>}
      {data?.bulks.length === 0 && (
        <section className="empty">
          <h2>No bulk action yet</h2>
          <p>
            <a href={FIND}>Search for uploads</a>, then choose “Help all of these”: a dry run says which ones it is
            about, and changes nothing until you start it. It stays here, with its progress and what became of each
            upload.
          </p>
        </section>
      )}
      {data && data.bulks.length > 0 && (
        <table className="rows">
          <caption className="spoken">The latest bulk actions, the newest first</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Search</th>
              <th scope="col">State</th>
              <th scope="col">By</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {data.bulks.map((bulk) => (
              <tr key={bulk.bulkId}>
                <th scope="row">
                  <a href={bulkAddress(bulk.bulkId)}>{bulkTitle(bulk)}</a>
                  <q className="reason">{bulk.reason}</q>
                </th>
                <td data-label="Search">{inWords(filtersOf(new URLSearchParams(bulk.search)))}</td>
                <td data-label="State">
                  {capital(BULK_STATES[bulk.state])}
                  {bulk.state === "running" && `, ${bulkPercent(bulk)} %`}
                </td>
                <td data-label="By">{actorWords(bulk.startedBy ?? bulk.plannedBy).who}</td>
                <td data-label="When">
                  <time dateTime={bulk.plannedAt} title={`${moment(bulk.plannedAt)} UTC`}>
                    {ago(bulk.plannedAt)}
                  </time>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** The uploads that were found, a row each. j and k go from row to row, Enter opens one. */

import { useRef } from "react";
import type { FoundBody } from "../../status/schema";
import { uploadAddress } from "../address";
import { useKeys } from "../keys";
import { StatusWord } from "../StatusWord";
import { ago, moment } from "../times";
import { codeWords } from "../words";

export function Found({ uploads, isOld }: { uploads: FoundBody[]; isOld: boolean }) {
  const table = useRef<HTMLTableElement>(null);
  const step = (by: number) => {
    const links = [...(table.current?.querySelectorAll<HTMLAnchorElement>("a.open") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    const next = at === -1 ? (by > 0 ? 0 : links.length - 1) : at + by;
    links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
  return (
    <table ref={table} className="found rows" aria-busy={isOld}>
      <caption className="spoken">Uploads that were found, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Job</th>
          <th scope="col">Status</th>
          <th scope="col">Why</th>
          <th scope="col">Attempts</th>
          <th scope="col">Submitted</th>
          <th scope="col">Last change</th>
        </tr>
      </thead>
      <tbody>
        {uploads.map((upload) => (
          <tr key={upload.jobId} data-status={upload.status}>
            <th scope="row">
              <a className="open" href={uploadAddress(upload.jobId)} aria-label={`Upload ${upload.jobId}`}>
                <code>{upload.jobId.slice(0, 8)}</code>
                <code className="rest">{upload.jobId.slice(8)}</code>
              </a>
            </th>
            <td data-label="Status">
              <StatusWord status={upload.status} /> {where(upload)}
            </td>
            <td data-label="Why">{why(upload)}</td>
            <td data-label="Attempts">{upload.attempt}</td>
            <td data-label="Submitted">
              <time dateTime={upload.createdAt} title={`${moment(upload.createdAt)} UTC`}>
                {ago(upload.createdAt)}
              </time>
            </td>
            <td data-label="Last change">
              <time dateTime={upload.updatedAt} title={`${moment(upload.updatedAt)} UTC`}>
                {ago(upload.updatedAt)}
              </time>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function where({ status, stage, failedStage, progress }: FoundBody): string {
  if (status === "completed") {
    return "";
  }
  const atStage = status === "failed" ? failedStage : stage;
  return atStage ? `at ${atStage}, ${progress} %` : "";
}

function why({ standsStill, errorCode, waitingFor, worker }: FoundBody) {
  if (standsStill) {
    return <strong className="still">stands still</strong>;
  }
  if (errorCode) {
    return codeWords(errorCode);
  }
  if (waitingFor) {
    return `waits: ${codeWords(waitingFor)}`;
  }
  return worker ? "a worker runs it" : "";
}

/** What became of each upload of a bulk action; of a dry run, which ones they are. */

import type { BulkUploadBody } from "../../status/schema";
import { uploadAddress } from "../address";
import { OUTCOMES } from "./words";

export function Report({ uploads, isPlanned }: { uploads: BulkUploadBody[]; isPlanned: boolean }) {
  if (uploads.length === 0) {
    return <p>There is no upload in it.</p>;
  }
  return (
    <table className="rows">
      <caption className="spoken">
        {isPlanned ? "The uploads that it would act on" : "What became of each upload"}
      </caption>
      <thead>
        <tr>
          <th scope="col">Upload</th>
          <th scope="col">Outcome</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {uploads.map(({ jobId, outcome, told }) => (
          <tr key={jobId}>
            <th scope="row">
              <a href={uploadAddress(jobId)}>
                <code>{jobId}</code>
              </a>
            </th>
            <td data-label="Outcome">
              {outcome ? (OUTCOMES[outcome] ?? outcome) : isPlanned ? "" : "has had no turn"}
            </td>
            <td data-label="Why">{told}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A status as a word with a mark. The mark's shape differs too: not everyone sees its colour. */

import type { Status } from "../status/schema";
import { STATUSES } from "./words";

export function StatusWord({ status }: { status: Status }) {
  return (
    <span className="status" data-status={status}>
      {STATUSES[status]}
    </span>
  );
}

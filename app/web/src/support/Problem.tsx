/** What went wrong, in the server's own sentence. */

import { SupportError } from "./api";

export function Problem({ error }: { error: Error }) {
  const code = error instanceof SupportError && error.status ? `${error.code}, status ${error.status}` : null;
  return (
    <div className="trouble" role="alert">
      <p className="problem">{error.message}</p>
      {code && <p className="fine">{code}</p>}
    </div>
  );
}

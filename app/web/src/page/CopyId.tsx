/** The job's id, for a question to support: it can be read, selected and copied. */

import { useState } from "react";
import { say } from "./language";

export function CopyId({ jobId }: { jobId: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard?.writeText(jobId).then(() => setCopied(true));
  return (
    <p className="id">
      <code dir="ltr">{jobId}</code>
      {"clipboard" in navigator && (
        <button type="button" className="link" onClick={copy}>
          {say.copyId}
        </button>
      )}
      <span role="status">{isCopied && say.copied}</span>
    </p>
  );
}

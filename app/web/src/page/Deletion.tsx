/** Deletes the photo on the server, after a question; and what is shown when it is done. */

import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { ErasureBody } from "../status/schema";
import { START } from "./address";
import { type ApiError, erase } from "./api";
import { say } from "./language";
import { useFocusOnArrival } from "./useFocusOnArrival";
import { problem } from "./words";

export function Deletion({ jobId, onDeleted }: { jobId: string; onDeleted: () => void }) {
  const [isAsked, setAsked] = useState(false);
  const question = useRef<HTMLParagraphElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const deleting = useMutation<ErasureBody, ApiError>({
    mutationFn: () => erase(jobId),
    networkMode: "always",
    onSuccess: onDeleted,
  });
  const wasAsked = useRef(false);
  useEffect(() => {
    if (isAsked !== wasAsked.current) {
      (isAsked ? question : opener).current?.focus();
    }
    wasAsked.current = isAsked;
  }, [isAsked]);

  if (!isAsked) {
    return (
      <div className="choices">
        <button ref={opener} type="button" className="link" onClick={() => setAsked(true)}>
          {say.deletePhoto}
        </button>
      </div>
    );
  }
  return (
    <fieldset className="question" aria-labelledby="delete">
      <p id="delete" ref={question} tabIndex={-1}>
        {say.deleteQuestion}
      </p>
      <div className="choices">
        <button type="button" className="button" disabled={deleting.isPending} onClick={() => deleting.mutate()}>
          {deleting.isPending ? say.deleting : say.deleteForGood}
        </button>
        <button type="button" className="quiet button" disabled={deleting.isPending} onClick={() => setAsked(false)}>
          {say.keepPhoto}
        </button>
      </div>
      <div role="alert">{deleting.error && <p className="problem">{say.notDeleted(problem(deleting.error))}</p>}</div>
    </fieldset>
  );
}

export function Deleted() {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  return (
    <section className="easel">
      <h1 ref={title} tabIndex={-1}>
        {say.deletedHeading}
      </h1>
      <p role="status">{say.deletedExplained}</p>
      <div className="choices">
        <a className="button" href={START}>
          {say.choosePhoto}
        </a>
      </div>
    </section>
  );
}

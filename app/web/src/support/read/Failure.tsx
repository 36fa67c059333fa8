/** A failure in words: what happened, what the owner was told, whether a retry can help, and what to do. */

import type { FailureBody } from "../../status/schema";

export function Failure({ failure, isErased }: { failure: FailureBody; isErased: boolean }) {
  return (
    <section className="failure" aria-labelledby="why">
      <h2 id="why">Why it failed</h2>
      <p className="happened">
        {failure.happened}
        {failure.stage && ` It was at the stage ${failure.stage}.`}
      </p>
      <dl>
        <div>
          <dt>The owner was told</dt>
          <dd>
            <q>{failure.message}</q>
          </dd>
        </div>
        <div>
          <dt>Can a retry help?</dt>
          <dd>{isErased ? "No, it is erased." : failure.canRetry ? "Yes." : "No, only another photo can."}</dd>
        </div>
        <div>
          <dt>What to do</dt>
          <dd>{failure.advice}</dd>
        </div>
        <div>
          <dt>Code</dt>
          <dd>
            <code>{failure.code}</code>
            {failure.runbook && `, in the runbook under ${failure.runbook}`}
          </dd>
        </div>
      </dl>
    </section>
  );
}

/** The stages by name: which are done, which is under way, where it ended. One that this page does not know is listed too. */

import type { Stage } from "../status/schema";
import { say } from "./language";
import { isStep, nameOf, reached, STAGES } from "./words";

type State = "done" | "current" | "failed" | "next";

export function Stages({ stage, progress }: { stage: Stage | null; progress: number }) {
  const current = reached({ stage, progress });
  const steps: { name: string; state: State }[] = STAGES.map((name, index) => ({
    name,
    state: stateOf(index, current, stage),
  }));
  if (stage !== null && stage !== "failed" && !isStep(stage)) {
    steps.splice(current + 1, 0, { name: stage, state: "current" });
  }
  return (
    <ol className="stages" aria-label={say.stages}>
      {steps.map(({ name, state }) => (
        <li key={name} data-state={state} aria-current={state === "current" ? "step" : undefined}>
          {nameOf(name)}
          {state === "done" && <span className="spoken">{say.stepDone}</span>}
          {state === "failed" && <span className="spoken">{say.stepEnded}</span>}
        </li>
      ))}
    </ol>
  );
}

function stateOf(index: number, current: number, stage: Stage | null): State {
  if (index === current && stage === "failed") {
    return "failed";
  }
  if (index < current || stage === "complete") {
    return "done";
  }
  if (index > current) {
    return "next";
  }
  return stage === null || isStep(stage) ? "current" : "done";
}

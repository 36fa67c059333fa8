/** The stages by name: which are done, which is under way, where it ended. */

import type { Stage } from "../status/schema";
import { NAMES, reached, STAGES } from "./words";

export function Stages({ stage, progress }: { stage: Stage | null; progress: number }) {
  const current = reached({ stage, progress });
  return (
    <ol className="stages" aria-label="Stages">
      {STAGES.map((name, place) => {
        const state = stateOf(place, current, stage);
        return (
          <li key={name} data-state={state} aria-current={state === "current" ? "step" : undefined}>
            {NAMES[name]}
            {state === "done" && <span className="spoken">, done</span>}
            {state === "failed" && <span className="spoken">, ended here</span>}
          </li>
        );
      })}
    </ol>
  );
}

function stateOf(place: number, current: number, stage: Stage | null): "done" | "current" | "failed" | "next" {
  if (place === current && stage === "failed") {
    return "failed";
  }
  if (place < current || stage === "complete") {
    return "done";
  }
  return place === current ? "current" : "next";
}

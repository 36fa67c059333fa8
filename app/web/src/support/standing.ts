/** Where an upload stands, as its events tell. */

import type { TimelineBody } from "../status/schema";

export interface Standing {
  /** The last stage that it reached, `failed` left aside. */
  stage: string | null;
  progress: number;
  attempt: number;
  isErased: boolean;
}

export function standingOf({ events }: Pick<TimelineBody, "events">): Standing {
  const standing: Standing = { stage: null, progress: 0, attempt: 0, isErased: false };
  for (const event of events) {
    standing.stage = event.stage && event.stage !== "failed" ? event.stage : standing.stage;
    standing.progress = Math.max(standing.progress, event.progress ?? 0);
    standing.attempt = Math.max(standing.attempt, event.name === "upload.attempt-started" ? (event.attempt ?? 0) : 0);
    standing.isErased ||= event.name === "upload.erased";
  }
  return standing;
}

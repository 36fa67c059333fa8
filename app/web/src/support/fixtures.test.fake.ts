/** A timeline with a failure, a retry by staff and a run that goes on, for the tests of what is made of one. */

import type { EventBody, SpanBody, TimelineBody } from "../status/schema";

export const JOB = "3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a";

export function event(version: number, name: string, given: Partial<EventBody> = {}): EventBody {
  return {
    version,
    name: `upload.${name}`,
    recordedAt: `2026-11-28T09:00:0${version}.000Z`,
    actor: "worker:host-76-2c6ba8",
    attempt: null,
    stage: null,
    progress: null,
    code: null,
    reason: null,
    note: null,
    requestId: null,
    retryAt: null,
    ...given,
  };
}

export function span(kind: SpanBody["kind"], seconds: number, given: Partial<SpanBody> = {}): SpanBody {
  return {
    kind,
    attempt: 1,
    stage: null,
    worker: null,
    code: null,
    from: "2026-11-28T09:00:00Z",
    to: "2026-11-28T09:00:00Z",
    seconds,
    usual: null,
    isOutlier: false,
    ...given,
  };
}

export const TIMELINE: TimelineBody = {
  success: true,
  jobId: JOB,
  correlationId: "5f0c6d2b9a3e4c1f8d7b6a5e4f3c2b1a",
  status: "processing",
  isTerminal: false,
  failure: null,
  events: [
    event(1, "submitted", { actor: "session:a886e65e94bbc507" }),
    event(2, "attempt-started", { attempt: 1 }),
    event(3, "stage-advanced", { attempt: 1, stage: "generating", progress: 30 }),
    event(4, "failed", { code: "NO_IMAGE_GENERATED", stage: "generating" }),
    event(5, "retried", { actor: "staff:agnes", reason: "Erika Mustermann wrote, ticket 4711." }),
    event(6, "attempt-started", { attempt: 2 }),
  ],
  spans: [
    span("waiting", 1),
    span("held", 1, { worker: "host-76-2c6ba8" }),
    span("stage", 2, { stage: "generating", worker: "host-76-2c6ba8" }),
    span("ended", 7200),
    span("held", 4, { attempt: 2, worker: "host-76-2c6ba8" }),
  ],
  seconds: 7208,
  parts: { waiting: 1, held: 5, stage: 2, ended: 7200 },
  now: "2026-11-28T11:00:08Z",
  worker: "host-76-2c6ba8",
  clockSteppedBack: false,
  unreadable: null,
  links: { log: null, trace: null },
  next: "The worker host-76-2c6ba8 goes on with it.",
};

export const FAILED: TimelineBody = {
  ...TIMELINE,
  status: "failed",
  isTerminal: true,
  worker: null,
  failure: {
    code: "NO_IMAGE_GENERATED",
    stage: "generating",
    message: "The image model answered without a picture. Please try again.",
    canRetry: true,
    happened: "The image model answered without a picture.",
    advice: "Retry it.",
    runbook: null,
  },
  events: TIMELINE.events.slice(0, 4),
};

/** What is said of a job is true, and fits what is known. */

import { expect, test } from "vitest";
import type { ResultBody, StatusBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { announcement, happening, heading, howLong, made, reached, STAGES, shortly, waiting } from "./words";

const BODY = { status: "pending", stage: null, progress: 0, isTerminal: false } as StatusBody;

function job(body: Partial<StatusBody>): JobStatus {
  const data = { ...BODY, ...body };
  return {
    status: data.status,
    stage: data.stage,
    progress: data.progress,
    resultId: null,
    isLoading: false,
    isComplete: data.status === "completed",
    isFailed: data.status === "failed",
    error: null,
    errorMessage: data.errorMessage ?? null,
    data,
    retryAt: null,
    isAsking: false,
    askNow: () => {},
  };
}

test.each([
  [undefined, "Your photo has arrived."],
  [0, "Your photo has arrived. It is next."],
  [1, "Your photo has arrived. One photo is before it."],
  [7, "Your photo has arrived. 7 photos are before it."],
])("with %s before it, it says: %s", (queuePosition, sentence) => {
  expect(happening(job(queuePosition === undefined ? {} : { queuePosition }))).toBe(sentence);
});

test("the place in line is shown and not read out, or every poll would speak", () => {
  expect(announcement(job({ queuePosition: 7 }))).toBe(announcement(job({ queuePosition: 6 })));
});

test.each([
  [8, 15, "Usually 8 to 15 seconds from here."],
  [8, 8, "Usually 8 seconds from here."],
  [0, 1, "Usually a second from here."],
  [40, 90, "Usually 40 seconds to 2 minutes from here."],
  [100, 110, "Usually 2 minutes from here."],
  [120, 300, "Usually 2 to 5 minutes from here."],
])("a band of %i to %i s reads: %s", (p50Seconds, p90Seconds, sentence) => {
  expect(howLong({ ...BODY, eta: { p50Seconds, p90Seconds } })).toBe(sentence);
});

test("where there is too little history, or nothing left to wait for, nothing is promised", () => {
  expect(howLong(BODY)).toBeNull();
  expect(howLong(null)).toBeNull();
  expect(howLong({ ...BODY, isTerminal: true, eta: { p50Seconds: 1, p90Seconds: 2 } })).toBeNull();
});

test("a picture whose time is over is said to be deleted, and not to be ready", () => {
  const expired = job({ status: "completed", stage: "complete", progress: 100, isTerminal: true, expired: true });
  expect(heading(expired)).toBe("Your picture was kept for its time");
  expect(happening(expired)).toMatch(/is over, so it is deleted/);
  expect(shortly(expired)).toBe("Your picture was kept for its time");
  expect(announcement(expired, false)).toMatch(/deleted/);
});

test("a failed photo whose time is over says both", () => {
  const expired = job({ status: "failed", stage: "failed", isTerminal: true, errorMessage: "No luck.", expired: true });
  expect(happening(expired)).toMatch(/^No luck\..*is over, so it is deleted\.$/);
});

test("each stage is announced by its name and place, and progress within it is not", () => {
  const generating = { status: "processing", stage: "generating" } as const;
  expect(announcement(job({ ...generating, progress: 30 }))).toMatch(/^Step 2 of 5, Generating\. /);
  expect(announcement(job({ ...generating, progress: 45 }))).toBe(announcement(job({ ...generating, progress: 30 })));
});

test.each([
  ["GENERATION_PAUSED", /^The image model does not answer just now\./],
  ["GENERATION_BUDGET_SPENT", /^Many pictures are being made just now\./],
  ["WORKER_STOPPED", /^The work on your photo was interrupted\./],
] as const)("what waits for %s says so, and not that it is being worked on", (waitingFor, sentence) => {
  const generating = job({ status: "processing", stage: "generating", waitingFor });
  expect(waiting(generating)).toMatch(sentence);
  expect([heading(generating), happening(generating)]).toEqual(["Waiting to go on", ""]);
  expect(happening(job({ waitingFor }))).toBe("Your photo has arrived.");
});

test("a wait is told on its own, and its stage is not announced again after it", () => {
  const generating = { status: "processing", stage: "generating" } as const;
  expect(waiting(job(generating))).toBeNull();
  expect(announcement(job({ ...generating, waitingFor: "GENERATION_PAUSED" }))).toBe(announcement(job(generating)));
});

test("a failure says the server's sentence, and a cancel is no failure to its owner", () => {
  const failed = job({ status: "failed", stage: "failed", errorMessage: "It broke.", errorCode: "INTERNAL_ERROR" });
  const cancelled = job({ status: "failed", stage: "failed", errorMessage: "Cancelled.", errorCode: "CANCELLED" });
  expect([heading(failed), happening(failed)]).toEqual(["This one did not develop", "It broke."]);
  expect([heading(cancelled), happening(cancelled)]).toEqual(["Cancelled", "It was stopped before its end."]);
});

test.each([
  [0, undefined],
  [10, "validating"],
  [30, "generating"],
  [70, "generating"],
  [80, "storing"],
  [90, "watermarking"],
])("what failed at %i%% ended in %s", (progress, name) => {
  expect(STAGES[reached({ stage: "failed", progress })]).toBe(name);
});

test("a picture is not said to be ready before it can be seen, to eyes or to ears", () => {
  const completed = job({ status: "completed", stage: "complete", progress: 100 });
  expect([heading(completed, false), happening(completed, false)]).toEqual([
    "Your picture is made",
    "We are fetching its preview.",
  ]);
  expect(announcement(completed, false)).toBe("Your picture is made. We are fetching its preview.");
  expect(announcement(completed, true)).toBe("Your picture is ready. This is its preview.");
});

test("a preview is said to be what it is, and no size is promised that cannot be had", () => {
  const told = made({ model: "local/print", width: 2340, height: 1828 } as ResultBody);
  expect(told).toMatch(/^A preview is a smaller copy with a watermark;.* Made by local\/print\.$/);
  expect(told).not.toMatch(/\d{3}/);
});

/** A newer server, and a page that was left open. */
const NEWER = { status: "processing", stage: "colouring", progress: 85 } as unknown as Partial<StatusBody>;

test("a stage that this page does not know is shown as it is, and the steps go by its progress", () => {
  const newer = job(NEWER);
  expect(happening(newer)).toBe("colouring");
  expect(announcement(newer)).toBe("Your picture is developing. colouring");
  expect(STAGES[reached(newer)]).toBe("storing");
});

test("a status that this page does not know is shown as it is", () => {
  const newer = job({ status: "paused", stage: "generating" } as unknown as Partial<StatusBody>);
  expect([heading(newer), shortly(newer)]).toEqual(["paused", "paused"]);
  expect(announcement(newer)).not.toMatch(/undefined/);
});

/** What the page says of a job, in words that do not lie. Pure: a status in, sentences out. */

import type { ResultBody, Stage, StatusBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { say } from "./language";
import type { Length } from "./language/en";

export const STAGES = ["validating", "generating", "storing", "watermarking", "complete"] as const;
export type Step = (typeof STAGES)[number];

/** A word that this page does not know is shown as it is: the server may be newer than an open page. */
export function nameOf(stage: string): string {
  return isStep(stage) ? say.stageNames[stage] : stage;
}

export function isStep(stage: string | null): stage is Step {
  return (STAGES as readonly (string | null)[]).includes(stage);
}

/** `isSeen`: the preview is there to be looked at. */
export function heading(job: JobStatus, isSeen = true): string {
  switch (job.status) {
    case null:
      return say.looking;
    case "pending":
      return say.waitingHeading;
    case "processing":
      return job.data?.waitingFor ? say.waitsHeading : say.developing;
    case "completed":
      return job.data?.expired ? say.expired : isSeen ? say.ready : say.madeHeading;
    case "failed":
      return isCancelled(job) ? say.cancelled : say.failed;
    default:
      return job.status;
  }
}

/** It ended as its owner asked, which is no problem. */
export function isCancelled({ data }: JobStatus): boolean {
  return data?.errorCode === "CANCELLED";
}

/** What is being done; nothing, while it waits in the middle of a stage. */
export function happening(job: JobStatus, isSeen = true): string {
  const { status, stage, errorMessage, data } = job;
  switch (status) {
    case null:
      return say.oneMoment;
    case "pending":
      return data?.queuePosition === undefined
        ? say.arrived
        : `${say.arrived} ${say.queuePosition(data.queuePosition)}`;
    case "failed":
      return [
        isCancelled(job) ? say.cancelledExplained : why(data?.errorCode, errorMessage),
        ...(data?.expired ? [say.photoExpired] : []),
      ].join(" ");
    case "completed":
      return data?.expired ? say.expiredExplained : isSeen ? say.readyExplained : say.fetching;
    default:
      return data?.waitingFor || stage === null ? "" : isStep(stage) ? say.stageExplained[stage] : nameOf(stage);
  }
}

function why(code: string | undefined, message: string | null): string {
  return say.failures[code ?? ""] ?? message ?? say.failedExplained;
}

/** What was wrong with a request. */
export function problem({ code, message }: { code: string; message: string }): string {
  const [, status] = /^HTTP_(\d+)$/.exec(code) ?? [];
  return status ? say.answeredInBetween(status) : (say.refusals[code] ?? message);
}

/** Its state in a few words, for a row of a list. */
export function shortly(job: JobStatus): string {
  if (job.error?.isFinal || (job.status === null && !job.isLoading)) {
    return say.endings.gone;
  }
  if (job.isFailed) {
    return happening(job);
  }
  const name = job.isComplete && !job.data?.expired ? say.endings.completed : heading(job);
  return job.error ? `${name}. ${problem(job.error)}` : name;
}

/** For the tab's title. */
export function title(job: JobStatus, isSeen: boolean): string | null {
  if (job.status === null) {
    return null;
  }
  return job.status === "processing" ? `${job.progress}% ${say.developing}` : heading(job, isSeen);
}

/** Why it does not go on just now. */
export function waiting({ data }: JobStatus): string | null {
  return data?.waitingFor ? (say.waits[data.waitingFor] ?? say.waitsAnyhow) : null;
}

/** What a screen reader says when something moved; the same text twice is said once. */
export function announcement(job: JobStatus, isSeen = true): string {
  const { status, stage } = job;
  if (status === null) {
    return "";
  }
  const name =
    status === "processing" && isStep(stage)
      ? say.step(STAGES.indexOf(stage) + 1, STAGES.length, nameOf(stage))
      : `${heading({ ...job, data: steady(job.data) }, isSeen)}.`;
  return `${name} ${happening({ ...job, data: steady(job.data) }, isSeen)}`;
}

/** How long it takes from here, as a band that half and nine in ten of the recent uploads kept to. */
export function howLong(body: StatusBody | null): string | null {
  return body?.eta && !body.isTerminal ? say.usually(length(body.eta.p50Seconds), length(body.eta.p90Seconds)) : null;
}

export function made({ model }: ResultBody): string {
  return say.madeBy(model);
}

/** The step in which an upload is, or in which it ended. What this page does not know goes by progress. */
export function reached({ stage, progress }: { stage: Stage | null; progress: number }): number {
  if (isStep(stage)) {
    return STAGES.indexOf(stage);
  }
  const begins = [10, 30, 80, 90, 100];
  return begins.filter((least) => least <= progress).length - 1;
}

/** Without its place in line, which changes too often to be read out, and its waits, which are told on their own. */
function steady(body: StatusBody | null): StatusBody | null {
  if (body === null) {
    return null;
  }
  const { queuePosition: _, waitingFor: __, ...rest } = body;
  return rest;
}

function length(seconds: number): Length {
  const count = Math.max(1, Math.round(seconds));
  return count < 90 ? { count, unit: "second" } : { count: Math.round(count / 60), unit: "minute" };
}

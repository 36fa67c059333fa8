/** What the page says of a job, in words that do not lie. Pure: a status in, sentences out. */

import type { FailureCode, ResultBody, Stage, StatusBody } from "../status/schema";
import type { JobStatus } from "../status/useStatus";
import { say } from "./language";

export const STAGES = ["validating", "generating", "storing", "watermarking", "complete"] as const;
export type Step = (typeof STAGES)[number];

export const NAMES: Record<Step, string> = {
  validating: "Validating",
  generating: "Generating",
  storing: "Storing",
  watermarking: "Watermarking",
  complete: "Complete",
};

const SENTENCES: Record<Step, string> = {
  validating: "We look at your photo: is it whole, and can it be read?",
  generating: "A new picture is made from your photo. This takes the longest.",
  storing: "The new picture is put in a safe place.",
  watermarking: "Your preview gets its watermark.",
  complete: "Every stage is done. This is its preview, under a watermark.",
};

const WAITS: Partial<Record<FailureCode, string>> = {
  GENERATION_PAUSED: "The image model does not answer just now. Your photo goes on by itself as soon as it does.",
  GENERATION_BUDGET_SPENT: "Many pictures are being made just now. Yours goes on by itself when its turn comes.",
  GENERATION_UNAVAILABLE: "The image model could not be reached. It is asked again in a moment, by itself.",
  STORAGE_UNAVAILABLE: "Our storage could not be reached. It is tried again in a moment, by itself.",
};
const WAITS_ANYHOW = "The work on your photo was interrupted. It goes on by itself in a moment.";

export function heading(job: JobStatus): string {
  switch (job.status) {
    case null:
      return "Looking for your photo";
    case "pending":
      return "Waiting for its turn";
    case "processing":
      return job.data?.waitingFor ? "Waiting to go on" : "Your picture is developing";
    case "completed":
      return "Your picture is ready";
    case "failed":
      return job.data?.errorCode === "CANCELLED" ? "Cancelled" : "This one did not develop";
  }
}

/** What is being done; nothing, while it waits in the middle of a stage. */
export function happening({ status, stage, errorMessage, data }: JobStatus): string {
  switch (status) {
    case null:
      return "One moment.";
    case "pending":
      return `Your photo has arrived.${place(data)}`;
    case "failed":
      return data?.errorCode === "CANCELLED" ? "It was stopped, as you asked." : (errorMessage ?? "Processing failed.");
    default:
      return data?.waitingFor ? "" : SENTENCES[stage as Step];
  }
}

/** Its state in a few words, for a row of a list. */
export function shortly(job: JobStatus): string {
  if (job.error?.isFinal || (job.status === null && !job.isLoading)) {
    return say.endings.gone;
  }
  if (job.isFailed) {
    return happening(job);
  }
  const name = job.isComplete ? say.endings.completed : heading(job);
  return job.error ? `${name}. ${job.error.message}` : name;
}

/** Why it does not go on just now. */
export function waiting({ data }: JobStatus): string | null {
  return data?.waitingFor ? (WAITS[data.waitingFor] ?? WAITS_ANYHOW) : null;
}

/** What a screen reader says when something moved; the same text twice is said once. */
export function announcement(job: JobStatus): string {
  if (job.status === null) {
    return "";
  }
  const step = job.status === "processing" ? `Step ${STAGES.indexOf(job.stage as Step) + 1} of ${STAGES.length}, ` : "";
  const name = job.status === "processing" ? `${NAMES[job.stage as Step]}. ` : `${heading(job)}. `;
  return step + name + happening({ ...job, data: steady(job.data) });
}

/** How long it takes from here, as a band that half and nine in ten of the recent uploads kept to. */
export function howLong(body: StatusBody | null): string | null {
  if (!body?.eta || body.isTerminal) {
    return null;
  }
  const low = length(body.eta.p50Seconds);
  const high = length(body.eta.p90Seconds);
  const from = low.unit === high.unit ? `${low.count}` : inWords(low);
  const band = inWords(low) === inWords(high) ? inWords(high) : `${from} to ${inWords(high)}`;
  return `Usually ${band} from here.`;
}

export function made({ model, width, height }: ResultBody): string {
  return `${width} × ${height} pixels in full, made by ${model}.`;
}

/** The step in which an upload is, or in which it ended. */
export function reached({ stage, progress }: { stage: Stage | null; progress: number }): number {
  if (stage !== null && stage !== "failed") {
    return STAGES.indexOf(stage);
  }
  const begins = [10, 30, 80, 90, 100];
  return begins.filter((least) => least <= progress).length - 1;
}

function place(body: StatusBody | null): string {
  switch (body?.queuePosition) {
    case undefined:
      return "";
    case 0:
      return " It is next.";
    case 1:
      return " One photo is before it.";
    default:
      return ` ${body?.queuePosition} photos are before it.`;
  }
}

/** Without its place in line, which changes too often to be read out, and its waits, which are told on their own. */
function steady(body: StatusBody | null): StatusBody | null {
  if (body === null) {
    return null;
  }
  const { queuePosition: _, waitingFor: __, ...rest } = body;
  return rest;
}

interface Length {
  count: number;
  unit: "second" | "minute";
}

function length(seconds: number): Length {
  const count = Math.max(1, Math.round(seconds));
  return count < 90 ? { count, unit: "second" } : { count: Math.round(count / 60), unit: "minute" };
}

function inWords({ count, unit }: Length): string {
  return count === 1 ? `a ${unit}` : `${count} ${unit}s`;
}

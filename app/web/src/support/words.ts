/** What the console calls things, in plain words for people whose first language may be another one. */

import type { EventBody, FailureCode, SpanBody, Stage, Status } from "../status/schema";

export const STATUSES: Record<Status, string> = {
  pending: "waits",
  processing: "in progress",
  completed: "completed",
  failed: "failed",
};

export const STAGES: Record<Stage, string> = {
  validating: "validating",
  generating: "generating",
  storing: "storing",
  watermarking: "watermarking",
  complete: "complete",
  failed: "failed",
};

export const KINDS: Record<SpanBody["kind"], string> = {
  waiting: "waits for a worker",
  held: "taken by a worker",
  stage: "stage",
  lost: "its worker is gone",
  backoff: "backs off",
  "put-off": "put off",
  ended: "ended",
};

const EVENTS: Record<string, string> = {
  "upload.submitted": "submitted",
  "upload.attempt-started": "attempt began",
  "upload.stage-advanced": "advanced",
  "upload.result-stored": "result stored",
  "upload.preview-stored": "preview stored",
  "upload.attempt-failed": "attempt failed",
  "upload.put-off": "put off",
  "upload.failed": "failed",
  "upload.retried": "retried",
  "upload.requeued": "requeued",
  "upload.erased": "erased",
  "upload.noted": "note",
};

export function spanWords({ kind, stage, code }: Pick<SpanBody, "kind" | "stage" | "code">): string {
  if (kind === "stage") {
    return stage ?? KINDS.stage;
  }
  return code ? `${KINDS[kind]}: ${codeWords(code)}` : KINDS[kind];
}

export function eventWords({ name, stage, progress, code }: Pick<EventBody, "name" | "stage" | "progress" | "code">) {
  if (name === "upload.stage-advanced" && stage) {
    return `${stage}, ${progress} %`;
  }
  const words = name === "upload.failed" && code === "CANCELLED" ? "cancelled" : EVENTS[name];
  return `${words ?? name.replace(/^upload\./, "")}${stage && stage !== "failed" ? ` at ${stage}` : ""}`;
}

export interface ActorWords {
  who: string;
  kind: "owner" | "worker" | "staff" | "service";
}

/** `session:...`, `worker:...`, `staff:...` and `reconciler`, as the log has them. */
export function actorWords(actor: string | null): ActorWords {
  const [kind = "", name = ""] = (actor ?? "").split(/:(.*)/s);
  switch (kind) {
    case "session":
      return { who: "the owner", kind: "owner" };
    case "worker":
      return { who: `worker ${name}`, kind: "worker" };
    case "staff":
      return { who: name, kind: "staff" };
    case "operator":
      return { who: `operator ${name}`, kind: "staff" };
    default:
      return { who: actor ?? "unknown", kind: "service" };
  }
}

/** Why an attempt or an upload failed, in a list. The server tells what each means, and what to do. */
export const CODES: Record<FailureCode, string> = {
  NOT_AN_IMAGE: "no image",
  UNSUPPORTED_FORMAT: "unsupported format",
  IMAGE_TRUNCATED: "damaged image",
  IMAGE_TOO_LARGE: "too many pixels",
  IMAGE_TOO_COMPLEX: "too complex",
  ANIMATED_IMAGE: "animated",
  CONTENT_BLOCKED: "declined by the image model",
  NO_IMAGE_GENERATED: "no picture in the answer",
  GENERATION_REFUSED: "request refused",
  GENERATION_UNAVAILABLE: "image model away",
  STORAGE_REFUSED: "storage refused",
  STORAGE_UNAVAILABLE: "storage away",
  ORIGINAL_MISSING: "photo is gone",
  GENERATION_PAUSED: "image model paused",
  GENERATION_BUDGET_SPENT: "budget spent",
  WORKER_LOST: "workers were lost",
  WORKER_STOPPED: "worker stopped",
  INTERNAL_ERROR: "fault of ours",
  CANCELLED: "cancelled",
};

export function codeWords(code: string): string {
  return CODES[code as FailureCode] ?? code;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

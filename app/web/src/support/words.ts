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
  return code ? `${KINDS[kind]}: ${CODES[code].short}` : KINDS[kind];
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

export interface CodeWords {
  /** In a list. */
  short: string;
  /** What happened. */
  happened: string;
  /** What a support person does about it. */
  help: string;
}

const NEW_PHOTO = "Another try fails in the same way. Ask the owner for another photo.";
const GOES_ON = "Nothing: it goes on by itself.";

export const CODES: Record<FailureCode, CodeWords> = {
  NOT_AN_IMAGE: { short: "no image", happened: "The file is not an image.", help: NEW_PHOTO },
  UNSUPPORTED_FORMAT: {
    short: "unsupported format",
    happened: "The file is an image of a kind that is not supported.",
    help: "Another try fails in the same way. Ask the owner to save it as a JPEG or PNG and to send that.",
  },
  IMAGE_TRUNCATED: {
    short: "damaged image",
    happened: "The image is incomplete or damaged.",
    help: "Another try fails in the same way. Ask the owner to send the photo again, from its source.",
  },
  IMAGE_TOO_LARGE: {
    short: "too many pixels",
    happened: "The image has more pixels than are taken in.",
    help: "Another try fails in the same way. Ask the owner for a smaller version of the photo.",
  },
  IMAGE_TOO_COMPLEX: {
    short: "too complex",
    happened: "Opening the image takes more time or memory than a photo may.",
    help: "Another try fails in the same way. Ask for another photo. Many of these from one session may be an attack.",
  },
  ANIMATED_IMAGE: { short: "animated", happened: "The image is animated.", help: NEW_PHOTO },
  CONTENT_BLOCKED: {
    short: "declined by the image model",
    happened: "The image model declined to make a picture of this photo, for its own rules of safety.",
    help: NEW_PHOTO,
  },
  NO_IMAGE_GENERATED: {
    short: "no picture in the answer",
    happened: "The image model answered without a picture.",
    help: "Retry it: as a rule the next answer has one. If it fails again, ask for another photo.",
  },
  GENERATION_REFUSED: {
    short: "request refused",
    happened: "The image model did not accept our request: a key, a quota or the name of the model is wrong.",
    help: "Tell the operators: alert DarkroomFailuresOfOurs. Retry once they have mended it.",
  },
  GENERATION_UNAVAILABLE: {
    short: "image model away",
    happened: "The image model could not be reached.",
    help: "Are there many? Then it is the provider: alert DarkroomImageModelDown. Retry once the model answers again.",
  },
  STORAGE_REFUSED: {
    short: "storage refused",
    happened: "The object storage refused to store: keys, rights or the bucket are wrong.",
    help: "Tell the operators: alert DarkroomFailuresOfOurs. Retry once they have mended it.",
  },
  STORAGE_UNAVAILABLE: {
    short: "storage away",
    happened: "The object storage did not answer.",
    help: "Retry it. Are there many? Tell the operators: alert DarkroomDependencyDown.",
  },
  ORIGINAL_MISSING: {
    short: "photo is gone",
    happened: "The photo is gone from our storage.",
    help: "Another try fails in the same way. Ask the owner to send the photo again, and tell the operators.",
  },
  GENERATION_PAUSED: {
    short: "image model paused",
    happened: "The image model does not answer, so runs wait without losing an attempt.",
    help: GOES_ON,
  },
  GENERATION_BUDGET_SPENT: {
    short: "budget spent",
    happened: "The budget of this hour for the image model is spent.",
    help: "It goes on by itself in the next hour. Many wait? Tell the operators: alert DarkroomBudgetNearlySpent.",
  },
  WORKER_LOST: {
    short: "workers were lost",
    happened: "Its worker was gone again and again, three times in a row.",
    help: "Retry it once. If that fails too, the photo may kill workers: tell the operators, and do not retry again.",
  },
  WORKER_STOPPED: {
    short: "worker stopped",
    happened: "Its worker was stopped, by a restart for example.",
    help: GOES_ON,
  },
  INTERNAL_ERROR: {
    short: "fault of ours",
    happened: "A fault of Darkroom's own ended the run.",
    help: "Tell the operators, with the correlation id below: alert DarkroomFailuresOfOurs. Retry once it is mended.",
  },
  CANCELLED: {
    short: "cancelled",
    happened: "It was cancelled.",
    help: "Retry it if it was cancelled by mistake: it goes on where it was.",
  },
};

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

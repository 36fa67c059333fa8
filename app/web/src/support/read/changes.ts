/** What an event changed of an upload's row, in the words of the console. */

import type { ChangeBody, Status } from "../../status/schema";
import { clock, day } from "../times";
import { codeWords, STATUSES } from "../words";

type Value = ChangeBody["before"];

const FIELDS: Record<string, string> = {
  originalSize: "size of the photo",
  promptVersion: "version of the prompt",
  status: "status",
  stage: "stage",
  reached: "last stage of the pipeline",
  progress: "progress",
  attempt: "attempt",
  attemptsLeft: "attempts left",
  lost: "workers lost",
  running: "a worker runs it",
  retryAt: "next attempt after",
  waitingFor: "waits because",
  failedStage: "stage that failed",
  errorCode: "why it failed",
  errorMessage: "what its owner is told",
  resultId: "id of the result",
  expired: "what was deleted by age",
  createdAt: "submitted",
  stageSince: "in this stage since",
};
const TIME = /^\d{4}-\d\d-\d\dT/;

export function fieldWords(field: string): string {
  return FIELDS[field] ?? field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function valueWords(field: string, value: Value): string {
  if (value === null) {
    return "nothing";
  }
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  if (typeof value === "number") {
    return field === "progress" ? `${value} %` : field === "originalSize" ? `${value} bytes` : String(value);
  }
  if (field === "status") {
    return STATUSES[value as Status] ?? value;
  }
  return TIME.test(value) ? `${day(value)} ${clock(value)}` : codeWords(value);
}

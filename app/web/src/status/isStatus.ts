/** Whether an answer is a job's status, as Darkroom says it: a proxy, a portal or another service may answer in its place. */

import type { StatusBody } from "./schema.d.ts";

export function isStatus(answer: unknown, jobId: string): answer is StatusBody {
  const { success, jobId: told = jobId, version, status, progress } = (answer ?? {}) as Partial<StatusBody>;
  const isWhole = typeof version === "number" && typeof status === "string" && typeof progress === "number";
  return success === true && isWhole && isSameJob(told, jobId);
}

/** Darkroom takes an id in any of its forms, and answers with the usual one. */
function isSameJob(one: unknown, other: string): boolean {
  const plain = (id: unknown) => String(id).replaceAll("-", "").toLowerCase();
  return plain(one) === plain(other);
}

/**
 * A small copy of what was made, for a frame whose picture this browser has not shown: one is fetched after the other,
 * and each once. What cannot be had now is had when its page is opened.
 */

import { useEffect } from "react";
import { askResult } from "./api";
import { fetched } from "./save";
import { smallCopyIn } from "./thumbnail";
import { noteMade, type Upload } from "./uploads";

const asked = new Set<string>();
let last: Promise<void> = Promise.resolve();

export function useMade({ jobId, made }: Upload, resultId: string | null): void {
  const isMissing = made === undefined && resultId !== null;
  useEffect(() => {
    if (isMissing && !asked.has(resultId)) {
      asked.add(resultId);
      last = last.then(() => copy(jobId, resultId)).catch(() => {});
    }
  }, [jobId, resultId, isMissing]);
}

async function copy(jobId: string, resultId: string): Promise<void> {
  const { preview } = await askResult(jobId, resultId);
  const picture = await fetched(preview.url);
  const made = picture && (await smallCopyIn(picture));
  if (made) {
    noteMade(jobId, made);
  }
}

/** Under which keys the answers of the server are kept, for those who ask and for those who change something. */

export const UPLOADS_KEY = ["uploads"];
export const SEARCHES_KEY = ["searches"];
export const FAILURES_KEY = ["failures"];
export const BULKS_KEY = ["bulks"];
export const STAFF_KEY = ["staff"];

export function timelineKey(jobId: string): string[] {
  return ["timeline", jobId];
}

export function bulkKey(bulkId: string): string[] {
  return ["bulk", bulkId];
}

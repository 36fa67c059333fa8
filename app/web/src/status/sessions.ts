/**
 * Who owns a job, remembered in this browser: one session token per job, so that a reloaded or reopened page goes on.
 * Where storage is closed to us the tokens live as long as the page. Knows nothing of what a job is.
 */

const PREFIX = "darkroom.session.";
const held = new Map<string, string>();

export function keepSession(jobId: string, token: string): void {
  held.set(jobId, token);
  try {
    localStorage.setItem(PREFIX + jobId, token);
  } catch {
    // Full or forbidden: this page still knows it.
  }
}

export function sessionOf(jobId: string): string | null {
  try {
    return localStorage.getItem(PREFIX + jobId) ?? held.get(jobId) ?? null;
  } catch {
    return held.get(jobId) ?? null;
  }
}

export function forgetSession(jobId: string): void {
  held.delete(jobId);
  try {
    localStorage.removeItem(PREFIX + jobId);
  } catch {
    // Then it was not there either.
  }
}

/**
 * Who owns a job, remembered in this browser: one session token per job, so that a reloaded or reopened page goes on.
 * Where storage is closed to us the tokens live as long as the page. Knows nothing of what a job is.
 * On a server nothing is kept: its process serves many people.
 */

const PREFIX = "darkroom.session.";
const held = new Map<string, string>();
const listeners = new Set<() => void>();

/** Keep the token; whether it outlives the page. */
export function keepSession(jobId: string, token: string): boolean {
  if (typeof window === "undefined") {
    return false;
  }
  held.set(jobId, token);
  const isKept = stored(() => localStorage.setItem(PREFIX + jobId, token));
  notify();
  return isKept;
}

export function sessionOf(jobId: string): string | null {
  let token: string | null = null;
  stored(() => {
    token = localStorage.getItem(PREFIX + jobId);
  });
  return token ?? held.get(jobId) ?? null;
}

/**
 * Keep `renewed` in the place of `token`, for every job of that session: the server sends a new token to one that is in
 * the second half of its life.
 */
export function renewSession(token: string, renewed: string): void {
  for (const jobId of keptJobs()) {
    const kept = sessionOf(jobId);
    if (kept !== null && kept !== renewed && isSameSession(kept, token)) {
      keepSession(jobId, renewed);
    }
  }
}

/** Tokens of one session begin with its id, which ends with the first dot. */
export function isSameSession(one: string, other: string): boolean {
  return one === other || (one.includes(".") && one.split(".")[0] === other.split(".")[0]);
}

export function forgetSession(jobId: string): void {
  held.delete(jobId);
  stored(() => localStorage.removeItem(PREFIX + jobId));
  notify();
}

/** The sessions kept in this browser. What another tab keeps, renews or forgets is noticed too. */
export const browserSessions = {
  sessionOf,
  renew: renewSession,
  subscribe(changed: () => void): () => void {
    const changedElsewhere = ({ key }: StorageEvent) => {
      if (key === null || key.startsWith(PREFIX)) {
        if (key === null) {
          held.clear();
        } else if (localStorage.getItem(key) === null) {
          held.delete(key.slice(PREFIX.length));
        }
        changed();
      }
    };
    listeners.add(changed);
    addEventListener("storage", changedElsewhere);
    return () => {
      listeners.delete(changed);
      removeEventListener("storage", changedElsewhere);
    };
  },
};

function keptJobs(): Set<string> {
  const jobs = new Set(held.keys());
  stored(() => {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX)) {
        jobs.add(key.slice(PREFIX.length));
      }
    }
  });
  return jobs;
}

function notify(): void {
  for (const changed of listeners) {
    changed();
  }
}

/** Whether the storage did it: it may be full, forbidden, or not there at all. */
function stored(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

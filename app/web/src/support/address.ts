/**
 * What the console shows: the path and the query of its address, so that a search or an upload can be shared, reloaded,
 * and left with the back button. Links are links; a plain click on one opens it without loading the console again.
 */

import { useMemo, useSyncExternalStore } from "react";

export const FIND = "/support";
export const FAILURES = "/support/failures";
export const BULKS = "/support/bulk";
export const AUDIT = "/support/audit";
export const STAFF = "/support/staff";
/** A page of its own. */
export const INSIGHTS = "/insights";
const UPLOADS = "/support/uploads/";

export interface Address {
  path: string;
  query: URLSearchParams;
}

const listeners = new Set<() => void>();
let latestSearch = FIND;

/** The search that was looked at last: an upload leads back to it. */
export function lastSearch(): string {
  return latestSearch;
}

export function rememberSearch(): void {
  latestSearch = location.pathname + location.search;
}

export function uploadAddress(jobId: string, version?: number): string {
  return withQuery(UPLOADS + jobId, { version });
}

export function jobIdOf(path: string): string | null {
  return path.startsWith(UPLOADS) ? path.slice(UPLOADS.length).replace(/\/$/, "") : null;
}

export function bulkAddress(bulkId: string): string {
  return `${BULKS}/${bulkId}`;
}

export function bulkIdOf(path: string): string | null {
  return path.startsWith(`${BULKS}/`) ? path.slice(BULKS.length + 1).replace(/\/$/, "") || null : null;
}

/** The path with these parameters; what is empty is left out. */
export function withQuery(path: string, values: Record<string, string | number | boolean | undefined | null>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") {
      query.set(name, String(value));
    }
  }
  return query.size ? `${path}?${query}` : path;
}

export function go(address: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", address);
  } else if (address !== location.pathname + location.search) {
    history.pushState(null, "", address);
  }
  for (const changed of listeners) {
    changed();
  }
}

export function useAddress(): Address {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  return useMemo(() => {
    const { pathname, searchParams } = new URL(address, location.origin);
    return { path: pathname, query: searchParams };
  }, [address]);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  addEventListener("popstate", changed);
  return () => {
    listeners.delete(changed);
    removeEventListener("popstate", changed);
  };
}

/** Opens links of the console in place. A click with a key held, or on another site's link, stays the browser's own. */
export function openInPlace(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) {
    return;
  }
  const isOurs = link.origin === location.origin && (link.pathname === FIND || link.pathname.startsWith(`${FIND}/`));
  if (isOurs && !link.hash) {
    event.preventDefault();
    go(link.pathname + link.search);
    scrollTo(0, 0);
  }
}

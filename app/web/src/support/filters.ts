/** The filters of a search. Their names are those of the server, in the address of the console as in that of the API. */

import { CODES, STAGES, STATUSES } from "./words";

export const FILTERS = [
  "jobId",
  "status",
  "stage",
  "errorCode",
  "session",
  "minAttempt",
  "createdAfter",
  "createdBefore",
  "standsStill",
  "failureGroup",
] as const;

export type Filter = (typeof FILTERS)[number];
export type Filters = Partial<Record<Filter, string>>;

/** What an address asks for; parameters that are no filter are left out. */
export function filtersOf(query: URLSearchParams): Filters {
  const found: Filters = {};
  for (const name of FILTERS) {
    const value = query.get(name)?.trim();
    if (value) {
      found[name] = value;
    }
  }
  return found;
}

/** What a form holds; an empty field is no filter. */
export function filtersIn(form: FormData): Filters {
  const given = new URLSearchParams();
  for (const name of FILTERS) {
    const value = form.get(name);
    if (typeof value === "string") {
      given.set(name, value);
    }
  }
  return filtersOf(given);
}

/** A job id as people paste it: with the words and the quotes around it, or the address of the page. */
export function tidyId(text: string): string {
  const whole = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i.exec(text);
  return (whole?.[0] ?? text.replace(/[^0-9a-z-]/gi, "")).toLowerCase();
}

export interface SavedSearch {
  name: string;
  filters: Filters;
}

/** What is asked every day. */
export function savedSearches(now = new Date()): SavedSearch[] {
  return [
    { name: "Newest", filters: {} },
    { name: "Stands still", filters: { standsStill: "true" } },
    { name: "Failed today", filters: { status: "failed", createdAfter: now.toISOString().slice(0, 10) } },
    { name: "In progress", filters: { status: "processing" } },
    { name: "Several attempts", filters: { minAttempt: "2" } },
    { name: "Declined", filters: { errorCode: "CONTENT_BLOCKED" } },
  ];
}

export function isSame(one: Filters, other: Filters): boolean {
  return FILTERS.every((name) => one[name] === other[name]);
}

/** What was searched for, as a sentence part: `failed, since 2026-11-28`. */
export function inWords(filters: Filters): string {
  const {
    status,
    stage,
    errorCode,
    jobId,
    session,
    minAttempt,
    createdAfter,
    createdBefore,
    standsStill,
    failureGroup,
  } = filters;
  return [
    jobId && `id ${jobId}…`,
    status && (STATUSES[status as keyof typeof STATUSES] ?? status),
    stage && `at ${STAGES[stage as keyof typeof STAGES] ?? stage}`,
    errorCode && (CODES[errorCode as keyof typeof CODES]?.short ?? errorCode),
    standsStill === "true" && "stands still",
    minAttempt && `${minAttempt} attempts or more`,
    session && "of one session",
    failureGroup && "of one group of failures",
    createdAfter && `since ${createdAfter}`,
    createdBefore && `before ${createdBefore}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The filters of a search. Their names are those of the server, in the address of the console as in that of the API. */

import { codeWords, STAGES, STATUSES } from "./words";

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
  "putOff",
  "waitsOver",
  "lastActor",
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

const WHOLE_ID = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i;
/** The eight characters of its first part, and what follows of the others: no English word is so long in a to f. */
const BEGINNING = /(?<![0-9a-z])[0-9a-f]{8}(?![0-9g-z])[0-9a-f-]*(?<!-)/i;

/** A job id as people paste it: with the words and the quotes around it, or the address of the page. */
export function tidyId(text: string): string {
  const [id] = WHOLE_ID.exec(text) ?? BEGINNING.exec(text) ?? [text.replace(/[^0-9a-z-]/gi, "")];
  return id.toLowerCase();
}

export function isSame(one: Filters, other: Filters): boolean {
  return FILTERS.every((name) => one[name] === other[name]);
}

/** What was searched for, as a sentence part: `failed, since 2026-11-28`. */
export function inWords(given: Filters): string {
  return [
    given.jobId && `id ${given.jobId}…`,
    given.status && (STATUSES[given.status as keyof typeof STATUSES] ?? given.status),
    given.stage && `at ${STAGES[given.stage as keyof typeof STAGES] ?? given.stage}`,
    given.errorCode && codeWords(given.errorCode),
    given.standsStill === "true" && "stands still",
    given.minAttempt && `${given.minAttempt} attempts or more`,
    given.session && "of one session",
    given.putOff === "true" && "put off",
    given.waitsOver && `waits longer than ${given.waitsOver} s`,
    given.lastActor && `last acted on by ${given.lastActor}`,
    given.failureGroup && "of one group of failures",
    given.createdAfter && `since ${given.createdAfter}`,
    given.createdBefore && `before ${given.createdBefore}`,
  ]
    .filter(Boolean)
    .join(", ");
}

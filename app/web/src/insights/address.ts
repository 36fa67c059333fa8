/** What is looked at, as it stands in the URL: a link to the page shows the same span and filters to a colleague. */

export const NAMES = ["last", "since", "until", "step", "promptVersion", "model"] as const;
export type Name = (typeof NAMES)[number];
/** Only what is set. `last` is a number of days until now, and stands in place of since and until. */
export type Asked = Partial<Record<Name, string>>;

export const PRESETS = [
  { days: "1", words: "24 hours" },
  { days: "7", words: "7 days" },
  { days: "30", words: "30 days" },
  { days: "90", words: "90 days" },
  { days: "365", words: "a year" },
];
const USUAL = "7";

export function askedIn(search: string): Asked {
  const given = new URLSearchParams(search);
  const asked: Asked = {};
  for (const name of NAMES) {
    const value = given.get(name);
    if (value) {
      asked[name] = value;
    }
  }
  return asked.since || asked.until || asked.last ? asked : { ...asked, last: USUAL };
}

export function addressOf(asked: Asked): string {
  const given = new URLSearchParams(entriesOf(asked));
  return given.size ? `?${given}` : "";
}

/** The parameters of the API. The end is a whole minute, so that all charts of one view ask for the same span. */
export function parametersOf(asked: Asked, now: Date): string {
  const { last, ...rest } = asked;
  const given = new URLSearchParams(entriesOf(rest));
  if (last) {
    const until = new Date(Math.ceil(now.getTime() / 60_000) * 60_000);
    const days = Number(last) > 0 && Number(last) <= 3650 ? Number(last) : Number(USUAL);
    given.set("since", new Date(until.getTime() - days * 86_400_000).toISOString());
    given.set("until", until.toISOString());
  }
  return given.toString();
}

function entriesOf(asked: Asked): [string, string][] {
  return NAMES.flatMap((name) => (asked[name] ? [[name, asked[name]] as [string, string]] : []));
}

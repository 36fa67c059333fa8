/** The span and the filters. Each change is in the URL at once. */

import type { InsightsBody } from "../status/schema";
import { type Asked, type Name, PRESETS } from "./address";

interface Props {
  asked: Asked;
  insights: InsightsBody | undefined;
  onAsk: (asked: Asked) => void;
}

export function SpanForm({ asked, insights, onAsk }: Props) {
  const set = (name: Name, value: string) => {
    const { [name]: _, ...rest } = asked;
    onAsk(value ? { ...rest, [name]: value } : rest);
  };
  const setDay = (name: "since" | "until", value: string) => {
    const { last: _, ...rest } = asked;
    const days = { since: dayOf(insights?.since), until: dayOf(insights?.until), ...rest };
    onAsk({ ...days, [name]: value || days[name] });
  };
  const setLast = (days: string) => {
    const { since: _, until: __, ...rest } = asked;
    onAsk({ ...rest, last: days });
  };
  return (
    <form className="controls" aria-label="Span and filters" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend>Span</legend>
        {PRESETS.map(({ days, words }) => (
          <button key={days} type="button" aria-pressed={asked.last === days} onClick={() => setLast(days)}>
            {words}
          </button>
        ))}
      </fieldset>
      <label>
        From
        <input
          type="date"
          value={dayOf(asked.since ?? insights?.since)}
          onChange={(event) => setDay("since", event.target.value)}
        />
      </label>
      <label>
        Until
        <input
          type="date"
          value={dayOf(asked.until ?? insights?.until)}
          onChange={(event) => setDay("until", event.target.value)}
        />
      </label>
      <Choice
        label="Period"
        value={asked.step}
        all={insights && !asked.step ? `by ${insights.step}` : "automatic"}
        choices={["hour", "day", "week"]}
        onChange={(value) => set("step", value)}
      />
      <Choice
        label="Prompt version"
        value={asked.promptVersion}
        all="all"
        choices={(insights?.promptVersions ?? []).map(String)}
        onChange={(value) => set("promptVersion", value)}
      />
      <Choice
        label="Model"
        value={asked.model}
        all="all"
        choices={insights?.models ?? []}
        onChange={(value) => set("model", value)}
      />
    </form>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  /** The words for no choice. */
  all: string;
  choices: string[];
  onChange: (value: string) => void;
}

function Choice({ label, value, all, choices, onChange }: ChoiceProps) {
  const shown = value && !choices.includes(value) ? [...choices, value] : choices;
  return (
    <label>
      {label}
      <select value={value ?? ""} onChange={(event) => onChange(event.target.value)}>
        <option value="">{all}</option>
        {shown.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

function dayOf(moment: string | undefined): string {
  return moment?.slice(0, 10) ?? "";
}

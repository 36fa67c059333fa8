/** The insights: the span and the filters on top, then each chart with its table, its CSV and its SQL. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { InsightsBody } from "../status/schema";
import { type Asked, addressOf, askedIn, parametersOf } from "./address";
import { ask, InsightsError } from "./api";
import { Chart } from "./Chart";
import { SignIn } from "./SignIn";
import { SpanForm } from "./SpanForm";
import { shown } from "./summary";
import { Wordmark } from "./Wordmark";

export function App() {
  const client = useQueryClient();
  const [asked, setAsked] = useState(() => askedIn(location.search));
  const [askedAt, setAskedAt] = useState(() => new Date());
  const parameters = useMemo(() => parametersOf(asked, askedAt), [asked, askedAt]);
  const insights = useQuery({
    queryKey: ["insights", parameters],
    queryFn: ({ signal }) => ask<InsightsBody>(`?${parameters}`, signal),
    placeholderData: (before) => before,
  });
  useEffect(() => {
    const read = () => setAsked(askedIn(location.search));
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }, []);

  const look = (next: Asked) => {
    history.pushState(null, "", location.pathname + addressOf(next));
    setAsked(next);
    setAskedAt(new Date());
  };
  if (insights.error instanceof InsightsError && insights.error.status === 401) {
    return <SignIn why={insights.error.message} onToken={() => client.resetQueries()} />;
  }
  return (
    <main className="insights">
      <header>
        <div className="top">
          <Wordmark />
          {insights.data && (
            <nav aria-label="Staff">
              <a href="/support">Support console</a>
            </nav>
          )}
        </div>
        <h1>Insights</h1>
        {insights.data && <Coverage coverage={insights.data.coverage} />}
      </header>
      <SpanForm asked={asked} insights={insights.data} onAsk={look} />
      {insights.error && (
        <p className="trouble" role="alert">
          {insights.error.message}
        </p>
      )}
      {insights.data?.charts.map(({ name, title }) => (
        <Chart key={name} name={name} title={title} parameters={parameters} />
      ))}
    </main>
  );
}

function Coverage({ coverage: { begin, end, behindEvents } }: { coverage: InsightsBody["coverage"] }) {
  if (!begin) {
    return <p className="fine">The statistics know no upload yet.</p>;
  }
  const age = behindEvents
    ? `they are ${behindEvents.toLocaleString("en")} events behind, at ${shown(end)}`
    : `complete at ${shown(end)}`;
  return (
    <p className="fine">
      Statistics by the hour, in UTC, since {shown(begin)}; {age}.
    </p>
  );
}

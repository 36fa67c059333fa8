/** A chart with its sentence; below it the table behind it, as CSV too, and the SQL that made it. */

import { useQuery } from "@tanstack/react-query";
import { useId, useMemo, useState } from "react";
import type { ChartBody } from "../status/schema";
import { ask, download } from "./api";
import { Funnel } from "./Funnel";
import { linesOf } from "./lines";
import { Plot } from "./Plot";
import { isUnknown, summaryOf } from "./summary";
import { Table } from "./Table";

const UNITS: Record<string, string> = {
  throughput: "in each period, each failure and each cancel of an upload that was retried too",
  durations: "seconds, on a log scale",
  effort: "for each completed upload",
};

export function Chart({ name, title, parameters }: { name: string; title: string; parameters: string }) {
  const heading = useId();
  const { data, error, isFetching } = useQuery({
    queryKey: ["chart", name, parameters],
    queryFn: ({ signal }) => ask<ChartBody>(`/charts/${name}?${parameters}`, signal),
    placeholderData: (before) => before,
  });
  return (
    <section className="chart" aria-labelledby={heading} aria-busy={isFetching}>
      <h2 id={heading}>{title}</h2>
      {error && (
        <p className="trouble" role="alert">
          {error.message}
        </p>
      )}
      {data && <Body body={data} parameters={parameters} />}
    </section>
  );
}

function Body({ body, parameters }: { body: ChartBody; parameters: string }) {
  const summary = summaryOf(body);
  return (
    <>
      <p>{summary}</p>
      {new URLSearchParams(parameters).has("model") && body.ignores.includes("model") && (
        <p className="fine">Of all models: which one it was is not known for every upload counted here.</p>
      )}
      {!isUnknown(body) && body.until > body.coverage.end && (
        <p className="fine">The span is not over: the numbers of its end still grow.</p>
      )}
      {!isUnknown(body) && <Drawing body={body} text={summary} />}
      <details>
        <summary>Table</summary>
        <Table body={body} />
        <Csv body={body} parameters={parameters} />
      </details>
      <details>
        <summary>SQL</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
        <pre tabIndex={0}>{body.sql}</pre>
        <button type="button" onClick={() => navigator.clipboard.writeText(body.sql)}>
          Copy
        </button>
      </details>
    </>
  );
}

function Drawing({ body, text }: { body: ChartBody; text: string }) {
  const lines = useMemo(() => linesOf(body), [body]);
  if (!lines) {
    return <Funnel rows={body.rows as [string, number][]} />;
  }
  return (
    <Plot
      lines={lines}
      since={Date.parse(body.since) / 1000}
      until={Date.parse(body.until) / 1000}
      unit={UNITS[body.name] ?? "in each period"}
      isLog={body.name === "durations"}
      text={text}
    />
  );
}

function Csv({ body, parameters }: { body: ChartBody; parameters: string }) {
  const [trouble, setTrouble] = useState("");
  const fetchFile = () =>
    download(`/charts/${body.name}?${parameters}&format=csv`, `darkroom-${body.name}.csv`).then(
      () => setTrouble(""),
      (error: Error) => setTrouble(error.message),
    );
  return (
    <>
      <button type="button" onClick={fetchFile}>
        Download as CSV
      </button>
      {trouble && <p role="alert">{trouble}</p>}
    </>
  );
}

/** How many uploads came to each step, as bars of the first. */

export function Funnel({ rows }: { rows: [string, number][] }) {
  const most = Math.max(rows[0]?.[1] ?? 0, 1);
  return (
    <ol className="funnel">
      {rows.map(([step, uploads]) => (
        <li key={step}>
          <span>{step}</span>
          <meter min={0} max={most} value={uploads} aria-label={`${step}: ${uploads}`} />
          <span className="number">{uploads.toLocaleString("en")}</span>
        </li>
      ))}
    </ol>
  );
}

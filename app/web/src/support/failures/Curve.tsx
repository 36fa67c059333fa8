/** How many failures each of the last days had, as bars; the highest day is the full height. */

import type { DayBody } from "../../status/schema";

export function Curve({ days }: { days: DayBody[] }) {
  const most = Math.max(1, ...days.map(({ failures }) => failures));
  const told = days
    .filter(({ failures }) => failures > 0)
    .map(({ day, failures }) => `${day}: ${failures}`)
    .join(", ");
  return (
    <div className="curve" role="img" aria-label={`Failures by day, ${told || `none in the last ${days.length} days`}`}>
      {days.map(({ day, failures }) => (
        <span key={day} title={`${day}: ${failures}`} style={{ height: `${(failures / most) * 100}%` }} />
      ))}
    </div>
  );
}

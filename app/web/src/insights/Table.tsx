/** The table behind a chart. Numbers that the statistics do not know are left empty. */

import type { ChartBody } from "../status/schema";
import type { Cell } from "./lines";

const MOST = 500;
const MOMENT = /^\d{4}-\d\d-\d\dT/;

export function Table({ body }: { body: ChartBody }) {
  const rows = body.rows as Cell[][];
  return (
    <div className="scrolled">
      <table>
        <thead>
          <tr>
            {body.columns.map((name) => (
              <th key={name} scope="col">
                {name.replaceAll("_", " ")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row) => (
            <tr key={row.slice(0, 2).join(" ")}>
              {row.map((cell, index) => (
                <td key={body.columns[index]} className={typeof cell === "number" ? "number" : ""}>
                  {shown(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && <p className="fine">The CSV has all {rows.length.toLocaleString("en")} rows.</p>}
    </div>
  );
}

function shown(cell: Cell): string {
  if (typeof cell === "number") {
    return cell.toLocaleString("en", { maximumFractionDigits: 3 });
  }
  if (cell === null) {
    return "";
  }
  return MOMENT.test(cell) ? cell.replace("T00:00:00Z", "").replace("T", " ").replace(":00Z", "") : cell;
}

/** The place for the figure, what can be done, and the bar. It keeps its height, so that nothing below it moves. */

import type { ReactNode } from "react";

/** `percent`: nothing, where there is nothing to wait for. */
export function Slot({ percent, children }: { percent: number | null; children: ReactNode }) {
  return (
    <div className="slot">
      {percent !== null && (
        <p className="figure" dir="ltr">
          {percent}
          <small>%</small>
        </p>
      )}
      {children}
    </div>
  );
}

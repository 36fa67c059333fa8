/** A bar that moves smoothly, and never back. What begins anew is another bar: give it another key. */

import { useRef } from "react";

export function Bar({ label, percent }: { label: string; percent: number }) {
  const farthest = useRef(0);
  farthest.current = Math.max(farthest.current, percent);
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={farthest.current}
    >
      <div style={{ transform: `scaleX(${farthest.current / 100})` }} />
    </div>
  );
}

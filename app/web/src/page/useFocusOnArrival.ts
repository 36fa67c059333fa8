/** The focus moves to what has come in place of what had it; a page that was just loaded is left alone. */

import { type RefObject, useEffect, useRef } from "react";

let hasArrived = false;

export function useFocusOnArrival<E extends HTMLElement>(): RefObject<E | null> {
  const target = useRef<E>(null);
  useEffect(() => {
    if (hasArrived) {
      target.current?.focus({ preventScroll: true });
      scrollTo({ top: 0 });
    }
    hasArrived = true;
  }, []);
  return target;
}

/** Where what has the focus goes, for example a button with what it did, the page's heading gets it: no keyboard is lost. */

import { useEffect } from "react";

export function useKeptFocus(): void {
  useEffect(() => {
    let focused: Element | null = null;
    const note = ({ target }: FocusEvent) => {
      focused = target as Element;
    };
    const look = () => {
      if (focused && !focused.isConnected && document.activeElement === document.body) {
        focused = null;
        document.querySelector("h1")?.focus({ preventScroll: true });
      }
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
    addEventListener("focusin", note);
    return () => {
      observer.disconnect();
      removeEventListener("focusin", note);
    };
  }, []);
}

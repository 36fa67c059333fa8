/** The tab's title, for one who has several uploads open. */

import { useEffect } from "react";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Darkroom support`;
  }, [title]);
}

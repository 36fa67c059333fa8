/** The tab's title: how the upload that is open goes, for one who looks at another tab. */

import { useEffect } from "react";

const NAME = "Darkroom";

export function useTitle(state: string | null): void {
  useEffect(() => {
    document.title = state ? `${state} · ${NAME}` : NAME;
    return () => {
      document.title = NAME;
    };
  }, [state]);
}

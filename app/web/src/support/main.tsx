/** The console begins here. A search or a look is recorded by the server, so none is made that no person asked for. */

import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { openInPlace } from "./address";
import { SupportError } from "./api";
import { end } from "./session";
import "../page/style.css";
import "./style.css";
import "./rows.css";
import "./find/find.css";
import "./failures/failures.css";
import "./read/read.css";

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof SupportError && error.status === 401) {
        end(client);
      }
    },
  }),
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && error instanceof SupportError && error.isPassing,
    },
  },
});
document.addEventListener("click", openInPlace);

createRoot(document.getElementById("console") as HTMLElement).render(
  <QueryClientProvider client={client}>
    <App />
  </QueryClientProvider>,
);

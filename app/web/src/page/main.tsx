/** The page begins here: where a job is still under way, with that job. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { batchAddress, jobAddress, openAddress, START, show } from "./address";
import { Fallback } from "./Fallback";
import { setLanguage } from "./language";
import { notifyOfEndings } from "./notify";
import { checkStorage } from "./storage";
import { listenToOtherTabs } from "./tabs";
import { recentUploads } from "./uploads";
import "./style.css";

const client = new QueryClient();
listenToOtherTabs(client);
setLanguage();
checkStorage();
notifyOfEndings();

const [latest] = recentUploads();
if (openAddress() === START && latest && !latest.ending) {
  const isAlone = recentUploads().filter(({ batch }) => batch === latest.batch).length === 1;
  const address = latest.batch === undefined || isAlone ? jobAddress(latest.jobId) : batchAddress(latest.batch);
  show(address, { replace: true });
}

createRoot(document.getElementById("page") as HTMLElement).render(
  <QueryClientProvider client={client}>
    <Fallback>
      <App />
    </Fallback>
  </QueryClientProvider>,
);

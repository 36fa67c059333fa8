/** Tells of the end of an upload by a notification, if the person asked for it and does not look at this page. */

import { jobAddress } from "./address";
import { say } from "./language";
import { loaded, store } from "./storage";
import { type Ending, onEnding, type Upload } from "./uploads";

const KEY = "darkroom.notify";
let isAsked = false;

/** Whether the browser can tell a person, and has not been forbidden to. */
export function canNotify(): boolean {
  return "Notification" in window && Notification.permission !== "denied";
}

export function willNotify(): boolean {
  return canNotify() && Notification.permission === "granted" && (isAsked || loaded(KEY) === "yes");
}

/** Ask the browser, which asks the person; whether this page may. */
export async function askToNotify(): Promise<boolean> {
  if ((await Notification.requestPermission()) === "granted") {
    isAsked = true;
    store(KEY, "yes");
  }
  return willNotify();
}

export function notifyOfEndings(): void {
  onEnding((upload, ending) => {
    if (document.visibilityState === "hidden" && ending !== "gone" && ending !== "expired" && willNotify()) {
      tell(upload, ending);
    }
  });
}

function tell({ jobId, name, thumbnail }: Upload, ending: Exclude<Ending, "gone" | "expired">): void {
  try {
    // One tag: of several tabs that know of the upload the person hears once.
    const notification = new Notification(say.ended[ending], {
      body: name ?? "",
      tag: jobId,
      ...(thumbnail && { icon: thumbnail }),
    });
    notification.onclick = () => {
      window.focus();
      location.hash = jobAddress(jobId);
      notification.close();
    };
  } catch {
    // Some phones let only an installed page notify.
  }
}

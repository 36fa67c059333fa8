/**
 * Saving and sharing a preview, under a name that says which photo it was made of.
 *
 * The name that the server or the bucket gives, with the job's id, comes before the one in a link, so the picture is
 * fetched first. Where a bucket does not allow that, a frame saves the picture, under the bucket's name.
 */

import type { ResultBody } from "../status/schema";

/** Until then a browser has begun to save what it was given. */
const SAVED_MS = 60_000;

export function saveName(name: string | undefined, jobId: string): string {
  const stem = (name ?? "")
    .replace(/\.[^.]*$/, "")
    .replace(/[^\p{L}\p{N} ._-]/gu, "_")
    .trim()
    .slice(0, 80);
  return stem ? `${stem} darkroom.jpg` : `darkroom ${jobId.slice(0, 8)}.jpg`;
}

export function isElsewhere(url: string): boolean {
  return new URL(url, location.href).origin !== location.origin;
}

/** As if the person pressed a link to it. */
export async function save({ preview }: ResultBody, name: string): Promise<void> {
  const picture = await fetched(preview.url);
  if (picture === null && isElsewhere(preview.url)) {
    saveInFrame(preview.url);
    return;
  }
  const address = picture && URL.createObjectURL(picture);
  const link = document.createElement("a");
  link.href = address ?? preview.url;
  link.download = name;
  link.click();
  if (address) {
    setTimeout(() => URL.revokeObjectURL(address), SAVED_MS);
  }
}

/** The next link that the page follows would end this one before a slow bucket has answered; a frame's goes on. */
function saveInFrame(url: string): void {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = url;
  document.body.append(frame);
  setTimeout(() => frame.remove(), SAVED_MS);
}

/** The picture itself; nothing, where it cannot be had. */
export async function fetched(url: string): Promise<Blob | null> {
  try {
    // Not from the cache: what an image element left there says nothing of who may read it.
    const response = await fetch(url, { cache: "no-store" });
    return response.ok ? await response.blob() : null;
  } catch {
    return null;
  }
}

export function canShare(): boolean {
  const probe = new File([], "probe.jpg", { type: "image/jpeg" });
  return typeof navigator.share === "function" && (navigator.canShare?.({ files: [probe] }) ?? false);
}

/** Hand the picture to another app; whether it could be had. A person may also close the chooser, which is no fault. */
export async function share({ preview }: ResultBody, name: string): Promise<boolean> {
  const picture = await fetched(preview.url);
  if (picture === null) {
    return false;
  }
  await navigator.share({ files: [new File([picture], name, { type: preview.mediaType })] }).catch(() => {});
  return true;
}

/** Saving and sharing a preview, under a name that says which photo it was made of. */

import type { ResultBody } from "../status/schema";

export function saveName(name: string | undefined, jobId: string): string {
  const stem = (name ?? "")
    .replace(/\.[^.]*$/, "")
    .replace(/[^\p{L}\p{N} ._-]/gu, "_")
    .trim()
    .slice(0, 80);
  return stem ? `${stem} darkroom.jpg` : `darkroom ${jobId.slice(0, 8)}.jpg`;
}

/** As if the person pressed a link to it. */
export function save({ preview }: ResultBody, name: string): void {
  const link = document.createElement("a");
  link.href = preview.url;
  link.download = name;
  link.click();
}

export function canShare(): boolean {
  const probe = new File([], "probe.jpg", { type: "image/jpeg" });
  return typeof navigator.share === "function" && (navigator.canShare?.({ files: [probe] }) ?? false);
}

/** Hand the picture to another app. A person may also close the chooser again, which is no fault. */
export async function share({ preview }: ResultBody, name: string): Promise<void> {
  const picture = await (await fetch(preview.url)).blob();
  await navigator.share({ files: [new File([picture], name, { type: preview.mediaType })] }).catch(() => {});
}

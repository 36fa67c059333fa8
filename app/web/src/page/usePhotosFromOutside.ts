/** Photos that are dropped anywhere on the page, or pasted. */

import { useLayoutEffect, useState } from "react";
import { photosIn } from "./photosIn";
import type { Refused } from "./sending/outbox";

/** Whether something is held over the page just now. */
export function usePhotosFromOutside(onPhotos: (photos: File[], refused: Refused[]) => void): boolean {
  const [isOver, setOver] = useState(false);

  // Before it is painted: what can be seen can be dropped on.
  useLayoutEffect(() => {
    const take = (transfer: DataTransfer | null) => {
      void photosIn(transfer).then(({ photos, refused }) => {
        if (photos.length + refused.length > 0) {
          onPhotos(photos, refused);
        }
      });
    };
    const hold = (event: DragEvent) => {
      event.preventDefault(); // or the browser would open the photo in place of the page
      setOver(event.dataTransfer?.types.includes("Files") ?? false);
    };
    const leave = ({ relatedTarget }: DragEvent) => setOver((was) => was && relatedTarget !== null);
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer);
    };
    const paste = ({ clipboardData }: ClipboardEvent) => take(clipboardData);
    addEventListener("dragover", hold);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", hold);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, [onPhotos]);

  return isOver;
}

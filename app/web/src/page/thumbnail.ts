/** A small copy of a photo, as a data URL: for the list of recent uploads, and for the print while it develops. */

import { fetched, isElsewhere } from "./save";

/** Large enough to be seen on the sheet too. */
const LONG_SIDE = 480;
const SMALL_LONG_SIDE = 240;
const QUALITY = 0.7;

export interface Thumbnail {
  thumbnail: string | null;
  /** Of the photo: its width by its height; nothing, where the browser cannot show it. */
  ratio?: number;
}

export function thumbnailOf(photo: Blob): Promise<Thumbnail> {
  return small(photo, LONG_SIDE);
}

async function small(photo: Blob, longSide: number): Promise<Thumbnail> {
  try {
    const bitmap = await createImageBitmap(photo);
    const { width, height } = bitmap;
    const thumbnail = drawn(bitmap, { width, height, longSide });
    bitmap.close();
    return { thumbnail, ratio: width / height };
  } catch {
    return { thumbnail: null }; // what this browser cannot show, the server may still read
  }
}

/** Of a picture that the page shows. One from another origin may be shown and not read, unless that origin allows it. */
export async function smallCopyOf(picture: HTMLImageElement): Promise<string | null> {
  const { naturalWidth: width, naturalHeight: height, src } = picture;
  if (!isElsewhere(src)) {
    return drawn(picture, { width, height, longSide: SMALL_LONG_SIDE });
  }
  const blob = await fetched(src);
  return blob && smallCopyIn(blob);
}

/** Of a picture that was fetched. */
export async function smallCopyIn(picture: Blob): Promise<string | null> {
  const { thumbnail } = await small(picture, SMALL_LONG_SIDE);
  return thumbnail;
}

interface Size {
  width: number;
  height: number;
  /** Of the copy, at most. */
  longSide: number;
}

/** Nothing, where the browser does not let it be drawn. */
function drawn(picture: CanvasImageSource, { width, height, longSide }: Size): string | null {
  try {
    const scale = Math.min(1, longSide / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", QUALITY);
  } catch {
    return null;
  }
}

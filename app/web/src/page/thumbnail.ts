/** A small copy of a photo, as a data URL: for the list of recent uploads, and for the print while it develops. */

const LONG_SIDE = 240;
const QUALITY = 0.7;

export async function thumbnailOf(photo: Blob): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(photo);
    const thumbnail = drawn(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    return thumbnail;
  } catch {
    return null; // what this browser cannot show, the server may still read
  }
}

/** Nothing, where the browser does not let the picture be read: it may come from another origin. */
export function drawn(picture: CanvasImageSource, width: number, height: number): string | null {
  try {
    const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", QUALITY);
  } catch {
    return null;
  }
}

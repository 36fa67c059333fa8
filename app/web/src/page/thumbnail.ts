/** A small copy of a photo, as a data URL: for the list of recent uploads, and for the print while it develops. */

const LONG_SIDE = 240;
const QUALITY = 0.7;

export async function thumbnailOf(photo: Blob): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(photo);
    const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas.toDataURL("image/jpeg", QUALITY);
  } catch {
    return null; // what this browser cannot show, the server may still read
  }
}

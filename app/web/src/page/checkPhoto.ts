/** What is wrong with a file, in a sentence, before anything of it is sent. Its name and its claimed type prove nothing. */

const HEAD_BYTES = 12;
const MEGABYTE = 2 ** 20;

/** What the chooser offers; a phone turns its own formats into one of these. */
export const ACCEPTED = "image/jpeg,image/png,image/webp";

export function maxUploadBytes(): number {
  const told = document.querySelector<HTMLMetaElement>('meta[name="max-upload-bytes"]');
  return Number(told?.content) || 20 * MEGABYTE;
}

export function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toLocaleString("en", { maximumFractionDigits: bytes < 10 * MEGABYTE ? 1 : 0 })} MB`;
}

export async function wrongWith(file: Blob, maxBytes: number): Promise<string | null> {
  if (file.size === 0) {
    return "This file is empty. Please choose a JPEG, PNG or WebP photo.";
  }
  if (!isPhoto(await headOf(file))) {
    return "This file is not a JPEG, PNG or WebP photo. Please choose another one.";
  }
  if (file.size > maxBytes) {
    return `This photo has ${megabytes(file.size)}, and ${megabytes(maxBytes)} is the most. Please choose a smaller one.`;
  }
  return null;
}

async function headOf(file: Blob): Promise<string> {
  try {
    return String.fromCharCode(...new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  } catch {
    return ""; // a folder, or a file that has gone
  }
}

function isPhoto(head: string): boolean {
  const isWebp = head.startsWith("RIFF") && head.slice(8) === "WEBP";
  return head.startsWith("\xff\xd8\xff") || head.startsWith("\x89PNG\r\n\x1a\n") || isWebp;
}

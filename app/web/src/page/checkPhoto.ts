/** What is wrong with a file, in a sentence, before anything of it is sent. Its name and its claimed type prove nothing. */

import { locale, say } from "./language";

const HEAD_BYTES = 64;
const BRANDS = ["avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"];
const MEGABYTE = 2 ** 20;

/** What the chooser offers. The endings are for systems that know no type for HEIC. */
export const ACCEPTED = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif";

export function maxUploadBytes(): number {
  const told = document.querySelector<HTMLMetaElement>('meta[name="max-upload-bytes"]');
  return Number(told?.content) || 20 * MEGABYTE;
}

export function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toLocaleString(locale, { maximumFractionDigits: bytes < 10 * MEGABYTE ? 1 : 0 })} MB`;
}

export async function wrongWith(file: Blob, maxBytes: number): Promise<string | null> {
  if (file.size === 0) {
    return say.empty;
  }
  if (!isPhoto(await headOf(file))) {
    return say.noPhoto;
  }
  if (file.size > maxBytes) {
    return say.tooLarge(megabytes(file.size), megabytes(maxBytes));
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
  const isWebp = head.startsWith("RIFF") && head.slice(8, 12) === "WEBP";
  return isIsoPhoto(head) || head.startsWith("\xff\xd8\xff") || head.startsWith("\x89PNG\r\n\x1a\n") || isWebp;
}

/** HEIC and AVIF are ISO media files: the first brand tells, or a general one is told apart by the ones that follow. */
function isIsoPhoto(head: string): boolean {
  if (head.slice(4, 8) !== "ftyp") {
    return false;
  }
  const brands = head.slice(8).match(/.{4}/gs) ?? [];
  const first = brands[0] ?? "";
  return BRANDS.includes(first) || (["mif1", "msf1"].includes(first) && brands.some((brand) => BRANDS.includes(brand)));
}

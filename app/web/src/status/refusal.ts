/** What a refusal says, and whether Darkroom itself said it: a proxy or a firewall in between may answer in its place. */

export interface Refusal {
  code: string;
  message: string;
  /** It is Darkroom's own JSON. */
  isOurs: boolean;
}

export function refusalOf(status: number, body: unknown): Refusal {
  const { success, error } = (body ?? {}) as { success?: unknown; error?: { code?: unknown; message?: unknown } };
  if (success === false && typeof error?.code === "string" && typeof error.message === "string") {
    return { code: error.code, message: error.message, isOurs: true };
  }
  const message = `Something between this page and Darkroom answered in its place, with status ${status}.`;
  return { code: `HTTP_${status}`, message, isOurs: false };
}

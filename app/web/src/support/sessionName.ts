/**
 * The name of a session, as events have it, of its token as a person pasted it. A search is an address: the token would
 * stay in the history of the browser and in the log of a proxy, and go to each colleague that the address is sent to.
 */

const LONGEST_TYPED = 20;
const SHOWN = 16;
const NAME = /^(session:)?[0-9a-f]{16,64}$/i;

const TOKEN = /^[\w-]{24,}\.[\w-]+(\.[\w-]+)?$/;

/** Whether this is a token, in whichever field it was pasted. */
export function isToken(text: string): boolean {
  return TOKEN.test(text.trim());
}

export async function sessionName(given: string): Promise<string> {
  const text = given.trim();
  if (NAME.test(text) || (text.length <= LONGEST_TYPED && !text.includes("."))) {
    return text;
  }
  if (!globalThis.crypto?.subtle) {
    throw new Error(
      "Without HTTPS this page cannot take a token: the address would show it. Give the session as events name it.",
    );
  }
  const [id = ""] = text.split(".");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  const digits = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"));
  return `session:${digits.join("").slice(0, SHOWN)}`;
}

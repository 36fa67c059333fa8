/** An idempotency key. `crypto.randomUUID` is not there on plain HTTP, where a console may well be used. */

export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

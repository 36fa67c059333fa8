/** An idempotency key of 128 random bits. `crypto.randomUUID` is missing on plain HTTP, which a home network may use. */

export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

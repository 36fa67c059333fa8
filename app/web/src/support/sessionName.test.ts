/** A token becomes a name; a name stays. */

import { webcrypto } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { isToken, sessionName } from "./sessionName";

const ID = "VBrNV7GbPJ6SqrIZBzI3oHXUTzLu7Clv";

afterEach(() => vi.unstubAllGlobals());

test.each([`${ID}.awtKmg.Gch4p3bGcadf`, ` ${ID}.signature\n`, ID])(
  "of %s nothing but the hash is left",
  async (token) => {
    vi.stubGlobal("crypto", webcrypto);
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256").update(ID).digest("hex");
    expect(await sessionName(token)).toBe(`session:${hash.slice(0, 16)}`);
  },
);

test.each(["session:a886e65e94bbc507", "a886e65e94bbc507", "a".repeat(64), "erika", ""])("%s stays", async (name) => {
  expect(await sessionName(name)).toBe(name);
});

test("where it cannot be hashed, that is said", async () => {
  vi.stubGlobal("crypto", {});
  await expect(sessionName(`${ID}.awtKmg.Gch4p3bGcadf`)).rejects.toThrow("Without HTTPS");
});

test("a token is told from an id", () => {
  expect([`${ID}.awtKmg.Gch4p3bGcadf`, ` ${ID}.signature\n`].map(isToken)).toEqual([true, true]);
  const ids = ["3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a", "3f0c6f0e", "3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a.", ""];
  expect(ids.map(isToken)).toEqual([false, false, false, false]);
});

/** Leaves the digest of the page's source beside the built page: proof, without Node, that the one is of the other. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const BESIDE = [
  "index.html",
  "insights.html",
  "package-lock.json",
  "package.json",
  "schema.html",
  "support.html",
  "vite.config.ts",
];

/** SHA-256 over the lines `<SHA-256 of a file>  <path>`, sorted by path; tests are no source of the page. */
function digest(root: string): string {
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  const lines = [...sources, ...BESIDE].sort().map((path) => `${sha256(readFileSync(join(root, path)))}  ${path}\n`);
  return sha256(lines.join(""));
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export function sourceDigest(): Plugin {
  let root = "";
  return {
    name: "source-digest",
    configResolved: (config) => {
      root = config.root;
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "source.sha256", source: `${digest(root)}\n` });
    },
  };
}

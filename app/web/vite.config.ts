/** How the page is built and tested. The built page is committed, with the digest of the source that it was built of. */

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { sourceDigest } from "./sourceDigest.ts";

export default defineConfig({
  plugins: [react(), sourceDigest()],
  build: {
    outDir: "built",
    target: "es2022",
    // Everything is a file of its own: the page's policy allows no inline script, style or font.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "insights.html", "schema.html", "support.html"] },
    chunkSizeWarningLimit: 2000, // of /schema; tests/house/test_web.py bounds the upload page
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});

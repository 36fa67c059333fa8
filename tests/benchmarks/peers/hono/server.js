/**
 * The design that Darkroom replaces: Hono on Node, Drizzle over postgres.js, as their documentations write it.
 * Its environment: PORT, DATABASE_SOCKET, DATABASE_NAME, DATABASE_USER, SECRET_KEYS.
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { serve } from "@hono/node-server";
import { eq } from "drizzle-orm";
import { integer, pgTable, smallint, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import { Hono } from "hono";
import postgres from "postgres";

const { PORT, DATABASE_SOCKET, DATABASE_NAME, DATABASE_USER, SECRET_KEYS } = process.env;
const sql = postgres({ path: DATABASE_SOCKET, database: DATABASE_NAME, user: DATABASE_USER, max: 10 });
const db = drizzle(sql);

const uploads = pgTable("uploads", {
  uploadId: uuid("upload_id").primaryKey(),
  sessionHash: text("session_hash").notNull(),
  status: text("status").notNull(),
  stage: text("stage"),
  progress: smallint("progress").notNull(),
  resultId: uuid("result_id"),
  version: integer("version").notNull(),
  attempt: integer("attempt").notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
});

const LIFETIME = 90 * 86_400;
const key = createHmac("sha256", SECRET_KEYS).update("darkroom.dated-session").digest();
const known = new Map();

/** The hash of a session, worked out once a token, as Darkroom does; null for a forged token, and one that is over. */
function ownerOf(token) {
  if (!known.has(token)) {
    const end = token.lastIndexOf(".");
    const signature = Buffer.from(token.slice(end + 1), "base64url");
    const expected = createHmac("sha256", key).update(token.slice(0, end)).digest();
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      return null;
    }
    const [id, date] = token.slice(0, end).split(".");
    const seconds = Number.parseInt(Buffer.from(date, "base64url").toString("hex"), 16);
    known.set(token, { hash: createHash("sha256").update(id).digest("hex"), end: seconds + LIFETIME });
  }
  const session = known.get(token);
  return Date.now() / 1000 < session.end ? session.hash : null;
}

const app = new Hono();

app.get("/api/status/:jobId", async (c) => {
  const owner = ownerOf(c.req.header("x-session-token") ?? "");
  if (!owner) {
    return c.json({ success: false, error: { code: "UNAUTHORIZED" } }, 401);
  }
  const [upload] = await db.select().from(uploads).where(eq(uploads.uploadId, c.req.param("jobId"))).limit(1);
  if (!upload || upload.sessionHash !== owner) {
    return c.json({ success: false, error: { code: "NOT_FOUND" } }, 404);
  }
  const isTerminal = upload.status === "completed" || upload.status === "failed";
  c.header("ETag", `"${upload.version}"`);
  c.header("Cache-Control", "private, no-cache");
  return c.json({
    success: true,
    jobId: upload.uploadId,
    status: upload.status,
    stage: upload.stage,
    progress: upload.progress,
    resultId: upload.resultId,
    version: upload.version,
    attempt: upload.attempt,
    createdAt: upload.createdAt,
    updatedAt: upload.updatedAt,
    isTerminal,
    pollAfterMs: isTerminal ? null : 2500,
  });
});

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(PORT) });

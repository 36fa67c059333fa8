/** Follow a Darkroom upload from any React front end. What is exported here is what the package promises. */

export type { Connection, Sessions } from "./connection.ts";
export { DarkroomProvider, type DarkroomProviderProperties } from "./DarkroomProvider.ts";
export { StatusError } from "./StatusError.ts";
export type { FailureCode, Stage, Status, StatusBody } from "./schema.d.ts";
export { browserSessions, forgetSession, keepSession, renewSession, sessionOf } from "./sessions.ts";
export { type JobStatus, prefetchStatus, tellStatus, type UseStatusOptions, useStatus } from "./useStatus.ts";

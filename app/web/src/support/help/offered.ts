/** Which actions make sense for an upload, and whether the person may do them. The server judges again. */

import type { ActionBody, Role, TimelineBody } from "../../status/schema";
import { covers } from "../session";
import { standingOf } from "../standing";

export type ActionName = ActionBody["action"];

export interface ActionWords {
  name: ActionName;
  needs: Role;
  /** On the button. */
  label: string;
  /** Of the dialog. */
  title: string;
  /** What the server calls the words that it takes. */
  field: "reason" | "note";
  /** What happens if it is done. */
  what: string;
  /** A reason as one would write it. */
  example: string;
}

const ACTIONS: ActionWords[] = [
  {
    name: "retry",
    needs: "agent",
    label: "Retry",
    title: "Retry this upload?",
    field: "reason",
    what: "It goes on from the stage that failed, with three more attempts. What is paid for is not paid again.",
    example: "The image model was away at nine, ticket 4711.",
  },
  {
    name: "requeue",
    needs: "agent",
    label: "Requeue",
    title: "Requeue this upload?",
    field: "reason",
    what: "Its next attempt begins now, whatever it waits for.",
    example: "It stands still, ticket 4711.",
  },
  {
    name: "cancel",
    needs: "agent",
    label: "Cancel",
    title: "Cancel this upload?",
    field: "reason",
    what: "It ends as failed, and its owner reads that it was cancelled. A retry would let it go on.",
    example: "The owner sent the wrong photo, ticket 4711.",
  },
  {
    name: "note",
    needs: "agent",
    label: "Note",
    title: "Write a note?",
    field: "note",
    what: "It changes nothing. It stands among the events, for the colleague of the next shift.",
    example: "The owner calls back on Monday, ticket 4711.",
  },
  {
    name: "erase",
    needs: "admin",
    label: "Erase",
    title: "Erase this upload?",
    field: "reason",
    what: "Its photo and its pictures are deleted for good, and its owner finds no such upload. Its events stay.",
    example: "The owner asks to be forgotten, ticket 4711.",
  },
];

/** What makes sense for the upload, before any role is asked for. */
export function possible(body: TimelineBody): ActionWords[] {
  const { isErased } = standingOf(body);
  const sense: Record<ActionName, boolean> = {
    retry: body.status === "failed" && body.failure?.canRetry === true && !isErased,
    requeue: !body.isTerminal && body.worker === null,
    cancel: !body.isTerminal,
    note: !isErased,
    erase: !isErased,
  };
  return ACTIONS.filter(({ name }) => sense[name]);
}

export function offered(body: TimelineBody, role: Role): ActionWords[] {
  return possible(body).filter(({ needs }) => covers(role, needs));
}

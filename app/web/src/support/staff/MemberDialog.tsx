/** Adds a member, or gives a member a new token. */

import { useId } from "react";
import type { MemberBody, TokenBody } from "../../status/schema";
import { ask } from "../api";
import { FormDialog } from "../FormDialog";
import { endOf, ROLES, untilWords } from "./access";

interface Given {
  /** Who gets a new token; a new member, if left out. */
  member?: MemberBody;
  isOneself?: boolean;
  onDone: (answer: TokenBody) => void;
  onClose: () => void;
}

export function MemberDialog({ member, isOneself = false, onDone, onClose }: Given) {
  const hint = useId();
  const send = (form: FormData) =>
    ask<TokenBody>(member ? `/staff/${member.name}/rotate` : "/staff", { method: "POST", json: givenIn(form) });
  return (
    <FormDialog<TokenBody>
      title={member ? `Give ${member.name} a new token?` : "Add a member"}
      label={member ? "Give a new token" : "Add"}
      send={send}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{whatHappens(member, isOneself)}</p>
      {!member && (
        <>
          <label>
            <span>Name</span>
            <input
              name="name"
              required
              maxLength={64}
              placeholder="erika"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              aria-describedby={hint}
            />
          </label>
          <p id={hint} className="fine">
            Small letters, digits, and “.”, “_”, “-”. It stands in each event that the person makes, for ever, and is
            given once.
          </p>
        </>
      )}
      <fieldset className="one-each">
        <legend>Role</legend>
        {Object.entries(ROLES).map(([role, words]) => (
          <label key={role} className="check">
            <input
              type="radio"
              name="role"
              value={role}
              required
              defaultChecked={role === (member?.role ?? "viewer")}
            />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      <label>
        <span>
          Last day (UTC), {member?.until ? `if not until ${untilWords(member.until)} as before` : "if there is one"}
        </span>
        <input type="date" name="lastDay" />
      </label>
    </FormDialog>
  );
}

function whatHappens(member: MemberBody | undefined, isOneself: boolean): string {
  if (!member) {
    return "The person signs in with a token, which you see once and hand over.";
  }
  if (isOneself) {
    return "Your old token and your sessions end at once, this one too: keep the new token, and sign in with it.";
  }
  return `The old token of ${member.name} and the sessions that began with it end at once. You see the new one once.`;
}

function givenIn(form: FormData): Record<string, string> {
  const name = String(form.get("name") ?? "").trim();
  const lastDay = String(form.get("lastDay") ?? "");
  return { ...(name && { name }), role: String(form.get("role")), ...(lastDay && { until: endOf(lastDay) }) };
}

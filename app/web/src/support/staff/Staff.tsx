/** The staff: who may come in, as what, and until when. Admins add members, give new tokens, and revoke. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { MemberBody, MembersBody, StaffSessionBody, TokenBody } from "../../status/schema";
import { AUDIT, withQuery } from "../address";
import { ask } from "../api";
import { Problem } from "../Problem";
import { STAFF_KEY } from "../queryKeys";
import { covers } from "../session";
import { moment } from "../times";
import { useTitle } from "../useTitle";
import { inOrder, untilWords } from "./access";
import { MemberDialog } from "./MemberDialog";
import { RevokeDialog } from "./RevokeDialog";
import { TokenDialog } from "./TokenDialog";

type Asked = { what: "add" } | { what: "rotate" | "revoke"; member: MemberBody } | { what: "token"; answer: TokenBody };

export function Staff({ person }: { person: StaffSessionBody }) {
  useTitle("Staff");
  return (
    <>
      <h1>Staff</h1>
      {covers(person.role, "admin") ? (
        <Members person={person} />
      ) : (
        <p>
          {person.name} is {person.role === "agent" ? "an" : "a"} {person.role}: managing the staff takes an admin.
        </p>
      )}
    </>
  );
}

function Members({ person }: { person: StaffSessionBody }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const { data, error } = useQuery({
    queryKey: STAFF_KEY,
    queryFn: ({ signal }) => ask<MembersBody>("/staff", { signal }),
  });
  const close = () => setAsked(null);
  // Only when a token was read: asking again ends the session of an admin who has given a new token to themselves.
  const closeAndLook = () => {
    close();
    void client.invalidateQueries({ queryKey: STAFF_KEY });
  };
  const showToken = (answer: TokenBody) => setAsked({ what: "token", answer });
  return (
    <>
      <div className="choices">
        <button type="button" className="button" onClick={() => setAsked({ what: "add" })}>
          Add a member…
        </button>
      </div>
      {error && <Problem error={error} />}
      {!data && !error && <p role="status">Looking…</p>}
      {data && (
        <table className="rows staff">
          <caption className="spoken">Every member that there ever was; those who may come in first</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Role</th>
              <th scope="col">State</th>
              <th scope="col">Until (UTC)</th>
              <th scope="col">Token since (UTC)</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {inOrder(data.members).map((member) => (
              <Row key={member.name} member={member} onAsk={(what) => setAsked({ what, member })} />
            ))}
          </tbody>
        </table>
      )}
      {asked?.what === "add" && <MemberDialog onDone={showToken} onClose={close} />}
      {asked?.what === "rotate" && (
        <MemberDialog
          member={asked.member}
          isOneself={asked.member.name === person.name}
          onDone={showToken}
          onClose={close}
        />
      )}
      {asked?.what === "revoke" && (
        <RevokeDialog
          member={asked.member}
          isOneself={asked.member.name === person.name}
          onDone={closeAndLook}
          onClose={close}
        />
      )}
      {asked?.what === "token" && <TokenDialog answer={asked.answer} onClose={closeAndLook} />}
    </>
  );
}

function Row({ member, onAsk }: { member: MemberBody; onAsk: (what: "rotate" | "revoke") => void }) {
  const { name, role, state, until, tokenSince, revokedAt } = member;
  return (
    <tr data-state={state}>
      <th scope="row">
        <a href={withQuery(AUDIT, { by: name })} aria-label={`What ${name} did`}>
          {name}
        </a>
      </th>
      <td data-label="Role">{role}</td>
      <td data-label="State">
        {state}
        {revokedAt && <small>, {moment(revokedAt)}</small>}
      </td>
      <td data-label="Until">{until ? untilWords(until) : "no end"}</td>
      <td data-label="Token since">
        <time dateTime={tokenSince}>{moment(tokenSince)}</time>
      </td>
      <td data-label="Change">
        {state === "revoked" ? (
          <small>for good</small>
        ) : (
          <span className="choices">
            <button type="button" className="link" aria-label={`New token for ${name}`} onClick={() => onAsk("rotate")}>
              New token…
            </button>
            <button type="button" className="link" aria-label={`Revoke ${name}`} onClick={() => onAsk("revoke")}>
              Revoke…
            </button>
          </span>
        )}
      </td>
    </tr>
  );
}

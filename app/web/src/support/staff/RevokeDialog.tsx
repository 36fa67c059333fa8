/** Takes the access of a member away. */

import type { MemberBody, OneMemberBody } from "../../status/schema";
import { ask } from "../api";
import { FormDialog } from "../FormDialog";

interface Given {
  member: MemberBody;
  isOneself: boolean;
  onDone: () => void;
  onClose: () => void;
}

export function RevokeDialog({ member: { name }, isOneself, onDone, onClose }: Given) {
  return (
    <FormDialog<OneMemberBody>
      title={`Revoke ${name}?`}
      label="Revoke"
      send={() => ask(`/staff/${name}/revoke`, { method: "POST", json: {} })}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {isOneself && <strong>This is you: you are signed out. </strong>}
        The token and the sessions of {name} end at once and for good. What {name} did stays in the events and in the
        audit. The name is not given again; another member may be added under another name.
      </p>
    </FormDialog>
  );
}

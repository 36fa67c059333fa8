/** The whole console: signing in, and then its rooms by address. */

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { StaffSessionBody } from "../status/schema";
import { AUDIT, BULKS, bulkIdOf, FAILURES, FIND, INSIGHTS, jobIdOf, STAFF, useAddress } from "./address";
import { Audit } from "./audit/Audit";
import { Bulk } from "./bulk/Bulk";
import { Bulks } from "./bulk/Bulks";
import { Failures } from "./failures/Failures";
import { Find } from "./find/Find";
import { Keys } from "./Keys";
import { useKeys } from "./keys";
import { Problem } from "./Problem";
import { Upload } from "./read/Upload";
import { SignIn } from "./SignIn";
import { covers, signOut, useSession } from "./session";
import { Staff } from "./staff/Staff";

export function App() {
  const { data: person, error } = useSession();
  if (person) {
    return <Console person={person} />;
  }
  return (
    <Frame>
      {error && <Problem error={error} />}
      {person === null && <SignIn />}
      {person === undefined && !error && <p role="status">One moment…</p>}
    </Frame>
  );
}

function Console({ person }: { person: StaffSessionBody }) {
  const { path } = useAddress();
  const [isShowingKeys, setShowingKeys] = useState(false);
  useKeys({ "?": () => setShowingKeys(true) });
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  // As a browser does when it loads a page: what is read next begins at the top.
  useEffect(() => {
    if (before.current !== path) {
      before.current = path;
      main.current?.focus();
    }
  }, [path]);
  return (
    <Frame person={person} onKeys={() => setShowingKeys(true)}>
      <main ref={main} id="main" tabIndex={-1}>
        <Room path={path} person={person} />
      </main>
      {isShowingKeys && <Keys onClose={() => setShowingKeys(false)} />}
    </Frame>
  );
}

function Room({ path, person }: { path: string; person: StaffSessionBody }) {
  const jobId = jobIdOf(path);
  if (jobId) {
    return <Upload key={jobId} jobId={jobId} person={person} />;
  }
  if (path === FAILURES) {
    return <Failures person={person} />;
  }
  if (path === BULKS) {
    return <Bulks />;
  }
  const bulkId = bulkIdOf(path);
  if (bulkId) {
    return <Bulk key={bulkId} bulkId={bulkId} person={person} />;
  }
  if (path === AUDIT) {
    return <Audit />;
  }
  if (path === STAFF) {
    return <Staff person={person} />;
  }
  if (path.replace(/\/$/, "") === FIND) {
    return <Find person={person} />;
  }
  return (
    <>
      <h1>There is nothing at this address</h1>
      <p>
        <a href={FIND}>Find an upload</a>
      </p>
    </>
  );
}

interface Framed {
  person?: StaffSessionBody;
  onKeys?: () => void;
  children: ReactNode;
}

function Frame({ person, onKeys, children }: Framed) {
  const { path } = useAddress();
  return (
    <div className="room console">
      <a className="skip" href="#main">
        To the content
      </a>
      <header>
        <a className="wordmark" href={FIND}>
          <span className="lamp" aria-hidden="true" />
          Darkroom <span className="part">support</span>
        </a>
        {person && (
          <>
            <nav className="rooms" aria-label="Console">
              <Door address={FIND} isOpen={path === FIND || jobIdOf(path) !== null} name="Find" />
              <Door address={FAILURES} isOpen={path === FAILURES} name="Failures" />
              <Door address={BULKS} isOpen={path === BULKS || bulkIdOf(path) !== null} name="Bulk" />
              <Door address={AUDIT} isOpen={path === AUDIT} name="Audit" />
              {covers(person.role, "admin") && <Door address={STAFF} isOpen={path === STAFF} name="Staff" />}
              <Door address={INSIGHTS} isOpen={false} name="Insights" />
            </nav>
            <Person person={person} {...(onKeys && { onKeys })} />
          </>
        )}
      </header>
      {person ? children : <main id="main">{children}</main>}
    </div>
  );
}

function Door({ address, isOpen, name }: { address: string; isOpen: boolean; name: string }) {
  return (
    <a href={address} aria-current={isOpen ? "page" : undefined}>
      {name}
    </a>
  );
}

function Person({ person, onKeys }: { person: StaffSessionBody; onKeys?: () => void }) {
  const client = useQueryClient();
  const [error, setError] = useState<Error | null>(null);
  return (
    <div className="person">
      <span>
        {person.name}, {person.role}
      </span>
      <button type="button" className="link to-keys" onClick={onKeys}>
        Keys
      </button>
      {person.csrfToken !== null && (
        <button type="button" className="link" onClick={() => signOut(client).catch(setError)}>
          Sign out
        </button>
      )}
      {error && <Problem error={error} />}
    </div>
  );
}

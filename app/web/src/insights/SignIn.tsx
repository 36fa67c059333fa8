/** Asks for the token of a staff member, where there is no session of the console. */

import { type FormEvent, useState } from "react";
import { keepToken } from "./api";
import { Wordmark } from "./Wordmark";

export function SignIn({ why, onToken }: { why: string; onToken: () => void }) {
  const [token, setToken] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keepToken(token.trim());
    onToken();
  };
  return (
    <main className="insights">
      <Wordmark />
      <h1>Insights</h1>
      <p role="alert">{why}</p>
      <form className="controls" onSubmit={submit}>
        <label>
          Staff token
          <input
            type="password"
            autoComplete="off"
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <button type="submit">Sign in</button>
      </form>
      <p className="fine">It is kept until this tab is closed. Not needed if you are signed in at the console.</p>
    </main>
  );
}

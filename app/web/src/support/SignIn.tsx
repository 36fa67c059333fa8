/**
 * Signing in: with a token, or with a link of `darkroom up`, whose code is the fragment of the address. A browser sends
 * no fragment; it is taken out of the address before it is used, so that the history does not keep it.
 */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Problem } from "./Problem";
import { signIn } from "./session";
import { useTitle } from "./useTitle";

const FRAGMENT = "#sign-in=";

/** The code of the link that was opened. It is given once. */
export function takeCode(): string | null {
  if (!location.hash.startsWith(FRAGMENT)) {
    return null;
  }
  const code = location.hash.slice(FRAGMENT.length);
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}

export function SignIn() {
  useTitle("Sign in");
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const field = useRef<HTMLInputElement>(null);

  const begin = async (secret: { token: string } | { link: string }) => {
    setAsking(true);
    setError(null);
    try {
      await signIn(client, secret);
    } catch (refused) {
      setError(refused as Error);
      setAsking(false);
      field.current?.select();
    }
  };
  const latest = useRef(begin);
  latest.current = begin;
  useEffect(() => {
    const enter = () => {
      const link = takeCode();
      if (link) {
        void latest.current({ link });
      }
    };
    enter();
    addEventListener("hashchange", enter);
    return () => removeEventListener("hashchange", enter);
  }, []);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    if (typeof token === "string" && token.trim()) {
      void begin({ token: token.trim() });
    }
  };
  return (
    <section className="sign-in">
      <h1>Support</h1>
      <p>Find an upload, see what happened to it, and help its owner.</p>
      <form className="asked" onSubmit={submit}>
        <label>
          <span>Your token</span>
          <input ref={field} name="token" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" className="button" disabled={isAsking}>
          {isAsking ? "Signing in…" : "Sign in"}
        </button>
      </form>
      {error && <Problem error={error} />}
      <p className="fine">
        An operator gives tokens: <code>darkroom staff add NAME --role agent</code>. You are signed out after 12 hours.
      </p>
    </section>
  );
}

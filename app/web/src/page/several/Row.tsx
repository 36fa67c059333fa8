/** One photo of several: what it is, how it goes, and what can be done to it. */

import type { ReactNode } from "react";
import { Bar } from "../Bar";
import { say } from "../language";

interface Properties {
  thumbnail: string | null;
  name: string;
  /** The name, by which no other row is called: it is read out. */
  label: string;
  /** Of its own page, where it has one. */
  address?: string;
  state: string;
  isProblem?: boolean;
  /** Nothing, where it does not move. */
  percent: number | null;
  children?: ReactNode;
}

export function Row({ thumbnail, name, label, address, state, isProblem = false, percent, children }: Properties) {
  const title = name || say.aPhoto;
  return (
    <li>
      {thumbnail ? <img src={thumbnail} alt="" /> : <span className="blank" />}
      <div className="told">
        {address ? (
          <a className="name" dir="auto" href={address} aria-label={label}>
            {title}
          </a>
        ) : (
          <span className="name" dir="auto">
            {title}
          </span>
        )}
        <p className={isProblem ? "problem" : "fine"}>{state}</p>
        {percent !== null && <Bar label={say.progressOf(label)} percent={percent} />}
      </div>
      <div className="choices">{children}</div>
    </li>
  );
}

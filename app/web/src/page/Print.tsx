/** The sheet in the tray: blank paper at first, on which the photo comes up as the upload gets on. */

import type { CSSProperties, ReactNode } from "react";

interface Properties {
  /** A small copy of the photo, where this browser has one. */
  latent: string | null;
  /** How far it has come up, from 0 to 1. */
  developed: number;
  /** The liquid moves. */
  isMoving: boolean;
  children?: ReactNode;
}

export function Print({ latent, developed, isMoving, children }: Properties) {
  const style = { "--developed": developed } as CSSProperties;
  return (
    <div className="tray" data-moving={isMoving || undefined} style={style}>
      <div className="sheet">
        {latent ? <img className="latent" src={latent} alt="" /> : <div className="blank" />}
        {children}
      </div>
    </div>
  );
}

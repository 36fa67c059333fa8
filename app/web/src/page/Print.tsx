/**
 * The sheet in the tray: blank paper at first, on which the photo comes up as the upload gets on. It keeps the ratio of
 * the photo from the beginning to the end, so that nothing below it moves.
 */

import type { CSSProperties, ReactNode } from "react";
import { say } from "./language";

interface Properties {
  /** A small copy of the photo, where this browser has one. */
  latent: string | null;
  /** Of the photo: its width by its height. */
  ratio: number | undefined;
  /** How far it has come up, from 0 to 1. */
  developed: number;
  /** The liquid moves. */
  isMoving: boolean;
  /** The photo is shown in place of the picture. */
  isCompared: boolean;
  children?: ReactNode;
}

const USUAL_RATIO = 1.5;

export function Print({ latent, ratio = USUAL_RATIO, developed, isMoving, isCompared, children }: Properties) {
  const style = { "--developed": developed, "--ratio": ratio } as CSSProperties;
  return (
    <div className="tray" data-moving={isMoving || undefined} data-compared={isCompared || undefined} style={style}>
      <div className="sheet">
        {latent ? (
          <img className="latent" src={latent} alt={isCompared ? say.yourPhoto : ""} />
        ) : (
          <div className="blank" />
        )}
        {children}
      </div>
    </div>
  );
}

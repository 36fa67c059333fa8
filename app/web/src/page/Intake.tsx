/** Where a photo goes in: chosen, taken with the camera, dropped or pasted. */

import { type ChangeEvent, useRef } from "react";
import { ACCEPTED, maxUploadBytes, megabytes } from "./checkPhoto";
import { useFocusOnArrival } from "./useFocusOnArrival";

interface Properties {
  /** A file is held over the page. */
  isOver: boolean;
  onPhotos: (photos: File[]) => void;
}

export function Intake({ isOver, onPhotos }: Properties) {
  const title = useFocusOnArrival<HTMLHeadingElement>();
  return (
    <section className="easel" data-over={isOver || undefined}>
      <h1 ref={title} tabIndex={-1}>
        {isOver ? "Let go, and it begins" : "Put a photo in the tray"}
      </h1>
      <p>Darkroom makes a new picture of it, and shows you every step of the way.</p>
      <div className="choices">
        <Chooser label="Choose a photo" className="button" multiple onPhotos={onPhotos} />
        <Chooser label="Take a photo" className="quiet button camera" capture="environment" onPhotos={onPhotos} />
      </div>
      <p className="fine">
        JPEG, PNG, WebP, HEIC or AVIF, up to {megabytes(maxUploadBytes())}.
        <span className="desk"> You can also drop it anywhere on this page, or paste it.</span>
      </p>
    </section>
  );
}

interface ChooserProperties {
  label: string;
  className: string;
  multiple?: boolean;
  capture?: "environment";
  onPhotos: (photos: File[]) => void;
}

/** A plain button in front of the browser's own file input, whose looks and keys differ from browser to browser. */
function Chooser({ label, className, onPhotos, ...properties }: ChooserProperties) {
  const input = useRef<HTMLInputElement>(null);
  const take = ({ target }: ChangeEvent<HTMLInputElement>) => {
    onPhotos([...(target.files ?? [])]);
    target.value = ""; // so that the same file can be chosen again
  };
  return (
    <>
      <input ref={input} type="file" hidden accept={ACCEPTED} onChange={take} {...properties} />
      <button type="button" className={className} onClick={() => input.current?.click()}>
        {label}
      </button>
    </>
  );
}

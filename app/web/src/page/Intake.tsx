/** Where a photo goes in: chosen, taken with the camera, dropped or pasted. */

import { type ChangeEvent, useRef } from "react";
import { ACCEPTED, maxUploadBytes, megabytes } from "./checkPhoto";
import { say } from "./language";
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
        {isOver ? say.letGo : say.intakeHeading}
      </h1>
      <p>{say.intakeExplained}</p>
      <div className="choices">
        <Chooser label={say.choosePhoto} className="button" multiple onPhotos={onPhotos} />
        <Chooser label={say.takePhoto} className="quiet button camera" capture="environment" onPhotos={onPhotos} />
      </div>
      <p className="fine">
        {say.limits(megabytes(maxUploadBytes()))}
        <span className="desk"> {say.dropOrPaste}</span>
      </p>
      <details className="fine">
        <summary>{say.whatHappens}</summary>
        <ul className="explained">
          {say.whatHappensExplained.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </details>
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

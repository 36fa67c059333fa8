/** Shows the photo in place of the picture, and the picture again: before and after. */

import { say } from "./language";

export function Compare({ isOn, onChange }: { isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <button type="button" className="quiet button" onClick={() => onChange(!isOn)}>
      {isOn ? say.showPicture : say.compare}
    </button>
  );
}

/** The name above the page, as the console has it. */

export function Wordmark() {
  return (
    <p className="wordmark">
      <span className="lamp" aria-hidden="true" />
      Darkroom <span className="part">insights</span>
    </p>
  );
}

/** Shown in place of a page that met a fault of its own: it leaves a way on, and touches no session. */

import { Component, type ReactNode } from "react";
import { START } from "./address";
import { say } from "./language";
import { emptyList } from "./uploads";

interface State {
  hasFailed: boolean;
}

export class Fallback extends Component<{ children: ReactNode }, State> {
  override state: State = { hasFailed: false };

  static getDerivedStateFromError(): State {
    return { hasFailed: true };
  }

  override componentDidMount() {
    addEventListener("hashchange", this.#tryAgain);
  }

  override componentWillUnmount() {
    removeEventListener("hashchange", this.#tryAgain);
  }

  override render() {
    if (!this.state.hasFailed) {
      return this.props.children;
    }
    return (
      <main className="room">
        <section className="easel" role="alert">
          <h1>{say.faultHeading}</h1>
          <p>{say.faultExplained}</p>
          <div className="choices">
            <a className="button" href="/">
              {say.reload}
            </a>
            <button type="button" className="quiet button" onClick={startWithEmptyList}>
              {say.startWithEmptyList}
            </button>
          </div>
        </section>
      </main>
    );
  }

  readonly #tryAgain = () => this.setState({ hasFailed: false });
}

function startWithEmptyList() {
  emptyList();
  location.hash = START;
  location.reload();
}

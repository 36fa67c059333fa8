/** What can be decided about a group of failures, and when. */

import type { GroupBody } from "../../status/schema";

export interface DecisionWords {
  name: "resolve" | "ignore" | "reopen";
  label: string;
  title: string;
  what: string;
  example: string;
}

const DECISIONS: DecisionWords[] = [
  {
    name: "resolve",
    label: "Resolve",
    title: "Is its cause mended?",
    what: "It leaves the list, and comes back, marked, as soon as it happens again.",
    example: "The image model answers again, ticket 4711.",
  },
  {
    name: "ignore",
    label: "Ignore",
    title: "Ignore it for a while?",
    what: "It leaves the list until the day, or until the number of further uploads, that you give. One of them is needed.",
    example: "Known, mended in the next version, ticket 4711.",
  },
  {
    name: "reopen",
    label: "Reopen",
    title: "Take the decision back?",
    what: "It needs a look again.",
    example: "It was not that, ticket 4711.",
  },
];

export function decisionsOn({ state }: Pick<GroupBody, "state">): DecisionWords[] {
  const isOpen = state === "open" || state === "back";
  return DECISIONS.filter(({ name }) => (name === "reopen") !== isOpen);
}

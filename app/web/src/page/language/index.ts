/** The page's sentences in the language that the browser asks for; English where it asks for none that we have. */

import { en } from "./en";

export const say = en;

/** The page's sentences in the language that the browser asks for; English where it asks for none that we have. */

import { ar } from "./ar";
import { de } from "./de";
import { en, type Language } from "./en";

const LANGUAGES: Record<string, Language> = { en, de, ar };
const RIGHT_TO_LEFT = ["ar"];

interface Choice {
  /** Of the sentences. */
  lang: string;
  /** Of times and numbers: the person's own region, where it fits. */
  locale: string;
  dir: "ltr" | "rtl";
  say: Language;
}

/** The first of the wished that we have. */
export function choose(wished: readonly string[]): Choice {
  for (const locale of [...wished, "en"]) {
    const lang = locale.toLowerCase().split("-")[0] as string;
    const say = LANGUAGES[lang];
    if (say) {
      return { lang, locale: inOurDigits(locale, lang), dir: RIGHT_TO_LEFT.includes(lang) ? "rtl" : "ltr", say };
    }
  }
  return { lang: "en", locale: "en", dir: "ltr", say: en };
}

/** The digits of our sentences: those of dates and sizes stand beside them. A browser may be set to what is no locale. */
function inOurDigits(locale: string, lang: string): string {
  try {
    return new Intl.Locale(locale, { numberingSystem: "latn" }).toString();
  } catch {
    return lang;
  }
}

const chosen = choose(globalThis.navigator?.languages ?? []);

export const { say, locale } = chosen;

/** Say it to the browser too: it hyphenates, reads aloud and lays out by it. */
export function setLanguage(): void {
  document.documentElement.lang = chosen.lang;
  document.documentElement.dir = chosen.dir;
}

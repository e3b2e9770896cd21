/** Words that the screens of visits share, of codes that stand in records. */

import { loadWords, type Lang, type Say } from "../../core/words.ts";
import type { Option } from "../../kit/controls.tsx";

/** What is due, in words; the names stand with the dates. */
export const what = (say: Say, code: string): string =>
  say.has(`timers.what.${code}`) ? say(`timers.what.${code}`) : code.replace(/_/g, " ");

export const loadDates = (lang: Lang): Promise<void> =>
  loadWords("timers", lang, (one) => import(`../timers/words/${one}.json`));

export const options = (say: Say, list: string, codes: readonly string[]): Option[] =>
  codes.map((code) => [code, say(`visits.${list}.${code}`)]);

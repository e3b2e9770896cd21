/** What sections, their members, codes, gaps and questions are called: the words of the case file's room, in one language. */

import { useLoaded, type Loading } from "../../core/loading.tsx";
import { loadWords, localeOf, type Lang, type Say } from "../../core/words.ts";
import { useFront } from "../../core/app.ts";
import { nameOf, type World } from "../../../world.ts";

type Table = { readonly [key: string]: string };

export interface Labels {
  readonly sections: Table;
  readonly members: Table;
  readonly codes: Table;
  readonly gaps: Table;
  readonly considerations: Table;
}

export const loadLabels = async (lang: Lang): Promise<Labels> =>
  (await import(`../../../../../hub/casefile/sections/words/${lang}.json`)).default as Labels;

/** This screen's own words, for what other screens show of it. */
export const loadCaseWords = (lang: Lang): Promise<void> =>
  loadWords("cases", lang, (one) => import(`./words/${one}.json`));

/** The labels in the reader's language, and the words of this screen; show what needs them through `Loaded`. */
export function useLabels(): Loading<Labels> {
  const { lang } = useFront();
  return useLoaded(async () => (await Promise.all([loadLabels(lang), loadCaseWords(lang)]))[0], [lang]);
}

/** A code that there is no word for, so that it can be read. */
export const plain = (code: string): string => code.replace(/_/g, " ");

export const sectionName = (labels: Labels, name: string): string => labels.sections[name] ?? plain(name);

/** `within` is the section, or the member inside which it stands. */
export const memberName = (labels: Labels, within: string, member: string): string =>
  labels.members[`${within}.${member}`] ?? labels.members[member] ?? plain(member);

export const codeName = (labels: Labels, code: string): string => labels.codes[code] ?? plain(code);

/** A country or a language in the reader's language; a code that nobody has a name for stays one. */
export const worldName = (say: Say, type: World, code: string): string =>
  nameOf(localeOf(say.lang), type, code) ?? code;

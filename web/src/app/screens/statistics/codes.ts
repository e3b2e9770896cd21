/** Reasons in the reader's words: those of the conversation about a referral. */

import type { Lang } from "../../core/words.ts";

export type Codes = { readonly [code: string]: string };
const WORDS: { readonly [lang in Lang]: () => Promise<{ readonly default: { readonly codes: Codes } }> } = {
  en: () => import("../../../../../hub/referrals/words/en.json"),
  fr: () => import("../../../../../hub/referrals/words/fr.json"),
  es: () => import("../../../../../hub/referrals/words/es.json"),
  ar: () => import("../../../../../hub/referrals/words/ar.json"),
};

export const reasonWords = async (lang: Lang): Promise<Codes> => (await WORDS[lang]()).default.codes;

/** A reason in words; one that has none as it is, without its underscores. */
export const plainCode = (codes: Codes, code: string): string => codes[code] ?? code.replace(/_/g, " ");

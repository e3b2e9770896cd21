/**
 * The app's words: each room has a file a language, and nothing of another language is loaded.
 *
 * A key reads `room.key`. `{name}` stands for a fact. What has a number has a key for each of the language's forms
 * (`key.one`, `key.other`, …), and `many` takes the one that `Intl` names.
 */

export type Lang = "en" | "fr" | "es" | "ar";
export type Facts = { readonly [name: string]: string | number };
export type WordFile = { readonly [key: string]: string };
/** Loads one room's words of a language, as a chunk of its own. */
export type WordLoader = (lang: Lang) => Promise<{ readonly default: WordFile }>;

export interface Say {
  (key: string, facts?: Facts): string;
  many(key: string, count: number, facts?: Facts): string;
  /** Whether there are words for it. */
  has(key: string): boolean;
  readonly lang: Lang;
}

export const LANGS: readonly Lang[] = ["en", "fr", "es", "ar"];
/** What a language calls itself. */
export const OWN_NAMES: { readonly [lang in Lang]: string } = {
  en: "English",
  fr: "Français",
  es: "Español",
  ar: "العربية",
};

export const isLang = (value: unknown): value is Lang => LANGS.includes(value as Lang);

/** The first of the reader's languages that there are words in. */
export const langOf = (wanted: readonly string[]): Lang =>
  wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLang) ?? "en";

export const dirOf = (lang: Lang): "ltr" | "rtl" => (lang === "ar" ? "rtl" : "ltr");

const loaded = new Map<string, WordFile>();

/** Load a room's words, unless they are here; `say` finds them from then on. */
export async function loadWords(room: string, lang: Lang, load: WordLoader): Promise<void> {
  const name = `${lang}/${room}`;
  if (!loaded.has(name)) loaded.set(name, (await load(lang)).default);
}

export function sayIn(lang: Lang): Say {
  const find = (key: string): string | undefined => {
    const [room, ...rest] = key.split(".");
    return loaded.get(`${lang}/${room}`)?.[rest.join(".")];
  };
  const rules = new Intl.PluralRules(lang);
  const numbers = new Intl.NumberFormat(localeOf(lang));
  const shown = lang === "ar" ? isolated : String;
  const say = (key: string, facts: Facts = {}) => fill(find(key) ?? key, facts, shown);
  const many = (key: string, count: number, facts: Facts = {}) => {
    const form = `${key}.${rules.select(count)}`;
    return say(find(form) === undefined ? `${key}.other` : form, { count: numbers.format(count), ...facts });
  };
  return Object.assign(say, { many, has: (key: string) => find(key) !== undefined, lang });
}

/** Dates and numbers go by the language; Arabic has the digits that are read from Djibouti to Iraq in print and on screens. */
export const localeOf = (lang: Lang): string => (lang === "en" ? "en-GB" : lang);

const fill = (text: string, facts: Facts, shown: (fact: string | number) => string): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (facts[name] === undefined ? whole : shown(facts[name])));

/** A name or date of the other direction inside a sentence, so that neither turns the other round (FSI … PDI). */
const isolated = (fact: string | number): string => `\u2068${fact}\u2069`;

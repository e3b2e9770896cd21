/** The page's words in four languages; those of codes are the ones that forms, the service map and the clients use. */

import {
  categories as categoriesAr,
  purposes as purposesAr,
  services as servicesAr,
} from "../../../consent/words/ar.json";
import {
  categories as categoriesEn,
  purposes as purposesEn,
  services as servicesEn,
} from "../../../consent/words/en.json";
import {
  categories as categoriesEs,
  purposes as purposesEs,
  services as servicesEs,
} from "../../../consent/words/es.json";
import {
  categories as categoriesFr,
  purposes as purposesFr,
  services as servicesFr,
} from "../../../consent/words/fr.json";
import { codes as codesAr } from "../../../hub/casefile/sections/words/ar.json";
import { codes as codesEn } from "../../../hub/casefile/sections/words/en.json";
import { codes as codesEs } from "../../../hub/casefile/sections/words/es.json";
import { codes as codesFr } from "../../../hub/casefile/sections/words/fr.json";
import { criteria as criteriaAr } from "../../../hub/directory/matching/words/ar.json";
import { criteria as criteriaEn } from "../../../hub/directory/matching/words/en.json";
import { criteria as criteriaEs } from "../../../hub/directory/matching/words/es.json";
import { criteria as criteriaFr } from "../../../hub/directory/matching/words/fr.json";
import { needs as needsAr } from "../../../hub/directory/records/words/ar.json";
import { needs as needsEn } from "../../../hub/directory/records/words/en.json";
import { needs as needsEs } from "../../../hub/directory/records/words/es.json";
import { needs as needsFr } from "../../../hub/directory/records/words/fr.json";
import { codes as reasonsAr } from "../../../hub/referrals/words/ar.json";
import { codes as reasonsEn } from "../../../hub/referrals/words/en.json";
import { codes as reasonsEs } from "../../../hub/referrals/words/es.json";
import { codes as reasonsFr } from "../../../hub/referrals/words/fr.json";
import ar from "./words/ar.json";
import en from "./words/en.json";
import es from "./words/es.json";
import fr from "./words/fr.json";

export type Words = typeof en;
export type Language = "en" | "fr" | "es" | "ar";
type List = "purposes" | "services" | "categories" | "criteria" | "needs" | "reasons" | "codes";

export const LANGUAGES: { readonly [language in Language]: Words } = { en, fr, es, ar };
const CODES: { readonly [language in Language]: { readonly [list in List]: { readonly [code: string]: string } } } = {
  en: {
    purposes: purposesEn,
    services: servicesEn,
    categories: categoriesEn,
    criteria: criteriaEn,
    needs: needsEn,
    reasons: reasonsEn,
    codes: codesEn,
  },
  fr: {
    purposes: purposesFr,
    services: servicesFr,
    categories: categoriesFr,
    criteria: criteriaFr,
    needs: needsFr,
    reasons: reasonsFr,
    codes: codesFr,
  },
  es: {
    purposes: purposesEs,
    services: servicesEs,
    categories: categoriesEs,
    criteria: criteriaEs,
    needs: needsEs,
    reasons: reasonsEs,
    codes: codesEs,
  },
  ar: {
    purposes: purposesAr,
    services: servicesAr,
    categories: categoriesAr,
    criteria: criteriaAr,
    needs: needsAr,
    reasons: reasonsAr,
    codes: codesAr,
  },
};

/** The first of the reader's languages that the page has. */
export function languageOf(wanted: readonly string[]): Language {
  const found = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return (found ?? "en") as Language;
}

/** A code in words; one that has none as it is, without its underscores. */
export const label = (language: Language, list: List, code: string): string =>
  known(CODES[language][list], code) ?? plain(code);

/** Return the word of a table, or null: what others wrote never reaches what every object has. */
export const known = (table: object, name: string): string | null =>
  Object.hasOwn(table, name) ? (table as { readonly [name: string]: string })[name]! : null;

/** A code of the forms in words; null where it is none. */
export const codeIn = (language: Language, text: string): string | null => known(CODES[language].codes, text);

/** A day written out; what is none as it is. */
export function dayIn(language: Language, text: string): string {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(text) : null;
  return at === null || Number.isNaN(at.getTime())
    ? text
    : new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: "UTC" }).format(at);
}

export const plain = (code: string): string => code.replace(/_/g, " ");

export const fill = (text: string, facts: { readonly [name: string]: unknown }): string =>
  text.replace(/\{(\w+)\}/g, (_whole, name: string) => String(facts[name] ?? ""));

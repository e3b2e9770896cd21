/** The page's words in four languages, and those of purposes, services and categories that consent forms have. */

import { categories as categoriesAr, purposes as purposesAr, services as servicesAr } from "../../../consent/words/ar.json";
import { categories as categoriesEn, purposes as purposesEn, services as servicesEn } from "../../../consent/words/en.json";
import { categories as categoriesEs, purposes as purposesEs, services as servicesEs } from "../../../consent/words/es.json";
import { categories as categoriesFr, purposes as purposesFr, services as servicesFr } from "../../../consent/words/fr.json";
import ar from "./words/ar.json";
import en from "./words/en.json";
import es from "./words/es.json";
import fr from "./words/fr.json";

export type Words = typeof en;
export type Language = "en" | "fr" | "es" | "ar";
type Labels = { readonly [code: string]: string };

export const LANGUAGES: { readonly [language in Language]: Words } = { en, fr, es, ar };
const CODES: { readonly [language in Language]: { purposes: Labels; services: Labels; categories: Labels } } = {
  en: { purposes: purposesEn, services: servicesEn, categories: categoriesEn },
  fr: { purposes: purposesFr, services: servicesFr, categories: categoriesFr },
  es: { purposes: purposesEs, services: servicesEs, categories: categoriesEs },
  ar: { purposes: purposesAr, services: servicesAr, categories: categoriesAr },
};

/** The first of the reader's languages that the page has. */
export function languageOf(wanted: readonly string[]): Language {
  const found = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return (found ?? "en") as Language;
}

/** A code in words; one that has none as it is, without its underscores. */
export function label(language: Language, list: "purposes" | "services" | "categories", code: string): string {
  return CODES[language][list][code] ?? plain(code);
}

export const plain = (code: string): string => code.replace(/_/g, " ");

export const fill = (text: string, facts: { readonly [name: string]: unknown }): string =>
  text.replace(/\{(\w+)\}/g, (_whole, name: string) => String(facts[name] ?? ""));

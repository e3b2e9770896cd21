/**
 * The policy in force, as data, and the days and ages that it counts. The twin of `consent/policy.py`: the same files,
 * which `web/rules/decide.js` asks. Decides nothing.
 */

import rules from "../../../consent/policies/2026-12/rules.json" with { type: "json" };
import tables from "../../../consent/policies/2026-12/tables.json" with { type: "json" };
import { policyOf } from "../../rules/decide.js";
import { dayNumber, dayText } from "../../rules/evaluate.js";

export const POLICY = policyOf(tables, rules);
export const POLICY_VERSION = POLICY.version;
/** All sections that a consent can name, the least dangerous first. */
export const CATEGORIES: readonly string[] = Object.keys(tables.categories.tiers);
export const PURPOSES: readonly string[] = tables.purposes.list;
export const SERVICES: readonly string[] = [
  ...new Set([...Object.keys(tables.ceilings.by_service), ...tables.ceilings.whole_case]),
].sort();
/** Sections of tier 3, off until a grant turns them on (R12). */
export const TIER_3: readonly string[] = CATEGORIES.filter((name) => tierOf(name) > 2);
export const TOPICS: readonly string[] = tables.informing.topics;
export const GIVERS_WITH_ORDER: readonly string[] = tables.givers.with_order;
export const GIVERS_BY_SITUATION: { readonly [situation: string]: readonly string[] } = tables.givers.by_situation;
export const ADULT: string = tables.age_bands.adult;
export const BANDS: { readonly [band: string]: number } = tables.age_bands.begin;
/** Bands in which a child need not be asked (R03). */
export const NEED_NOT_BE_ASKED: readonly string[] = tables.age_bands.need_not_be_asked;
/** The rules that somebody may lift, by an approval. */
export const MAY_BE_LIFTED: readonly string[] = POLICY.rules.filter((rule) => rule.override).map(({ id }) => id);
export const REVIEW_SECONDS: number = tables.vital_interest.review_seconds;
const REVIEW_BEFORE_DAYS: number = tables.review.before_days;
const REVIEW_LONGEST_DAYS: number = tables.review.longest_days;

function tierOf(name: string): number {
  return (tables.categories.tiers as { [name: string]: number })[name]!;
}

/** The day of a time, in UTC, by which rules are judged. */
export const dayOf = (at: number): string => dayText(Math.floor(at / 86_400));

export const isDay = (text: unknown): text is string => typeof text === "string" && dayNumber(text) !== null;

/** The day so many days after another, which is a day of the calendar. */
export const later = (day: string, many: number): string => dayText(dayNumber(day)! + many);

/** The last day on which a consent of a day counts without being given anew (R04). */
export const askAgain = (given: string): string => later(given, REVIEW_LONGEST_DAYS);

/** Two weeks before a day. */
export const reviewBefore = (day: string): string => later(day, -REVIEW_BEFORE_DAYS);

/** An age in whole years. Who is born on 29 February has the birthday on 1 March in other years. */
export function years(born: string, today: string): number {
  return Number(today.slice(0, 4)) - Number(born.slice(0, 4)) - Number(today.slice(5) < born.slice(5));
}

/** The age band of a child, and the first day of the next one; null for an adult. */
export function ageBand(born: string, today: string): [string, string | null] {
  const now = years(born, today);
  const begun = Object.keys(BANDS).filter((name) => BANDS[name]! <= now);
  const band = begun.reduce((one, other) => (BANDS[other]! > BANDS[one]! ? other : one));
  const next = Object.values(BANDS).filter((begin) => begin > now);
  return [band, next.length ? birthday(born, Math.min(...next)) : null];
}

function birthday(born: string, age: number): string {
  const year = String(Number(born.slice(0, 4)) + age).padStart(4, "0");
  const found = `${year}${born.slice(4)}`;
  return isDay(found) ? found : `${year}-03-01`;
}

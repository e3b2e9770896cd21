/**
 * The forms of own records of a case after arrival, and in which role each may be written: the twin of
 * `hub/client/careforms.py`, with what a visit form asks (`hub/aftercare/visits.py`) and the signs of a local observer.
 * Tables; decides nothing. All hold days, codes and names of other records; words of people stand in records of kind
 * `remark`, which `words` names.
 */

import { need } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { NEEDS, PARTS, REASONS } from "./deadlines.ts";
import { CASE_ROLES } from "./documents.ts";
import { BY, RISKS } from "./schedule.ts";
import { fail } from "./session.ts";

export const KIND = "aftercare";
export const REMARK = "remark";
export const SUPERVISOR: readonly string[] = ["supervisor"];
export const OFFICER: readonly string[] = ["data_officer"];
const HOLDERS = ["supervisor", "data_officer", "agency_admin"];
export const KEEPERS: readonly string[] = ["supervisor", "coordinator", "focal_point"];
const MANY = 100_000;

/** How; the first two are face to face, and a group marks nobody out (H7). */
export const METHODS = ["visit", "group", "call", "message", "observer"];
export const IN_PERSON: readonly string[] = ["visit", "group"];
export const PLACES = ["home", "school", "work", "office", "health_post", "community", "elsewhere", "none"];
/** Who was spoken to; the first two say that the child was (H2). */
export const WHO = ["child_alone", "child", "caregiver", "siblings", "teacher", "committee", "leader", "health_worker"];
export const THEMES = [
  ...["safe", "school", "health", "nutrition", "supervision"],
  ...["mobility", "belonging", "actions", "worked"],
];
/** From the worst. */
export const FINDINGS = ["bad", "mixed", "good", "not_asked"];
const FIRST_VISITS = 6;
const EXPLOITED_FIRST = ["safe", "supervision", "mobility", "nutrition"];
/** What an observer can say: four letters that mean a child to the agency alone, and 1, 2 or 3. */
export const SIGNS = ["fine", "concern", "call_me"];
/** Letters of a mark that are not taken for one another or for a digit. */
export const LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ";
export const MARK_LENGTH = 4;

/** The themes in the order in which the form of a child's `number`th visit asks them. */
export function prompts(number: number, exploited: boolean): string[] {
  if (!exploited || number > FIRST_VISITS) return THEMES;
  return [...EXPLOITED_FIRST, ...THEMES.filter((theme) => !EXPLOITED_FIRST.includes(theme))];
}

/** Whether these are the letters by which an observer names a child. */
export const isMark = (text: string): boolean =>
  text.length === MARK_LENGTH && [...text].every((letter) => LETTERS.includes(letter));

/** What a text or a paper of an observer says. */
export function readSignal(text: string): { mark: string; sign: string } {
  const digits = text.replace(/\p{Nd}/gu, (digit) => String(digitOf(digit)));
  const pattern = new RegExp(`^([${LETTERS}]{${MARK_LENGTH}})[\\s.,:;-]*([123])[\\s.]*$`);
  const [, mark, digit] = pattern.exec(digits.toUpperCase().trim()) ?? fail("invalid_request");
  return { mark: mark!, sign: SIGNS[Number(digit) - 1]! };
}

/** The digits of any script stand together, from its zero on. */
function digitOf(letter: string): number {
  let at = letter.codePointAt(0)!;
  while (/\p{Nd}/u.test(String.fromCodePoint(at - 1)) && letter.codePointAt(0)! - at < 9) at--;
  return letter.codePointAt(0)! - at;
}

/** A day of the calendar; unlike others it may be before 2020. */
const birthday: a.Check = (value) => {
  const day = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : null;
  need(day !== null && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(String(value)), "malformed");
};
const PLAN = {
  benchmarks: a.name,
  risk: a.oneOf(...RISKS),
  lead: a.identifier,
  country: a.nullOr(a.country),
  corridor: a.nullOr(a.text),
  born: a.nullOr(birthday),
  exploited: a.flag,
  mark: a.nullOr(a.text),
  bases: a.listOf(a.identifier, 100),
  discretion: a.objectOf({ caller: a.string, texts: a.flag, note: a.string }),
};
const VISIT = {
  happened: a.seconds,
  by: a.oneOf(...BY),
  method: a.oneOf(...METHODS),
  place: a.oneOf(...PLACES),
  who: a.listOf(a.oneOf(...WHO), WHO.length),
  met: a.flag,
  about: a.nullOr(a.name),
  themes: a.nullOr(a.objectOf(Object.fromEntries(THEMES.map((theme) => [theme, a.oneOf(...FINDINGS)])))),
  sign: a.oneOf(null, ...SIGNS),
  evidence: a.nullOr(a.hash),
};
const PROPOSAL = {
  reason: a.oneOf(...REASONS),
  parts: a.listOf(a.oneOf(...PARTS), PARTS.length),
  besides: a.listOf(a.oneOf(...NEEDS), NEEDS.length),
  panel: a.flag,
};
const DESTROYED = {
  records: a.listOf(a.identifier, MANY),
  handoffs: a.listOf(a.identifier, MANY),
  left: a.listOf(a.identifier, MANY),
  allowed: a.nullOr(a.identifier),
};
const COMMON = { case: a.identifier, on: a.date, words: a.nullOr(a.identifier) };
const TABLE: { readonly [what: string]: readonly [roles: readonly string[], members: a.Members] } = {
  plan: [CASE_ROLES, PLAN],
  risk: [CASE_ROLES, { risk: a.oneOf(...RISKS) }],
  visit: [CASE_ROLES, VISIT],
  excuse: [CASE_ROLES, { stream: a.name, until: a.date }],
  review: [CASE_ROLES, { present: a.listOf(a.name, 20, 1), changed: a.flag }],
  extension: [SUPERVISOR, { of: a.date, until: a.date }],
  event: [CASE_ROLES, { event: a.name }],
  recommended: [CASE_ROLES, PROPOSAL],
  authorised: [SUPERVISOR, { recommendation: a.identifier, reason: a.oneOf(...REASONS) }],
  archived: [SUPERVISOR, { closure: a.identifier }],
  reopened: [SUPERVISOR, { closure: a.identifier }],
  held: [HOLDERS, { until: a.nullOr(a.date) }],
  lifted: [OFFICER, { hold: a.identifier }],
  allowed: [OFFICER, { law: a.text }],
  destroyed: [SUPERVISOR, DESTROYED],
};
const rows = Object.entries(TABLE);
export const FORMS: { readonly [what: string]: a.Check } = Object.fromEntries(
  rows.map(([what, [, members]]) => [what, a.objectOf({ what: a.oneOf(what), ...COMMON, ...members })]),
);
export const ROLES: { readonly [what: string]: readonly string[] } = Object.fromEntries(
  rows.map(([what, [roles]]) => [what, roles]),
);
/** A set of benchmarks that the agency adopted. */
export const OWN_SET = a.objectOf({ what: a.oneOf("benchmarks"), name: a.name, set: a.atLeast({}) });
/** How long the agency keeps closed cases. */
export const RETENTION = a.objectOf({
  what: a.oneOf("retention"),
  country: a.nullOr(a.country),
  years: a.integer(0, 100),
  after_majority_years: a.integer(0, 100),
});

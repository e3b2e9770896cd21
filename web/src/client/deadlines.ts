/**
 * Days of a case that no visit moves: reviews, statutory terms, the 24 months, the 18th birthday; and what stands in the way
 * of closing it. The twin of `hub/aftercare/deadlines.py` and `closing.py`, over the same figures. Pure.
 */

import rules from "../../../hub/aftercare/rules.json" with { type: "json" };
import { plusDays, plusMonths } from "./days.ts";
import { named, type Plan, type Risk, type Visit } from "./schedule.ts";
import { HubError } from "./session.ts";

export const RULES = rules;

/** A supervisor's leave to hold one review later; `of` is the day on which it was due. */
export interface Extension {
  readonly of: string;
  readonly until: string;
}

/** A term that a law sets: when it ends, and since what it runs. */
export interface Term {
  readonly id: string;
  readonly since: string;
  readonly due: string;
  readonly source: string;
}

interface Statutory {
  readonly id: string;
  readonly since: string;
  readonly days?: number;
  readonly months?: number;
  readonly source: string;
}
const STATUTORY = rules.statutory as { readonly [country: string]: readonly Statutory[] };

const latest = (days: readonly string[]): string => [...days].sort().pop()!;

/** By when the plan is to be reviewed next: three calendar months after the last time, once put off (R42). */
export function reviewDue(begins: string, reviews: readonly string[], extensions: readonly Extension[] = []): string {
  const last = latest([begins, ...reviews.filter((day) => day >= begins)]);
  const due = plusMonths(last, rules.review.months);
  const most = plusDays(due, rules.review.extension_days);
  const put = extensions.filter(({ of }) => of === due).map(({ until }) => (until < most ? until : most));
  return latest([due, ...put]);
}

/** The extension of a review that is due on a day: once, and by at most 14 days. */
export function extend(due: string, until: string, known: readonly Extension[]): Extension {
  if (known.some((one) => one.of === due || one.until === due)) {
    throw new HubError("conflict", "", null, { rule: "R42" });
  }
  if (!(due < until && until <= plusDays(due, rules.review.extension_days))) {
    throw new HubError("invalid_request", "", null, { rule: "R42", field: "until" });
  }
  return { of: due, until };
}

/** The statutory terms that run in a country since what has happened; each ends with its last day. */
export function terms(country: string, since: ReadonlyMap<string, string>): Term[] {
  const found = (STATUTORY[country] ?? []).flatMap(({ id, since: begun, source, days = 0, months = 0 }) => {
    const day = since.get(begun);
    return day === undefined ? [] : [{ id, since: begun, due: plusDays(plusMonths(day, months), days), source }];
  });
  return found.sort((one, other) => (one.due < other.due ? -1 : one.due > other.due ? 1 : 0));
}

/** What can happen that a term of a country runs from or ends with, or that settles the 18th birthday. */
export function events(country: unknown): string[] {
  const rows = STATUTORY[String(country)] ?? [];
  const named = new Set([...rows.map(({ since }) => since), ...rows.map(({ id }) => `done_${id}`)]);
  return [...[...named].sort(), "transition_prepared", "consent_taken_again"];
}

/** The day to which a case is followed: 24 months (H8). */
export const target = (begins: string): string => plusMonths(begins, rules.target.months);

/** When a child comes of age, and from when this is to be prepared (H15). */
export function turning(born: string): { warn: string; on: string } {
  const on = plusMonths(born, 12 * rules.majority.age);
  return { warn: plusMonths(on, -rules.majority.warn_months), on };
}

// Closing

interface Reasoned {
  readonly needs: readonly string[];
  readonly early: boolean;
  readonly risk: readonly string[];
  readonly spares?: readonly string[];
  readonly no_visits?: boolean;
}
const REASONED = rules.closure.reasons as { readonly [reason: string]: Reasoned };
/** Why a case is closed (H9). */
export const REASONS: readonly string[] = Object.keys(REASONED);
/** The four parts of the checklist (H10), and what some reasons need besides. */
export const PARTS: readonly string[] = rules.closure.parts;
export const NEEDS: readonly string[] = [...new Set(Object.values(REASONED).flatMap(({ needs }) => needs))].sort();
export const needsOf = (reason: string): readonly string[] => REASONED[reason]?.needs ?? [];

/** What is known of a case on the day on which it may be closed. */
export interface Standing {
  readonly begins: string;
  readonly today: string;
  readonly risk: Risk;
  readonly openReferrals: number;
  readonly openAlerts: number;
  readonly reviewOverdue: boolean;
}

/** What the one who recommends says. `early`: why before 24 months; `panel`: that a panel accepted it without. */
export interface Proposal {
  readonly reason: string;
  readonly parts: readonly string[];
  readonly besides: readonly string[];
  readonly early: string;
  readonly panel: boolean;
}

/** One thing that stands in the way, its rule, and the day or name that belongs to it. */
export interface Hindrance {
  readonly code: string;
  readonly rule: string;
  readonly about: string;
}

const hindered = (code: string, rule = "R43", about = ""): Hindrance => ({ code, rule, about });

/** What stands in the way of closing a case, in the order in which people look at it (R43). */
export function toClosing(said: Proposal, known: Standing): Hindrance[] {
  const { needs, early, risk, spares = [] } = REASONED[said.reason]!;
  const until = target(known.begins);
  const when = (holds: boolean, ...rest: Parameters<typeof hindered>) => (holds ? [hindered(...rest)] : []);
  return [
    ...PARTS.filter((part) => !said.parts.includes(part) && !spares.includes(part)).map((part) =>
      hindered("part_missing", "R43", part),
    ),
    ...needs.filter((need) => !said.besides.includes(need)).map((need) => hindered("needed_for_reason", "R43", need)),
    ...when(known.openReferrals > 0, "open_referrals", "R43", String(known.openReferrals)),
    ...when(known.openAlerts > 0, "open_alerts", "R43", String(known.openAlerts)),
    ...when(known.reviewOverdue && said.reason === "plan_complete", "review_overdue", "R42"),
    ...when(!risk.includes(known.risk), "risk_too_high", "R43", known.risk),
    ...when(early && known.today < until && !said.early.trim() && !said.panel, "before_24_months", "R43", until),
  ];
}

/** The visits of the months after closing; null after a death (R44). */
export function afterClosure(closed: string, risk: Risk, reason: string): Plan | null {
  if (REASONED[reason]?.no_visits) return null;
  return { begins: closed, benchmarks: named("after_closure"), risks: [[closed, risk]], ends: null, excuses: [] };
}

/** What stands in the way of archiving a closed case (R44). */
export function toArchiving(closed: string, reason: string, visits: readonly Visit[], today: string): Hindrance[] {
  if (REASONED[reason]?.no_visits) return [];
  const until = plusMonths(closed, rules.after_closure.months);
  const days = new Set(visits.filter(({ met, day }) => met && closed < day && day <= today).map(({ day }) => day));
  const short = rules.after_closure.least_visits - days.size;
  return [
    ...(today < until ? [hindered("visits_run_to", "R44", until)] : []),
    ...(short > 0 ? [hindered("visits_missing", "R44", String(short))] : []),
  ];
}

/** How long closed cases are kept: so many years, and so many after coming of age. */
export interface Retention {
  readonly years: number;
  readonly after_majority_years?: number;
}

/** Until when a closed case is kept: of both terms the later one (B7, R45). */
export function keptUntil(closed: string, born: string | null, retention?: Retention): string {
  const { years, after_majority_years = 0 }: Retention = retention ?? rules.retention.default;
  const grown = rules.majority.age + after_majority_years;
  return latest([plusMonths(closed, 12 * years), ...(born ? [plusMonths(born, 12 * grown)] : [])]);
}

/** What stands in the way of destroying a case: a legal hold always does, the term unless a law says so. */
export function toDestroying(
  until: string,
  today: string,
  { held, archived, lawful }: { held: boolean; archived: boolean; lawful: boolean },
): Hindrance[] {
  return [
    ...(archived || lawful ? [] : [hindered("not_archived", "R45")]),
    ...(held ? [hindered("legal_hold", "R45")] : []),
    ...(today <= until && !lawful ? [hindered("kept_until", "R45", until)] : []),
  ];
}

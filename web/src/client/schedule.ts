/**
 * Who is due to be seen when: benchmarks by risk, next contacts, missed ones, missing meetings face to face, the share that
 * was met. The twin of `hub/aftercare/benchmarks.py` and `schedule.py`, over the same table.
 *
 * Pure, and a function of the set of visits alone, by the day on which each happened: entered late, twice or in any order
 * they give the same schedule. A day is due when somebody would otherwise go without for longer than the benchmark in
 * force; a rise of risk begins its levels anew, a fall takes effect after what was due before.
 */

import published from "../../../hub/aftercare/benchmarks.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { plusDays, plusMonths } from "./days.ts";
import { fail } from "./session.ts";

/** How much could go wrong; it decides how often somebody looks in (H1). From the least to the most. */
export const RISKS = ["low", "medium", "high"] as const;
export type Risk = (typeof RISKS)[number];
export const BY = ["worker", "observer"] as const;
export type By = (typeof BY)[number];
export const FACE_TO_FACE = "face_to_face";
const MOST_MONTHS = 36;
const LONGEST = 1000;
/** Contacts of one stream that are reckoned with: some years of daily ones. */
const MOST_DUE = 2000;
const END = "9999-12-31";

/** So many days, or months of the calendar. */
interface Span {
  readonly days?: number;
  readonly months?: number;
}

/** One kind of contact: who counts for it, the longest time without, or the months in which it is due. */
export interface Stream {
  readonly name: string;
  readonly by: readonly string[];
  readonly in_person: boolean;
  readonly about: string | null;
  readonly first: Span;
  readonly steps: readonly { readonly until: Span | null; readonly every: Span }[];
  readonly at: readonly number[];
  readonly within: number;
  /** Whether silence is more than overdue: an early warning of its own. */
  readonly alert: boolean;
}

/** A named set. */
export interface Benchmarks {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly streams: { readonly [risk in Risk]: readonly Stream[] };
}

export type Sets = { readonly [name: string]: Json };
const PUBLISHED = published as unknown as Sets;
export const SETS: readonly string[] = Object.keys(PUBLISHED);

/** A set by its name: an agency's own goes before a published one. */
export function named(name: string, own: Sets = {}): Benchmarks {
  return readSet(name, own[name] ?? PUBLISHED[name] ?? fail("not_found"));
}

/** The set that a document describes; `like` another one it has that one's streams, and `also` some more. */
export function readSet(name: string, value: Json): Benchmarks {
  if (!isObject(value)) return fail("invalid_request");
  const base = value["like"] === undefined ? value : like(value);
  const { title, source } = value;
  const rows = RISKS.map((risk) => {
    const streams = base[risk];
    if (!isObject(streams)) return fail("invalid_request");
    return [risk, Object.entries(streams).map(([key, row]) => stream(key, row))] as const;
  });
  if (typeof title !== "string" || typeof source !== "string") return fail("invalid_request");
  return { name, title, source, streams: Object.fromEntries(rows) as unknown as Benchmarks["streams"] };
}

function like({ like, also }: JsonObject): JsonObject {
  const base = PUBLISHED[String(like)];
  if (!isObject(base) || (also !== undefined && !isObject(also))) return fail("invalid_request");
  return Object.fromEntries(RISKS.map((risk) => [risk, { ...(base[risk] as JsonObject), ...also }]));
}

function stream(name: string, row: Json): Stream {
  const form = a.atLeast({ by: a.listOf(a.oneOf(...BY), BY.length, 1) });
  if (!isObject(row) || !a.isOf(form, row)) return fail("invalid_request");
  const steps = (Array.isArray(row["steps"]) ? row["steps"] : []).map((step) => {
    if (!isObject(step)) return fail("invalid_request");
    return { until: step["until"] === undefined ? null : span(step["until"]), every: span(step["every"]) };
  });
  const found: Stream = {
    name,
    by: row["by"] as string[],
    in_person: Boolean(row["in_person"]),
    about: (row["about"] as string | undefined) ?? null,
    first: span(row["first"] ?? { days: 0 }),
    steps,
    at: Array.isArray(row["at"]) ? (row["at"] as number[]) : [],
    within: Number(row["within"] ?? 0),
    alert: Boolean(row["alert"]),
  };
  return (steps.length ? tapers(found) : climbs(found)) ? found : fail("invalid_request");
}

function span(value: Json | undefined): Span {
  const fits =
    isObject(value) &&
    Object.entries(value).every(
      ([name, size]) =>
        ["days", "months"].includes(name) && Number.isInteger(size) && 0 <= Number(size) && Number(size) <= LONGEST,
    );
  return fits ? value : fail("invalid_request");
}

const after = (day: string, { days = 0, months = 0 }: Span): string => plusDays(plusMonths(day, months), days);
/** Its length for comparing: a month as 30 days. */
const size = ({ days = 0, months = 0 }: Span): number => days + 30 * months;

function tapers({ steps, at }: Stream): boolean {
  const every = steps.map((step) => size(step.every));
  const ends = steps.slice(0, -1).flatMap(({ until }) => (until ? [size(until)] : []));
  const whole = ends.length === every.length - 1 && steps[steps.length - 1]!.until === null;
  return whole && at.length === 0 && every[0]! > 0 && rising(every, false) && rising(ends, true);
}

const climbs = ({ at }: Stream): boolean =>
  at.length > 0 && rising(at, true) && 0 < at[0]! && at[at.length - 1]! <= MOST_MONTHS;

const rising = (rows: readonly number[], strictly: boolean): boolean =>
  rows.every((row, i) => i === 0 || (strictly ? rows[i - 1]! < row : rows[i - 1]! <= row));

/** That somebody looked in on a day. `met`: the child was seen or spoken to; an attempt counts for nothing. */
export interface Visit {
  readonly day: string;
  readonly by: string;
  readonly inPerson: boolean;
  readonly met: boolean;
  readonly about: string | null;
}

/** Why a contact is later than it should be: said on `day` with a reason, and `until` when it is made (R41). */
export interface Excuse {
  readonly stream: string;
  readonly day: string;
  readonly until: string;
}

/** From when a child is followed, by which benchmarks, and the levels of risk since their days. */
export interface Plan {
  readonly begins: string;
  readonly benchmarks: Benchmarks;
  readonly risks: readonly (readonly [day: string, risk: Risk])[];
  readonly ends: string | null;
  readonly excuses: readonly Excuse[];
}

/** A contact that is due; `missed` days of the same stream are behind it. */
export interface Contact {
  readonly due: string;
  readonly stream: string;
  readonly overdue: boolean;
  readonly alert: boolean;
  readonly missed: number;
}

/** How many contacts were owed and how many of them made in time. */
export interface Share {
  readonly met: number;
  readonly owed: number;
}

export const plus = (one: Share, other: Share): Share => ({ met: one.met + other.met, owed: one.owed + other.owed });

/** Whole per cent, rounded down so that nothing missed becomes a hundred; null where nothing was owed. */
export const percent = ({ met, owed }: Share): number | null => (owed ? Math.floor((100 * met) / owed) : null);

/** The newest level of risk. */
export const riskOf = (plan: Plan): Risk => levels(plan).pop()![1];

/** For each stream the contact that is due next, or has been since a day that is past, the first first. */
export function nextContacts(plan: Plan, visits: readonly Visit[], today: string): Contact[] {
  const found = streams(plan).map((one) => next(plan, one, daysOf(one, plan, visits, today), today));
  return found.filter((contact) => contact !== null).sort(byDue);
}

/** What is due up to a day, if each contact is made on the day that it is due, and overdue ones today. */
export function calendar(plan: Plan, visits: readonly Visit[], today: string, until: string): Contact[] {
  const found: Contact[] = [];
  for (const one of streams(plan)) {
    let [days, day] = [daysOf(one, plan, visits, today), today];
    for (let n = 0; n < MOST_DUE; n++) {
      const contact = next(plan, one, days, day);
      if (!contact || contact.due > until) break;
      found.push(contact);
      day = contact.due > day ? contact.due : day;
      days = [...days, day];
    }
  }
  return found.sort(byDue);
}

/** The visits that count: somebody was met, since the case is followed. */
export const meetings = (plan: Plan, visits: readonly Visit[], today: string): Visit[] =>
  visits.filter(({ met, day }) => met && plan.begins <= day && day <= today);

/** Since when a meeting face to face is overdue, or null: calls do not take its place (H2, R41). */
export const missingFaceToFace = (plan: Plan, visits: readonly Visit[], today: string): string | null =>
  nextContacts(plan, visits, today).find((one) => one.stream === FACE_TO_FACE && one.overdue)?.due ?? null;

/** How much of the benchmark was met up to yesterday (H3). */
export function share(plan: Plan, visits: readonly Visit[], today: string): Share {
  return streams(plan)
    .map((one) => walk(plan, one, daysOf(one, plan, visits, today), today))
    .reduce((sum, { met, missed }) => plus(sum, { met, owed: met + missed }), { met: 0, owed: 0 });
}

const byDue = (one: Contact, other: Contact): number =>
  compare(one.due, other.due) || compare(one.stream, other.stream);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function next(plan: Plan, one: Stream, days: readonly string[], today: string): Contact | null {
  const { behind, next: coming } = walk(plan, one, days, today);
  const due = behind[0] ?? coming;
  return due ? { due, stream: one.name, overdue: due < today, alert: one.alert, missed: behind.length } : null;
}

/** The streams of any level that the case has had, each by its newest form. */
function streams(plan: Plan): Stream[] {
  const found = new Map<string, Stream>();
  for (const [, risk] of levels(plan)) plan.benchmarks.streams[risk].forEach((one) => found.set(one.name, one));
  const kept = plan.benchmarks.streams[riskOf(plan)].map(({ name }) => name);
  return [...found.values()].filter(({ name }) => kept.includes(name)).sort((one, two) => compare(one.name, two.name));
}

/** The days on which a stream was served, each once, in order. */
function daysOf(one: Stream, plan: Plan, visits: readonly Visit[], today: string): string[] {
  const counts = meetings(plan, visits, today).filter(
    ({ by, inPerson, about }) =>
      one.by.includes(by) && (inPerson || !one.in_person) && (one.about === null || one.about === about),
  );
  return [...new Set(counts.map(({ day }) => day))].sort();
}

/** The levels of risk by the days since which they hold; the newest word of a day counts. */
function levels({ begins, risks }: Plan): [string, Risk][] {
  const held = new Map<string, Risk>();
  for (const [day, risk] of risks) held.set(day > begins ? day : begins, risk);
  const rows = [...held].sort(([one], [other]) => compare(one, other));
  return [[begins, rows[0]![1]], ...rows.slice(1).filter(([, risk], i) => risk !== rows[i]![1])];
}

/** A stretch of time with one longest gap; `first` where a level of risk begins. */
interface Segment {
  readonly starts: string;
  readonly ends: string | null;
  readonly every: Span;
  readonly first: Span | null;
}

/** A stream's stretches under each level of risk in turn. */
function segments(plan: Plan, name: string): Segment[] {
  const every = levels(plan);
  let base = plan.begins;
  return every.flatMap(([since, risk], n) => {
    const ends = every[n + 1]?.[0] ?? null;
    const rises = n === 0 || RISKS.indexOf(risk) > RISKS.indexOf(every[n - 1]![1]);
    base = rises ? since : base;
    const one = plan.benchmarks.streams[risk].find((row) => row.name === name && row.steps.length);
    return one ? stretches(one, base, since, ends, rises) : [];
  });
}

/** The steps of a level that holds from `since` to `ends` and is counted from `base`. */
function stretches(one: Stream, base: string, since: string, ends: string | null, begins: boolean): Segment[] {
  const found: Segment[] = [];
  let starts = base;
  for (const { until, every } of one.steps) {
    const stops = until && after(base, until);
    const first = starts > since ? starts : since;
    const last = stops && ends ? (stops < ends ? stops : ends) : (stops ?? ends);
    if (!last || first < last) {
      found.push({ starts: first, ends: last, every, first: begins && !found.length ? one.first : null });
    }
    starts = stops ?? starts;
  }
  return found;
}

/** The day by which somebody has to be seen who was last seen on `anchor`, or never. */
function dueBy(rows: readonly Segment[], anchor: string | null): string | null {
  const due = rows.flatMap(({ starts, ends, every, first }) => {
    if (anchor === null || anchor < starts) return [after(starts, first ?? every)];
    return ends === null || anchor < ends ? [after(anchor, every)] : [];
  });
  return due.sort()[0] ?? null;
}

interface Walked {
  readonly met: number;
  /** How many contacts were not made in time. */
  readonly missed: number;
  /** Those of them after which nobody has been seen yet. */
  readonly behind: readonly string[];
  readonly next: string | null;
}

function walk(plan: Plan, one: Stream, days: readonly string[], today: string): Walked {
  if (one.at.length) return milestones(plan, one, days, today);
  const rows = segments(plan, one.name);
  let [met, missed, behind, anchor]: [number, number, string[], string | null] = [0, 0, [], null];
  for (let n = 0; n < MOST_DUE; n++) {
    const owed = dueBy(rows, anchor);
    const due: string | null = owed && excused(plan, one, anchor, owed);
    if (due === null || (plan.ends !== null && due > plan.ends)) break;
    const inside: string[] = days.filter((day) => (anchor === null || day > anchor) && day <= due);
    if (inside.length) {
      met += Number(due < today);
      [behind, anchor] = [[], inside[inside.length - 1]!];
    } else if (due >= today) {
      return { met, missed, behind, next: due };
    } else {
      missed++;
      [behind, anchor] = [[...behind, due], due];
    }
  }
  return { met, missed, behind, next: null };
}

/** Walk through the months that a stream names; a late visit counts as made, but not in time. */
function milestones(plan: Plan, one: Stream, days: readonly string[], today: string): Walked {
  let [met, missed, behind]: [number, number, string[]] = [0, 0, []];
  const marks = one.at.map((months) => after(plan.begins, { months }));
  for (const [n, mark] of marks.entries()) {
    const due = excused(plan, one, marks[n - 1] ?? null, mark);
    if (plan.ends !== null && due > plan.ends) break;
    const stops = marks[n + 1] ? plusDays(marks[n + 1]!, -one.within) : END;
    const made = days.find((day) => plusDays(mark, -one.within) <= day && day < stops);
    if (made !== undefined && made <= plusDays(due, one.within)) {
      met += Number(due < today);
      behind = [];
    } else if (made !== undefined) {
      missed++;
      behind = [];
    } else if (due >= today) {
      return { met, missed, behind, next: due };
    } else {
      missed++;
      behind = [...behind, due];
    }
  }
  return { met, missed, behind, next: null };
}

/** The day to which a contact was put off; each contact once. */
function excused({ begins, excuses }: Plan, one: Stream, anchor: string | null, due: string): string {
  const said = excuses.filter(({ stream, day }) => stream === one.name && (anchor ?? begins) <= day && day <= due);
  return [due, ...said.map(({ until }) => until)].sort().pop()!;
}

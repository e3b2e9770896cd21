/**
 * A case after arrival, at an agency's desk: the plan of visits, what was found, reviews, what is due. The twin of
 * `hub/client/aftercare.py`, and of what `hub/client/due.py` reckons of a case.
 *
 * Own records of kind `aftercare` name the case file and say days and codes; words of people stand in records of kind
 * `remark`, sealed and never indexed. A record counts if one member alone wrote it, in a role that may. The true day of a
 * visit and the time at which it was entered are both kept. What happened is entered by `visits.ts`; `closing.ts` closes.
 */

import { systemRandom } from "../rcp/age.ts";
import { isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import * as forms from "./careforms.ts";
import { KIND as CASE } from "./cases.ts";
import type { Calendar } from "./days.ts";
import * as deadlines from "./deadlines.ts";
import { same } from "./handover.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import * as schedule from "./schedule.ts";
import type { Plan, Risk, Sets, Share, Visit } from "./schedule.ts";
import type { Sections } from "./sections.ts";
import { fail, HubError } from "./session.ts";
import { calendar } from "./timers.ts";

/** A record that counts: what it says, by whom, and when it was entered, whatever day it is about. */
export interface Row {
  readonly record: string;
  readonly what: string;
  readonly value: JsonObject;
  readonly by: string;
  readonly role: string;
  readonly entered: number;
  /** The day that it is about. */
  readonly on: string;
}

/** How not to draw attention to the family: under what name somebody calls, and whether texts may be sent at all. */
export interface Discretion {
  readonly caller: string;
  readonly texts: boolean;
  readonly note: string;
}

/** A case as it is followed since its newest plan began. */
export class Followed {
  readonly case: string;
  readonly plan: Plan;
  /** All records of the case, what was entered first first; those of earlier plans too. */
  readonly rows: readonly Row[];
  /** The record of the newest plan: what it says are the facts. */
  readonly newest: Row;
  /** The day where the agency works, when this was read. */
  readonly today: string;
  /** By which record it is closed. */
  readonly closure: Row | null;

  constructor(of: string, rows: readonly Row[], newest: Row, sets: Sets, today: string) {
    const said = newest.value;
    const since = rows.filter(({ what, entered }) => what === "risk" && entered >= newest.entered);
    this.case = of;
    this.rows = rows;
    this.newest = newest;
    this.today = today;
    this.closure = closedBy(rows);
    this.plan = {
      begins: newest.on,
      benchmarks: schedule.named(String(said["benchmarks"]), sets),
      risks: [newest, ...since].map(({ on, value }) => [on, value["risk"] as Risk] as const),
      ends: this.closure?.on ?? null,
      excuses: this.of("excuse").map(({ on, value }) => ({
        stream: String(value["stream"]),
        day: on,
        until: String(value["until"]),
      })),
    };
  }

  /** The records of one sort. */
  of(what: string): Row[] {
    return this.rows.filter((row) => row.what === what);
  }

  /** What the newest plan says. */
  get facts(): JsonObject {
    return this.newest.value;
  }

  get risk(): Risk {
    return schedule.riskOf(this.plan);
  }

  /** Who answers for the visits. */
  get lead(): string {
    return String(this.facts["lead"]);
  }

  /** The visits by their true days. */
  get visits(): Visit[] {
    return this.of("visit").map(asVisit);
  }

  /** By which record it is archived. */
  get archived(): Row | null {
    return this.of("archived").find(({ value }) => value["closure"] === this.closure?.record) ?? null;
  }

  /** The plan by which somebody looks in now, after closing that of the months after; null where nobody does. */
  get visited(): Plan | null {
    if (this.archived) return null;
    if (!this.closure) return this.plan;
    return deadlines.afterClosure(this.closure.on, this.risk, String(this.closure.value["reason"]));
  }

  /** Reviews that a supervisor put off. */
  get extensions(): deadlines.Extension[] {
    return this.of("extension").map(({ value }) => ({ of: String(value["of"]), until: String(value["until"]) }));
  }

  /** By when the plan is to be reviewed. */
  get reviewDue(): string {
    const reviews = this.of("review").map(({ on }) => on);
    return deadlines.reviewDue(this.plan.begins, reviews, this.extensions);
  }

  get discretion(): Discretion {
    return this.facts["discretion"] as unknown as Discretion;
  }

  /** The day since which the case is followed, the plans before a re-opening included. */
  get firstDay(): string {
    return this.of("plan")
      .map(({ on }) => on)
      .sort()[0]!;
  }

  /** How much of the benchmarks was met up to yesterday. */
  get share(): Share {
    return schedule.share(this.plan, this.visits, this.today);
  }

  /** Since when a meeting face to face is overdue: calls do not take its place. */
  get unseenSince(): string | null {
    return this.visited && schedule.missingFaceToFace(this.visited, this.visits, this.today);
  }
}

// Planning

/** What a plan says beside its set and level of risk; what is not said stays open. */
export interface Facts {
  readonly lead?: string | undefined;
  readonly country?: string | null;
  readonly corridor?: string | null;
  readonly born?: string | null;
  readonly exploited?: boolean;
  readonly discretion?: Partial<Discretion>;
  /** Records of the consents under which others were asked about this child: their referrals keep it open. */
  readonly bases?: readonly string[];
}

/** Begin to follow a case from a day on, usually that of the handover; said twice alike it is said once. */
export async function follow(
  member: Member,
  of: string,
  begins: string,
  risk: string,
  benchmark = "standard",
  facts: Facts = {},
): Promise<Followed> {
  await records.get(member, of, CASE);
  schedule.named(benchmark, await ownSets(member));
  const known = newestOf(await rowsOf(member, of), "plan");
  const value: JsonObject = {
    benchmarks: benchmark,
    risk,
    lead: facts.lead || member.id,
    country: facts.country ?? null,
    corridor: facts.corridor ?? null,
    born: facts.born ?? null,
    exploited: facts.exploited ?? false,
    mark: known?.value["mark"] ?? newMark(),
    bases: [...new Set(facts.bases ?? [])].sort(),
    discretion: { caller: "", texts: true, note: "", ...facts.discretion },
  };
  if (!known || known.on !== begins || !same({ ...known.value, ...value }, known.value)) {
    await put(member, "plan", of, begins, value);
  }
  return read(member, of);
}

/**
 * What the sections of a case file say already of how it is to be followed, as `follow` takes it. Of a birth of which only
 * the year is known the earliest day counts: better too early than too late (H15).
 */
export function planned(sections: Sections): Facts & { readonly risk?: string; readonly benchmark?: string } {
  const plan = objectIn(sections, "monitoring_plan");
  const quiet = objectIn(plan, "low_visibility");
  const country = objectIn(sections, "status")["country_of_origin"];
  const said = (name: string) => (typeof plan[name] === "string" ? { [name]: plan[name] } : {});
  const discretion = { caller: String(quiet["caller_name"] ?? ""), texts: quiet["texts"] !== false, note: "" };
  return {
    ...said("risk"),
    ...said("benchmark"),
    ...(Object.keys(quiet).length ? { discretion } : {}),
    born: bornOn(objectIn(objectIn(sections, "identity"), "born")),
    country: typeof country === "string" ? country : null,
    exploited: Object.keys(objectIn(sections, "exploitation")).length > 0,
  };
}

/** Say that the level of risk is another one since a day; contacts are planned anew (H1). */
export async function assess(
  member: Member,
  of: string,
  risk: string,
  words: string | null = null,
  on?: string,
): Promise<Followed> {
  const held = await read(member, of);
  await put(member, "risk", of, on ?? held.today, { risk }, words);
  return read(member, of);
}

/** The agency's own sets by name, of each the newest. */
export async function ownSets(member: Member): Promise<Sets> {
  const rows = await records.ofForm(member, forms.KIND, forms.OWN_SET);
  const counts = rows.filter((row) => forms.KEEPERS.includes(last(row).role));
  return Object.fromEntries(counts.reverse().map(({ value }) => [String(value["name"]), value["set"]!]));
}

// What is due

/** A case as it is followed. */
export async function read(member: Member, of: string): Promise<Followed> {
  const rows = await rowsOf(member, of);
  const newest = newestOf(rows, "plan") ?? fail("not_found");
  return new Followed(of, rows, newest, await ownSets(member), await today(member));
}

/** All cases of the agency that are followed, whether open or closed. */
export async function followed(member: Member): Promise<Followed[]> {
  const [every, sets, day] = [await rows(member), await ownSets(member), await today(member)];
  const named = [...new Set(every.map(({ value }) => String(value["case"])))].sort();
  return named.flatMap((of) => {
    const own = every.filter(({ value }) => value["case"] === of);
    const newest = newestOf(own, "plan");
    return newest ? [new Followed(of, own, newest, sets, day)] : [];
  });
}

/** Something of a case that has a day: a contact, a review, a term, a birthday. */
export interface Due {
  readonly case: string;
  readonly what: string;
  readonly day: string;
  readonly overdue: boolean;
  readonly alert: boolean;
  readonly missed: number;
  /** Whether it is a contact with the child, and no date of the file. */
  readonly contact: boolean;
}

/** What a case has days for, the first first; with `until` each contact up to that day. */
export function due(held: Followed, until?: string): Due[] {
  const [day, plan] = [held.today, held.visited];
  const contacts = !plan
    ? []
    : until === undefined
      ? schedule.nextContacts(plan, held.visits, day)
      : schedule.calendar(plan, held.visits, day, until);
  const found = contacts.map(({ stream, due: on, overdue, alert, missed }) => {
    return { case: held.case, what: stream, day: on, overdue, alert: alert && overdue, missed, contact: true };
  });
  const dates = datesOf(held).filter(([, on]) => until === undefined || on <= until);
  const fixed = dates.map(([what, on]) => {
    return { case: held.case, what, day: on, overdue: on < day, alert: false, missed: 0, contact: false };
  });
  const order = ({ day: on, what }: Due) => `${on} ${what}`;
  return [...found, ...fixed].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

/** The days of a case that no visit moves and nothing has settled. */
function datesOf(held: Followed): [what: string, day: string][] {
  const since = new Map(held.of("event").map(({ value, on }) => [String(value["event"]), on]));
  const { country, born } = held.facts;
  if (held.archived) return [];
  const terms = typeof country === "string" ? deadlines.terms(country, since) : [];
  const found = terms.filter(({ id }) => !since.has(`done_${id}`)).map(({ id, due: on }): [string, string] => [id, on]);
  if (!held.closure) found.push(["review", held.reviewDue], ["target_24_months", deadlines.target(held.firstDay)]);
  const turns = typeof born === "string" ? deadlines.turning(born) : null;
  if (turns && !since.has("transition_prepared")) found.push(["prepare_for_18", turns.warn]);
  if (turns && !since.has("consent_taken_again")) found.push(["consent_again_at_18", turns.on]);
  return found;
}

// Records

/** Keep a record about a case, with what was said in words and the pages that show it in a record of their own. */
export async function put(
  member: Member,
  what: string,
  of: string,
  on: string,
  value: JsonObject,
  words: string | null = null,
  papers: ReadonlyMap<string, Bytes> = new Map(),
): Promise<Row> {
  const roles = forms.ROLES[what] ?? fail("invalid_request");
  const { role } = await member.me(roles);
  const whole: JsonObject = { what, case: of, on, words: null, ...value };
  check(what, whole);
  if (words?.trim()) {
    whole["words"] = await records.put(
      member,
      forms.REMARK,
      { case: of, words: words.trim() },
      { attachments: papers },
    );
  }
  const record = await records.put(member, forms.KIND, whole, { roles });
  const row = { record, what, value: whole, by: member.id, role, entered: member.now(), on };
  unlisted.set(member, [...(unlisted.get(member) ?? []), row]);
  return row;
}

/** What was entered here and no list has shown yet: without a line it waits on this device, and counts all the same. */
const unlisted = new WeakMap<Member, readonly Row[]>();

/** Go on if a record is of its form. */
export function check(what: string, value: JsonObject): void {
  if (!a.isOf(forms.FORMS[what]!, value)) fail("invalid_request");
}

/** A reason that was given. */
export function reason(words: string): string {
  if (!words.trim()) throw new HubError("invalid_request", "", null, { field: "words" });
  return words;
}

/** The records about a case that count, what was entered first first. */
export const rowsOf = async (member: Member, of: string): Promise<Row[]> =>
  (await rows(member)).filter(({ value }) => value["case"] === of);

/** The words that belong to a record, or nothing. */
export async function said(member: Member, { value }: Row): Promise<string> {
  const name = value["words"];
  return name ? String((await records.get(member, String(name), forms.REMARK)).value["words"]) : "";
}

const calendars = new WeakMap<Member, Promise<Calendar>>();

/** The calendar of the agency, asked for once. */
export function ours(member: Member): Promise<Calendar> {
  const found = calendars.get(member) ?? calendar(member);
  calendars.set(member, found);
  found.catch(() => calendars.delete(member));
  return found;
}

/** The day where the agency works. */
export const today = async (member: Member): Promise<string> => (await ours(member)).day(member.now());

/** All records of this room that count, what was entered first first. */
export async function rows(member: Member): Promise<Row[]> {
  const listed = await records.listing(member, [forms.KIND]);
  const known = new Set(listed.map(({ handoff }) => handoff));
  const waiting = (unlisted.get(member) ?? []).filter(({ record }) => !known.has(record));
  unlisted.set(member, waiting);
  const found = [...listed.filter(counts).map(asRow), ...waiting];
  const order = ({ on, record }: Row) => `${on} ${record}`;
  return found.sort((one, other) => one.entered - other.entered || (order(one) < order(other) ? -1 : 1));
}

/** Whether a record is of its form, and one member alone wrote it, in a role that may. */
function counts(row: Listed): boolean {
  const what = String(row.value["what"]);
  const named = new Set(row.authors.map(({ member, role }) => `${member} ${role}`));
  const form = Object.keys(forms.FORMS).includes(what) ? forms.FORMS[what]! : null;
  return form !== null && named.size === 1 && forms.ROLES[what]!.includes(last(row).role) && a.isOf(form, row.value);
}

/** A record about a case as this room reads it. */
export function asRow({ handoff, value, authors, began }: Listed): Row {
  const { member, role } = authors[0]!;
  const [what, on] = [String(value["what"]), String(value["on"])];
  return { record: handoff, what, value, by: member, role, entered: began, on };
}

/** By which record a case is closed now: a supervisor's, of what somebody else recommended (R43). */
export function closedBy(rows: readonly Row[]): Row | null {
  const of = (name: string) => rows.filter(({ what }) => what === name);
  const recommended = new Map(of("recommended").map(({ record, by }) => [record, by]));
  const opened = of("reopened").map(({ value }) => value["closure"]);
  const apart = of("authorised").filter(
    ({ record, by, value }) =>
      !opened.includes(record) && (recommended.get(String(value["recommendation"])) ?? by) !== by,
  );
  return apart.pop() ?? null;
}

/** A visit as the schedule counts it: under its true day. */
export function asVisit({ on, value }: Row): Visit {
  const inPerson = forms.IN_PERSON.includes(String(value["method"]));
  const about = typeof value["about"] === "string" ? value["about"] : null;
  return { day: on, by: String(value["by"]), inPerson, met: value["met"] === true, about };
}

const last = ({ authors }: Listed) => authors[authors.length - 1]!;

const newestOf = (rows: readonly Row[], what: string): Row | null =>
  rows.filter((row) => row.what === what).pop() ?? null;

function newMark(): string {
  const { LETTERS, MARK_LENGTH } = forms;
  const most = 256 - (256 % LETTERS.length);
  let mark = "";
  while (mark.length < MARK_LENGTH) {
    const [byte] = systemRandom(1);
    if (byte! < most) mark += LETTERS[byte! % LETTERS.length];
  }
  return mark;
}

function bornOn(said: JsonObject): string | null {
  const text = "on" in said ? String(said["on"]) : `${String(said["year"])}-01-01`;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : null; // what came is kept as it came
  return at && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) ? text : null;
}

function objectIn(holder: { readonly [name: string]: Json }, name: string): JsonObject {
  const found = holder[name];
  return isObject(found) ? found : {};
}

/**
 * Programmes of a case: which one it follows, what was marked and by whom, and the same steps at every agency. The twin of
 * `hub/client/programmes.py`.
 *
 * Own records of kind `programme` name the case file and hold marks that their members signed, each in a record of its own,
 * so that two colleagues never write over one another. On a further leg the programme travels in the section `plan`.
 */

import { systemRandom } from "../rcp/age.ts";
import { readEnvelope, verifiedBy } from "../rcp/dsse.ts";
import { b64u, canonical, fromB64u, isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { CATEGORIES, dayOf } from "../consent/policy.ts";
import { update, type CaseFile } from "./cases.ts";
import { CASE_ROLES, keyidOf } from "./documents.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import { progress, readMark, refusal, rowOf, SAID, type Mark, type Progress, type Said } from "./programme_progress.ts";
import { partOf, readTemplate, SHIPPED, START, type Template } from "./programme_template.ts";
import * as records from "./records.ts";
import { fail, HubError } from "./session.ts";

const KIND = "programme";
const TEMPLATE = "template";
/** Where a programme travels: in the plan, whose consent covers it. */
const SECTION = "plan";
const MEMBER = "programme";
const MARK_TYPE = "application/vnd.rcp.programme-mark+json;v=1";
const MOST = 2000;
const KEEPERS = ["supervisor", "coordinator"];
const AHEAD = 600;
const DOCUMENT = {
  v: a.integer(1, 1),
  tracker: a.identifier,
  template: a.nullOr(a.atLeast({})),
  marks: a.listOf(a.atLeast({}), MOST),
};
const FORM = a.objectOf({ case: a.identifier, ...DOCUMENT });
const HANDED = a.objectOf(DOCUMENT);

/** A programme that a case follows: the marks that count, and how many were never proven here, by agency. */
export interface Tracker {
  readonly id: string;
  readonly case: string;
  readonly template: Template;
  readonly marks: readonly Mark[];
  readonly unproven: ReadonlyMap<string, number>;
  /** All marks as they were signed, to be handed on. */
  readonly signed: readonly JsonObject[];
}

export const standing = (held: Tracker, now: number): Progress => progress(held.template, held.marks, dayOf(now));

// Templates

/** The templates by name: those of the release, and those that the own agency loaded. */
export async function templates(member: Member): Promise<Map<string, Template>> {
  const rows = inOrder(await records.listing(member, [TEMPLATE]));
  const found = new Map<string, Template>();
  for (const { value, authors } of rows) {
    const read = KEEPERS.includes(authors[authors.length - 1]?.role ?? "") ? orNull(() => readTemplate(value)) : null;
    if (read && !found.has(read.name)) found.set(read.name, read);
  }
  for (const one of SHIPPED) found.set(one.name, one);
  return found;
}

// Following one

/** Let a case follow a programme from a day on; one that it follows already goes on. */
export async function start(member: Member, held: CaseFile, name: string, on?: string): Promise<Tracker> {
  const chosen = (await templates(member)).get(name) ?? fail("not_found");
  const same = (await listing(member, held.record)).find(({ template }) => template.hash === chosen.hash);
  if (same) return same;
  const tracker = b64u(systemRandom(16));
  const begun = await sign(member, chosen, tracker, { step: START, said: "done", on: day(member, on), evidence: [] });
  const value = { v: 1, tracker, template: chosen.document, marks: [begun] };
  await records.put(member, KIND, { case: held.record, ...value }, { roles: CASE_ROLES });
  return get(member, tracker);
}

/** What is said of a step or fact; `evidence` are the sections that are kept elsewhere. */
export interface Marking {
  readonly said?: Said;
  readonly on?: string | undefined;
  readonly evidence?: readonly string[];
}

/**
 * Mark a step or fact; sections that the case file holds are its evidence. `conflict` where it waits for another step, or
 * something that belongs to it is not there: the error's facts say what.
 */
export async function mark(member: Member, held: CaseFile, of: Tracker, step: string, how: Marking): Promise<Tracker> {
  const { said = "done", on, evidence = [] } = how;
  const part = partOf(of.template, step);
  if (!part || !SAID.includes(said) || !evidence.every((name) => CATEGORIES.includes(name))) return fail("not_found");
  const there = Object.keys(held.sections).filter((name) => Object.keys(held.sections[name] as JsonObject).length > 0);
  const wanted = "evidence" in part ? part.evidence : [];
  const named = wanted.filter((name) => evidence.includes(name) || there.includes(name)).sort();
  const made = { step, said, on: day(member, on), evidence: named };
  const known = rowOf(standing(of, member.now()), step)?.mark;
  if (known && known.said === said && known.on === made.on && known.evidence.join() === named.join()) return of;
  const signed = await sign(member, of.template, of.id, made);
  const stands = refusal(of.template, of.marks, readSigned(signed)!, dayOf(member.now()));
  if (stands) {
    const { waitsFor, lacks, sections } = stands;
    throw new HubError("conflict", "", null, {
      step,
      waits_for: [...waitsFor],
      lacks: [...lacks],
      sections: [...sections],
    });
  }
  const value = { case: of.case, v: 1, tracker: of.id, template: null, marks: [signed] };
  await records.put(member, KIND, value, { roles: CASE_ROLES });
  return get(member, of.id);
}

/** The programmes that cases follow, those begun last first; of one case where it is named. */
export async function listing(member: Member, record?: string): Promise<Tracker[]> {
  const kept = new Map<string, Listed[]>();
  for (const row of inOrder(await records.ofForm(member, KIND, FORM))) {
    const name = String(row.value["tracker"]);
    kept.set(name, [...(kept.get(name) ?? []), row]);
  }
  const found: Tracker[] = [];
  for (const rows of kept.values()) {
    const made = await trackerOf(member, rows);
    if (made && (record === undefined || made.case === record)) found.push(made);
  }
  return found.reverse();
}

const get = async (member: Member, tracker: string): Promise<Tracker> =>
  (await listing(member)).find(({ id }) => id === tracker) ?? fail("not_found");

// From one agency to the next

/** Put a programme into the plan of a case file, by which the next agency gets it. */
export function intoPlan(member: Member, held: CaseFile, of: Tracker): Promise<CaseFile> {
  const document = { v: 1, tracker: of.id, template: of.template.document, marks: [...of.signed] };
  return update(member, held, SECTION, { [MEMBER]: document });
}

/** The programme that stands in the plan of a case file, or null. */
export function outOf({ sections }: CaseFile): JsonObject | null {
  const plan = sections[SECTION];
  const found = isObject(plan) ? plan[MEMBER] : null;
  return isObject(found) ? found : null;
}

/** Go on with a programme that another agency handed over; taking it again adds only what is new. */
export async function take(member: Member, held: CaseFile, document: JsonObject): Promise<Tracker> {
  const { chosen, tracker, marks } = await handed(member, document);
  const same = (await listing(member)).find(({ id }) => id === tracker);
  if (same && (same.case !== held.record || same.template.hash !== chosen.hash)) fail("conflict");
  const known = new Set((same?.signed ?? []).map((row) => String(canonical(row))));
  const news = marks.filter((row) => !known.has(String(canonical(row))));
  if (news.length || !same) {
    const kept = { v: 1, tracker, template: chosen.document, marks: news };
    await records.put(member, KIND, { case: held.record, ...kept }, { roles: CASE_ROLES });
  }
  return get(member, tracker);
}

// Inside

async function handed(
  member: Member,
  document: JsonObject,
): Promise<{ chosen: Template; tracker: string; marks: JsonObject[] }> {
  const read = orNull(() => {
    HANDED(document);
    return readTemplate(document["template"]);
  });
  if (!read) throw new HubError("invalid_request", "", null, { field: MEMBER });
  const known = (await templates(member)).get(read.name);
  if (known && known.hash !== read.hash) fail("conflict");
  return { chosen: read, tracker: String(document["tracker"]), marks: document["marks"] as JsonObject[] };
}

/** A programme out of its records, oldest first: the first says which template and which case. */
async function trackerOf(member: Member, rows: readonly Listed[]): Promise<Tracker | null> {
  const read = rows.map(({ value }) => orNull(() => readTemplate(value["template"])));
  const chosen = read.find((one) => one !== null);
  if (!chosen) return null;
  const id = String(rows[0]!.value["tracker"]);
  const [marks, unproven]: [Mark[], Map<string, number>] = [[], new Map()];
  const kept = new Map<string, JsonObject>();
  for (const { value, at } of rows) {
    for (const row of value["marks"] as JsonObject[]) {
      const name = String(canonical(row));
      if (kept.has(name)) continue;
      kept.set(name, row);
      const found = readSigned(row);
      if (!found || found.tracker !== id || found.template !== chosen.hash) continue;
      if (await proven(member, row, found, at)) marks.push(found);
      else unproven.set(found.agency, (unproven.get(found.agency) ?? 0) + 1);
    }
  }
  return { id, case: String(rows[0]!.value["case"]), template: chosen, marks, unproven, signed: [...kept.values()] };
}

const readSigned = (row: Json): Mark | null => orNull(() => readMark(readEnvelope(row, MARK_TYPE).value));

/**
 * Whether the agency's certificates gave this member this role then, and the key was not lost before it was kept. Who has
 * left meanwhile has marked all the same what is kept here since before.
 */
async function proven(member: Member, row: Json, said: Mark, since: number): Promise<boolean> {
  try {
    const envelope = readEnvelope(row, MARK_TYPE);
    const { devices } = await member.trust.agency(said.agency, { fresh: false });
    const [signature] = envelope.signatures;
    const device = devices.find(({ cert }) => keyidOf(cert) === signature?.keyid);
    if (!device || envelope.signatures.length !== 1) return false;
    const { cert, revoked } = device;
    verifiedBy(envelope, [fromB64u(cert.sign)]);
    const alive = revoked === null || since < revoked.at;
    const named = cert.member === said.member && cert.roles.includes(said.role) && CASE_ROLES.includes(said.role);
    return alive && named && cert.from <= said.at && said.at <= cert.until && said.at <= since + AHEAD;
  } catch (error) {
    if (error instanceof PacketError || error instanceof HubError) return false;
    throw error;
  }
}

async function sign(
  member: Member,
  { hash }: Template,
  tracker: string,
  made: Pick<Mark, "step" | "said" | "on" | "evidence">,
): Promise<JsonObject> {
  const { agency, member: id, role } = await member.me(CASE_ROLES);
  const who = { agency, member: id, role, at: member.now() };
  return member.sign(MARK_TYPE, { v: 1, tracker, template: hash, ...made, evidence: [...made.evidence], ...who });
}

function day(member: Member, on: string | undefined): string {
  const today = dayOf(member.now());
  if (on !== undefined && on > today) throw new HubError("invalid_request", "", null, { field: "on" });
  return on || today;
}

const inOrder = (rows: readonly Listed[]): Listed[] =>
  [...rows].sort((one, other) => one.began - other.began || (one.handoff < other.handoff ? -1 : 1));

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof PacketError) return null;
    throw error;
  }
}

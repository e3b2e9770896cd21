/**
 * The case file: all sections of one child's case, as an own record of the agency, sealed to it alone. The twin of
 * `hub/client/cases.py`.
 *
 * The file begins empty, or with what another agency handed over; `case` is the reference in the register of who is
 * responsible, `legs` the transfers by which the case came or goes. Papers are own records beside it, so that a change of
 * one word does not seal them anew. What this program does not know is kept as it came.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, isObject, sha256, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { openRecord } from "./access.ts";
import { CASE_ROLES } from "./documents.ts";
import type { Shown } from "./handoffs.ts";
import { same } from "./handover.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import type { Sections } from "./sections.ts";
import { fail } from "./session.ts";
import { calendar } from "./timers.ts";

export const KIND = "case";
export const PAPER = "paper";
const VERSION = 1;
export const MAX_PAPER = 32 * 1024 * 1024;
const FORM = a.atLeast({
  v: a.integer(1),
  case: a.nullOr(a.identifier),
  sections: a.atLeast({}),
  legs: a.listOf(a.identifier, 1000),
});
const PAPER_FORM = a.atLeast({ v: a.integer(1), case: a.identifier, document: a.text, sha256: a.hash });
const NAME = /^(?!\.)[A-Za-z0-9._-]{1,128}$/;

interface Value extends JsonObject {
  v: number;
  case: string | null;
  sections: JsonObject;
  legs: string[];
}

/** A case file as it was read. `record` names it in other own records; `case` is its reference in the register. */
export class CaseFile {
  readonly record: string;
  readonly value: Value;
  readonly began: number;
  readonly at: number;
  readonly begunBy: string;
  readonly by: string;

  constructor({ handoff, value, began, at, authors }: Omit<Listed, "kind" | "manifest">) {
    this.record = handoff;
    this.value = value as Value;
    this.began = began;
    this.at = at;
    this.begunBy = authors[0]!.member;
    this.by = authors[authors.length - 1]!.member;
  }

  get case(): string | null {
    return this.value.case;
  }

  /** The sections by name, those of newer forms among them. */
  get sections(): Sections {
    return this.value.sections;
  }

  /** The handoffs by which the case came or goes, in the order in which they were named. */
  get legs(): readonly string[] {
    return this.value.legs;
  }

  /** What the agency calls the case: no name. */
  get reference(): string | null {
    return said(this.sections["minimal_contact"], "reference");
  }

  /** What the child is called here, for those who may open the file. */
  get name(): string | null {
    const identity = this.sections["identity"];
    const names = isObject(identity) ? identity["names"] : null;
    return said(names, "full") ?? said(this.sections["minimal_contact"], "given_name") ?? said(names, "given");
  }

  /** The rows of the section of papers. */
  get papers(): readonly JsonObject[] {
    const documents = this.sections["documents"];
    const rows = isObject(documents) ? documents["items"] : null;
    return Array.isArray(rows) ? rows.filter(isObject) : [];
  }
}

const said = (document: Json | undefined, member: string): string | null => {
  const found = isObject(document) ? document[member] : null;
  return typeof found === "string" ? found : null;
};

/** Begin a case file; a section that is not of its form refuses. */
export async function begin(member: Member, sections: { readonly [name: string]: JsonObject } = {}): Promise<CaseFile> {
  const given: JsonObject = {};
  for (const [name, change] of Object.entries(sections)) given[name] = await changed(name, null, change);
  if (!("care_guardianship" in given)) return keep(member, given);
  const held = await keep(member, {}); // an alert names it, and is raised before what it is about is kept
  await warn(member, held.record, {}, given);
  return put(member, { ...held.value, sections: given }, held);
}

/** Begin a case file with what another agency handed over, as it came: nothing is refused or dropped. */
export function keep(
  member: Member,
  sections: JsonObject,
  { case: register = null, leg }: { case?: string | null; leg?: string } = {},
): Promise<CaseFile> {
  return put(member, { v: VERSION, case: register, sections, legs: leg ? [leg] : [] });
}

/**
 * Keep what came by a leg, packet by packet, as a case file; what came later is put in where it is not kept yet. A section
 * that the own agency has changed since stays as it is: nobody writes over what was found here.
 */
export async function receive(
  member: Member,
  leg: string,
  came: readonly (readonly [packet: string, sections: JsonObject])[],
): Promise<CaseFile> {
  const held = await ofLeg(member, leg);
  const packets = came.map(([packet]) => packet);
  const known = Array.isArray(held?.value["came"]) ? held.value["came"] : [];
  const now: JsonObject = Object.assign({}, ...came.map(([, sections]) => sections));
  if (!held) return put(member, { v: VERSION, case: null, sections: now, legs: [leg], came: packets });
  if (packets.every((packet) => known.includes(packet))) return held;
  const kept = came.filter(([packet]) => known.includes(packet)).map(([, sections]) => sections);
  const before: JsonObject = Object.assign({}, ...kept);
  const ours = held.sections;
  const fresh = Object.entries(now).filter(
    ([name, value]) => !same(value, before[name]) && same(ours[name], before[name]),
  );
  const sections = { ...held.value.sections, ...Object.fromEntries(fresh) };
  return put(member, { ...held.value, sections, came: packets }, held);
}

/**
 * A case file, or the version of it that `version`, a manifest, names; of a colleague's the member says `why`, unless it
 * comes `through` a leg that is theirs (R46). What was written here and waits for a line counts as written.
 */
export async function load(
  member: Member,
  record: string,
  why?: string,
  through?: Shown,
  version?: string,
): Promise<CaseFile> {
  const found = await records.get(member, record, KIND, version);
  if (!a.isOf(FORM, found.value)) fail("not_found");
  const opened = new CaseFile(await openRecord(member, found, why, through));
  const ours = version === undefined ? writtenBy(member).get(record) : undefined;
  return ours && ours.at > opened.at ? ours : opened;
}

const written = new WeakMap<Member, Map<string, CaseFile>>();

/** What a member wrote here last of each file: without a line it is nowhere else yet. */
function writtenBy(member: Member): Map<string, CaseFile> {
  const found = written.get(member) ?? new Map<string, CaseFile>();
  written.set(member, found);
  return found;
}

/** The agency's case files, those changed last first: to be shown by record and reference alone (R46). */
export async function listing(member: Member): Promise<CaseFile[]> {
  return (await records.ofForm(member, KIND, FORM)).map((row) => new CaseFile(row));
}

/** Change a section by what is different in it, as `changed` has it; what is the same puts nothing. */
export async function update(member: Member, held: CaseFile, section: string, change: JsonObject): Promise<CaseFile> {
  const now = await latest(member, held);
  const before = now.value.sections[section];
  const after = await changed(section, before ?? null, change);
  if (same(before, after)) return now;
  const sections = { ...now.value.sections, [section]: after };
  await warn(member, now.record, now.value.sections, sections); // first: said again after a failure, it is not lost
  return put(member, { ...now.value, sections }, now);
}

const warn = async (member: Member, record: string, before: JsonObject, after: JsonObject): Promise<void> =>
  "care_guardianship" in after ? (await import("./protection.ts")).warn(member, record, before, after) : undefined;

/** A section after a change; the schemas are loaded when one is first asked for. */
export const changed = async (name: string, kept: Json, change: JsonObject): Promise<JsonObject> =>
  (await import("./sections.ts")).changed(name, kept, change);

/** Answer a key consideration; the answer stands in the section that it feeds. */
export async function answer(member: Member, held: CaseFile, question: string, words: string): Promise<CaseFile> {
  const today = (await calendar(member)).day(member.now());
  const [section, change] = (await import("./sections.ts")).answer(question, words, today, member.id);
  return update(member, held, section, change);
}

/** Say by which reference the register knows the case, or that a leg of a transfer moves it; twice is once. */
export async function link(
  member: Member,
  held: CaseFile,
  { case: register, leg }: { case?: string; leg?: string },
): Promise<CaseFile> {
  const now = await latest(member, held);
  const legs = leg && !now.legs.includes(leg) ? [...now.value.legs, leg] : now.value.legs;
  const value = { ...now.value, case: register ?? now.case, legs };
  return same(value, now.value) ? now : put(member, value, now);
}

/** The case file that a leg of a transfer moves. */
export const ofLeg = async (member: Member, leg: string): Promise<CaseFile | null> =>
  (await listing(member)).find(({ legs }) => legs.includes(leg)) ?? null;

// Papers

/** A file that somebody chose: its name matters for its ending alone. */
export interface File {
  readonly name: string;
  readonly data: Bytes;
}

/**
 * Keep a paper and name it in the section of papers, with its hash and with `facts`, such as type and issuer. A file that
 * stands there already is not kept twice; facts that changed are.
 */
export async function attach(member: Member, held: CaseFile, file: File, facts: JsonObject): Promise<CaseFile> {
  if (file.data.length > MAX_PAPER) fail("too_large");
  const now = await latest(member, held);
  const named = nameOf(file);
  const known = now.papers.find((row) => row["sha256"] === named.sha256 && isNamed(row));
  const row: JsonObject = { ...(known ?? named), ...facts };
  const items = [...now.papers.filter((one) => one !== known), row];
  const documents = await changed("documents", now.value.sections["documents"] ?? null, { items });
  const kept = await papersOf(member, now);
  if (!kept.some(({ value }) => value["document"] === row["id"])) {
    const value = { v: VERSION, case: now.record, document: row["id"]!, sha256: row["sha256"]! };
    const attachments = new Map([[String(row["attachment"]), file.data]]);
    await records.put(member, PAPER, value, { attachments, roles: CASE_ROLES });
  }
  return same(now.sections["documents"], documents) ? now : replace(member, now, "documents", documents);
}

/** The bytes of a paper, once their hash is the one in the file; null where no record here holds it. */
export async function paper(member: Member, held: CaseFile, document: string): Promise<File | null> {
  const row = held.papers.find(({ id }) => id === document) ?? fail("not_found");
  const kept = (await papersOf(member, held)).find(({ value }) => value["document"] === document);
  if (!kept) return null;
  const { attachments } = await records.get(member, kept.handoff, PAPER);
  const name = String(row["attachment"]);
  const data = attachments.get(name);
  need(data !== undefined && b64u(sha256(data)) === row["sha256"], "bad_signature");
  return { name, data: data! };
}

/** All papers of a case that are kept here, by the name under which a packet carries them. */
export async function papers(member: Member, held: CaseFile): Promise<Map<string, Bytes>> {
  const found = new Map<string, Bytes>();
  for (const row of held.papers.filter(isNamed)) {
    const one = await paper(member, held, String(row["id"]));
    if (one) found.set(one.name, one.data);
  }
  return found;
}

async function papersOf(member: Member, held: CaseFile): Promise<Listed[]> {
  return (await records.ofForm(member, PAPER, PAPER_FORM)).filter(({ value }) => value["case"] === held.record);
}

/** Whether a row names a file as a packet may: another agency's row does not choose what a file is called. */
const isNamed = (row: JsonObject): boolean =>
  typeof row["id"] === "string" && typeof row["attachment"] === "string" && NAME.test(row["attachment"]);

/** A row for a new paper: under a name that says nothing, whatever the file was called. */
function nameOf({ name, data }: File): JsonObject & { sha256: string } {
  const id = b64u(systemRandom(16));
  const ending = /\.[a-z0-9]{1,5}$/.exec(name.toLowerCase())?.[0] ?? "";
  return { id, state: "obtained", attachment: `paper-${id}${ending}`, sha256: b64u(sha256(data)) };
}

/** The file as it is now: a colleague may have changed another section since it was read. */
async function latest(member: Member, held: CaseFile): Promise<CaseFile> {
  const found = await records.get(member, held.record, KIND);
  return found.at >= held.at && a.isOf(FORM, found.value) ? new CaseFile(found) : held;
}

function replace(member: Member, held: CaseFile, section: string, document: JsonObject): Promise<CaseFile> {
  return put(member, { ...held.value, sections: { ...held.value.sections, [section]: document } }, held);
}

async function put(member: Member, value: Value, held?: CaseFile): Promise<CaseFile> {
  if (value.v > VERSION) fail("unsupported_version");
  FORM(value);
  const how = { roles: CASE_ROLES, ...(held ? { handoff: held.record } : {}) };
  const handoff = await records.put(member, KIND, value, how);
  const [now, me] = [member.now(), { agency: member.agency, member: member.id, role: "" }];
  const authors = held ? [{ ...me, member: held.begunBy }, me] : [me];
  const made = new CaseFile({ handoff, value, began: held?.began ?? now, at: now, authors });
  writtenBy(member).set(handoff, made);
  return made;
}

/**
 * Records of handover meetings and the papers signed there, as own records of the agency. The twin of
 * `hub/client/meetings.py`.
 *
 * A meeting is a record of kind `handover`: the own document, the other side's as it came, the numbers of the forms that
 * were printed. A scan is a record of its own, and the meeting holds its hashes: whoever changes one of the two is found
 * out when it is read. Sends nothing: `document` is what goes to the other side as a section. A photo is cleaned of its
 * metadata by whoever calls `scan`, where there is a canvas to draw it on.
 */

import { b64u, sha256, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { openRecord } from "./access.ts";
import { CASE_ROLES } from "./documents.ts";
import * as handover from "./handover.ts";
import { same, type Document, type Merged, type Side } from "./handover.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { fail } from "./session.ts";

export const KIND = "handover";
const SCAN = "scan";
const MOST_PAGES = 20;
const PRINTED = a.atLeast({ form: a.text, kind: a.oneOf(...handover.FORMS), language: a.text, at: a.seconds });
const KEPT = a.atLeast({ form: a.text, source: a.hash, record: a.identifier });
const VALUE = a.atLeast({
  v: a.integer(1),
  case: a.nullOr(a.identifier),
  leg: a.nullOr(a.identifier),
  mine: handover.FORM,
  theirs: a.nullOr(handover.FORM),
  forms: a.listOf(PRINTED, 100),
  scans: a.listOf(KEPT, 100),
});
const SCANNED = a.atLeast({
  handover: a.identifier,
  form: a.text,
  source: a.hash,
  files: a.listOf(a.text, MOST_PAGES, 1),
});

export interface Printed {
  readonly form: string;
  readonly kind: string;
  readonly language: string;
  readonly at: number;
}

interface Value {
  readonly v: number;
  readonly case: string | null;
  readonly leg: string | null;
  readonly mine: Document;
  readonly theirs: Document | null;
  readonly forms: readonly Printed[];
  readonly scans: readonly { form: string; source: string; record: string }[];
}

/** A handover meeting as this agency keeps it; `case` is the record of the case file, `leg` the handoff. */
export class Meeting {
  readonly record: string;
  readonly value: Value;

  constructor(record: string, value: Value) {
    this.record = record;
    this.value = value;
  }

  get case(): string | null {
    return this.value.case;
  }

  get leg(): string | null {
    return this.value.leg;
  }

  /** Which side this agency is. */
  get side(): Side {
    return this.value.mine.side;
  }

  /** What both sides say, and where they say different things. */
  get merged(): Merged {
    return handover.merge(this.value.mine, this.value.theirs);
  }

  /** What goes to the other side, in the section `handover`. */
  get document(): Document {
    return this.merged.document;
  }

  /** What is known of a form of this meeting. */
  printed(number: string): Printed | null {
    return this.value.forms.find(({ form }) => form === number) ?? null;
  }
}

/** A signed paper that came back: which form, the hash of the file as it was scanned and of each page kept. */
export interface Scan {
  readonly form: string;
  readonly kind: string;
  readonly source: string;
  readonly files: readonly string[];
  readonly record: string;
}

interface Of {
  readonly case?: string | null;
  readonly leg?: string | null;
}

/** Begin the record of a meeting. */
export function begin(member: Member, side: Side, facts: JsonObject = {}, of: Of = {}): Promise<Meeting> {
  return put(member, handover.change(handover.draft(side), facts), null, of);
}

/** Keep what the other side says of a meeting beside the own record, or begin one for it; the same again is nothing. */
export async function receive(member: Member, document: unknown, of: Of = {}): Promise<Meeting> {
  const theirs = handover.check(document);
  const known = (await listing(member)).find(({ value }) => value.mine.meeting === theirs.meeting);
  if (!known) return put(member, handover.draft(handover.otherSide(theirs.side), theirs.meeting), theirs, of);
  handover.merge(known.value.mine, theirs);
  return keep(member, known, { theirs, case: known.case ?? of.case ?? null, leg: known.leg ?? of.leg ?? null });
}

/** A meeting; of a colleague's the member says `why` (R46). */
export async function load(member: Member, record: string, why?: string): Promise<Meeting> {
  return read(await openRecord(member, await records.get(member, record, KIND), why)) ?? fail("not_found");
}

/** The meetings of the agency, those touched last first. */
export async function listing(member: Member): Promise<Meeting[]> {
  return (await records.ofForm(member, KIND, VALUE)).map((row) => read(row)!);
}

/** The meeting in which a leg was handed over. */
export const ofLeg = async (member: Member, leg: string): Promise<Meeting | null> =>
  (await listing(member)).find((held) => held.leg === leg) ?? null;

/** Say facts of a meeting, each in the place of the old one. */
export const change = (member: Member, meeting: Meeting, facts: JsonObject): Promise<Meeting> =>
  keep(member, meeting, { mine: handover.change(meeting.value.mine, facts) });

/** Tick items for the own side, or give the reason why not. */
export function tick(
  member: Member,
  meeting: Meeting,
  items: readonly string[],
  reason: string | null = null,
): Promise<Meeting> {
  const { mine } = meeting.value;
  const theirs = meeting.document.checklist.filter(
    ({ item }) => items.includes(item) && !mine.checklist.some((row) => row.item === item),
  );
  const added = theirs.map((row) => ({ ...row, sender: null, receiver: null }));
  const whole = { ...mine, checklist: [...mine.checklist, ...added] };
  return keep(member, meeting, { mine: handover.tick(whole, items, member.id, member.now(), reason) });
}

/** Note a form that was printed with its number, so that it is known when it comes back signed. */
export function addForm(
  member: Member,
  meeting: Meeting,
  kind: string,
  language: string,
  number: string,
): Promise<Meeting> {
  const row = { form: number, kind, language, at: member.now() };
  return keep(member, meeting, { forms: [...meeting.value.forms, row] });
}

/**
 * Keep a signed form that was photographed, beside whatever was kept before: `source` is the file as it came, `pages` are
 * what is kept of it, without its metadata, under names of their own.
 */
export async function scan(
  member: Member,
  form: string,
  source: Uint8Array,
  pages: ReadonlyMap<string, Bytes>,
): Promise<{ meeting: Meeting; scan: Scan }> {
  const number = handover.formNumber(form);
  const meeting = (await listing(member)).find((row) => row.printed(number)) ?? fail("not_found");
  const hash = b64u(sha256(source));
  const known = scans(meeting).find((row) => row.form === number && row.source === hash);
  if (known) return { meeting, scan: known };
  const value = { handover: meeting.record, form: number, source: hash, files: [...pages.keys()] };
  const record = await records.put(member, SCAN, value, { attachments: pages, roles: CASE_ROLES });
  const files = [...pages.values()].map((page) => b64u(sha256(page)));
  const signed = { form: number, kind: meeting.printed(number)!.kind, source: hash, files };
  const { mine, scans: before } = meeting.value;
  const kept = await keep(member, meeting, {
    mine: { ...mine, signed: [...mine.signed, signed] },
    scans: [...before, { form: number, source: hash, record }],
  });
  return { meeting: kept, scan: { ...signed, record } };
}

/** The papers of a meeting that were scanned here, in the order in which they came. */
export function scans({ value }: Meeting): Scan[] {
  return value.mine.signed.flatMap((row) => {
    const kept = value.scans.find(({ form, source }) => form === row.form && source === row.source);
    return kept ? [{ ...row, record: kept.record }] : [];
  });
}

/** The pages of a scan, once each is the one whose hash stands in the meeting's record. */
export async function fetch(member: Member, scanned: Scan): Promise<Map<string, Bytes>> {
  const { value, attachments } = await records.get(member, scanned.record, SCAN);
  need(a.isOf(SCANNED, value) && value["form"] === scanned.form, "bad_signature");
  const names = value["files"] as string[];
  const pages = new Map(names.flatMap((name) => (attachments.has(name) ? [[name, attachments.get(name)!]] : [])));
  need(pages.size === names.length && pages.size === attachments.size, "bad_signature");
  const hashes = names.map((name) => b64u(sha256(pages.get(name)!)));
  need(same(hashes, [...scanned.files]), "bad_signature");
  return pages;
}

/** The pages of all signed papers of a meeting, under names of their own, as attachments of what goes to the other side. */
export async function pages(member: Member, meeting: Meeting): Promise<Map<string, Bytes>> {
  const found = new Map<string, Bytes>();
  for (const scanned of scans(meeting)) {
    let number = 0;
    for (const [name, page] of await fetch(member, scanned)) {
      const ending = name.slice(name.lastIndexOf(".") + 1);
      found.set(`${scanned.form}-${scanned.record.slice(0, 6)}-${++number}.${ending}`, page);
    }
  }
  return found;
}

async function put(member: Member, mine: Document, theirs: Document | null, of: Of): Promise<Meeting> {
  const value: Value = { v: 1, case: of.case ?? null, leg: of.leg ?? null, mine, theirs, forms: [], scans: [] };
  return new Meeting(await records.put(member, KIND, json(value), { roles: CASE_ROLES }), value);
}

async function keep(member: Member, meeting: Meeting, changes: Partial<Value>): Promise<Meeting> {
  const value: Value = { ...meeting.value, ...changes };
  if (!same(value, meeting.value)) {
    await records.put(member, KIND, json(value), { handoff: meeting.record, roles: CASE_ROLES });
  }
  return new Meeting(meeting.record, value);
}

const read = ({ handoff, value }: Pick<Listed, "handoff" | "value">): Meeting | null =>
  a.isOf(VALUE, value) ? new Meeting(handoff, value as unknown as Value) : null;

const json = (value: Value): JsonObject => value as unknown as JsonObject;

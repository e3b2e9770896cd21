/**
 * The consent record: its revisions, its separately salted parts, and the excerpt that one recipient is shown. The twin of
 * `consent/record.py`, which says why it is built so. Pure; keeps and sends nothing.
 */

import { ascii, b64u, blake2b, canonical, isObject, sha256 } from "../rcp/encoding.ts";
import type { Bytes, Json, JsonObject } from "../rcp/encoding.ts";
import { BasisError, check, checkRow, CONSENT, EXCERPT } from "./basis.ts";
import type { Consent, Denial, Excerpt, Grant, Head, Override, SaltedPart } from "./basis.ts";
import * as blanks from "./blanks.ts";
import { ADULT, ageBand, dayOf, isDay, later, reviewBefore, years } from "./policy.ts";

const ONCE = ["child", "giver", "assent", "expression", "dates", "safety"];
const MANY: { readonly [name: string]: string } = { grant: "grants", denial: "denials", override: "overrides" };
const GIVEN = "ConsentGiven";
const RENEWED = "RenewedConsentGiven";
const ALL = "*";
const FEWEST = 32;

/** One part of a revision; `to` is the agency it concerns, `*` for every recipient, empty for nobody. */
interface Part {
  readonly name: string;
  readonly to: string;
  readonly value: JsonObject;
}

/** The parts of a revision in their order: first what every recipient is shown, then the rest. */
export const parts = (record: Consent): Part[] => [...forAll(record), ...forSome(record), ...forNobody(record)];

function only<T extends JsonObject>(row: T, ...names: (keyof T & string)[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, row[name]!]));
}

function without<T extends JsonObject>(row: T, ...names: (keyof T & string)[]): JsonObject {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}

function forAll({ subject, giver, assent, expression, safety, withdrawal, ...record }: Consent): Part[] {
  const { order } = giver;
  const part = (name: string, value: JsonObject): Part => ({ name, to: ALL, value });
  return [
    part("child", only(subject, "situation", "age_band")),
    part("giver", {
      ...only(giver, "capacity", "instead_of"),
      years: giver.capacity === "self" ? giver.years : null,
      law: subject.law,
      order: order && only(order, "from", "until", "scope"),
    }),
    part("assent", only(assent, "answer", "because")),
    part("expression", only(expression, "method", "on", "artefact")),
    part("dates", {
      status: record.status,
      given: expression.on,
      reconfirm_by: record.reconfirm_by,
      withdrawn: withdrawal.events[0]?.on ?? null,
      frozen: record.frozen,
    }),
    part("safety", only(safety, "location_protected", "allowed", "prohibited", "non_disclosure")),
  ];
}

function forSome({ grants, denials, refused, overrides }: Consent): Part[] {
  const part = (name: string, to: string | null, value: JsonObject): Part => ({ name, to: to || ALL, value });
  return [
    ...grants.flatMap((row) =>
      [[], ...row.onward.map((name) => [name])].map((onward) =>
        part("grant", row.recipient, { ...without(row, "id"), onward }),
      ),
    ),
    ...[...denials, ...refused].map((row) => part("denial", row.recipient, { ...row })),
    ...overrides.map((row) => part("override", row.recipient, without(row, "reason"))),
  ];
}

function forNobody(record: Consent): Part[] {
  const { subject, giver, grants, overrides } = record;
  const part = (name: string, value: JsonObject): Part => ({ name, to: "", value });
  return [
    part("subject", only(subject, "pseudonym", "languages")),
    part("giver_person", {
      ...only(giver, "relationship", "party", "reason"),
      order: giver.order && only(giver.order, "body", "reference"),
    }),
    part("assent_words", without(record.assent, "answer", "because")),
    part("informing", { ...record.informing }),
    part("storage", { ...record.storage }),
    part("withdrawal", { ...record.withdrawal }),
    part("receipt", { ...record.receipt }),
    part("recorded_by", { ...record.recorded_by }),
    part("expression_seen", only(record.expression, "place", "witness")),
    part("grant_ids", { ids: grants.map(({ id }) => id) }),
    part("reasons", { overrides: overrides.map(({ reason }) => reason) }),
    part("safety_note", { note: record.safety.note }),
    part("parties", only(record, "controllers", "legal_basis", "review_due")),
  ];
}

// Hashes

/** The head of a revision: what all recipients see of it, and what the next revision names. */
export function head(record: Consent, secret: Bytes): Head {
  const rows = salted(record, secret);
  let room = FEWEST;
  while (room < rows.length) room *= 2;
  const decoys = Array.from({ length: room - rows.length }, (_, n) => b64u(drawn(record, secret, "decoy", n, 32)));
  const digests = [...rows.map(({ row }) => digest(row)), ...decoys].sort();
  return { ...(only(record, "schema", "record", "revision", "prev", "at") as Omit<Head, "digests">), digests };
}

/** The hash by which the next revision names a head. */
export const headHash = (value: Head): string => hashOf(value);

const hashOf = (value: Json): string => b64u(sha256(canonical(value)));

/** The hash of a salted part. */
export const digest = ({ salt, name, value }: SaltedPart): string =>
  b64u(sha256(ascii("rcp/1/consent-part\0"), canonical([salt, name, value])));

function salted(record: Consent, secret: Bytes): { part: Part; row: SaltedPart }[] {
  return parts(record).map((part, n) => {
    const salt = b64u(drawn(record, secret, "salt", n, 16));
    return { part, row: { salt, name: part.name, value: part.value } };
  });
}

const drawn = (record: Consent, secret: Bytes, what: string, n: number, size: number): Bytes =>
  blake2b(canonical([what, record.record, record.revision, n]), "rcp/1/consent", size, secret);

// Revisions

/** Who writes a revision down, when. */
export interface Writing {
  readonly member: string;
  readonly at: number;
}

/**
 * The first revision that a worker's draft makes: what the form leaves open is filled in, then checked. `born` (a day) may
 * stand for the age band and is not kept.
 */
export function begin(
  draft: JsonObject,
  made: Writing & { readonly record: string; readonly agency: string; readonly token: string },
): Consent {
  const { record, agency, member, at, token } = made;
  const day = dayOf(at);
  const value: JsonObject = { ...blanks.blank(day, blanks.given(draft, day)), ...draft };
  delete value["born"];
  for (const [name, blank] of Object.entries(blanks.BLANKS)) {
    const said = value[name];
    if (isObject(said)) value[name] = { ...structuredClone(blank), ...said };
  }
  setAge(value, draft["born"] ?? null, day);
  endsWithTheBand(value, draft);
  for (const name of ["grants", "denials", "refused", "overrides"]) {
    const rows = value[name];
    value[name] = (Array.isArray(rows) ? rows : [null]).map((row, n) => blanks.row(name, n, row, day));
  }
  Object.assign(value, { schema: "handover-consent/1", kind: CONSENT, record, revision: 1, prev: null, at });
  Object.assign(value, { recorded_by: { agency, member }, status: statusOf(value, GIVEN), review_due: day });
  if (isObject(value["receipt"])) value["receipt"] = { ...value["receipt"], id: record, token };
  const { storage } = value;
  if (!("storage" in draft)) value["storage"] = { ...(storage as JsonObject), locations: blanks.countries(value) };
  const checked = check(value, CONSENT);
  return { ...checked, review_due: reviewDue(checked) };
}

/** The next revision: the same record with `changes` of whole groups, chained to the one before. */
export function revise(record: Consent, secret: Bytes, changes: JsonObject, { member, at }: Writing): Consent {
  if (at < record.at) throw new BasisError("A revision is not older than the one before.", "at");
  const anew = "expression" in changes;
  const valid = [GIVEN, RENEWED].includes(record.status);
  const value: JsonObject = {
    ...record,
    ...changes,
    ...only(record, "schema", "kind", "record"),
    revision: record.revision + 1,
    prev: headHash(head(record, secret)),
    at,
    recorded_by: { agency: record.recorded_by.agency, member },
  };
  value["status"] = statusOf(value, valid ? (anew ? RENEWED : record.status) : GIVEN);
  const checked = check(value, CONSENT);
  sameAndGiven(record, checked, anew);
  const { events } = record.withdrawal;
  if (!equal(checked.withdrawal.events.slice(0, events.length), events)) {
    throw new BasisError("A withdrawal stays in the record.", "withdrawal.events");
  }
  return { ...checked, review_due: reviewDue(checked) };
}

function sameAndGiven(before: Consent, after: Consent, anew: boolean): void {
  const same: [string, boolean][] = [
    ["subject.pseudonym", before.subject.pseudonym === after.subject.pseudonym],
    ["receipt.id", before.receipt.id === after.receipt.id],
    ["receipt.token", before.receipt.token === after.receipt.token],
  ];
  const changed = same.find(([, holds]) => !holds);
  if (changed) throw new BasisError("A record stays about one person, under one receipt.", changed[0]);
  if (before.safety.location_protected && !after.safety.location_protected) {
    throw new BasisError("A place is no longer protected by an approval of R13 only.", "safety.location_protected");
  }
  if (after.expression.on < before.expression.on || (widens(before, after) && !anew)) {
    throw new BasisError("Who permits more says so anew: give the expression of it, not dated back.", "expression");
  }
}

/** Whether a revision permits anything that the one before did not, or is given by somebody else. */
function widens(before: Consent, after: Consent): boolean {
  const denied = [...after.denials, ...after.refused];
  const kept = [...before.denials, ...before.refused].every((row) => denied.some((one) => equal(one, row)));
  const within = after.grants.every((row) => before.grants.some((old) => inside(row, old)));
  const same = equal(after.giver, before.giver) && after.reconfirm_by <= before.reconfirm_by;
  return !(kept && within && same);
}

function inside(row: Grant, old: Grant): boolean {
  const same = row.recipient === old.recipient && row.purpose === old.purpose && row.country === old.country;
  const fewer = (["categories", "onward", "turned_on"] as const).every((name) =>
    row[name].every((one) => old[name].includes(one)),
  );
  return same && fewer && old.from <= row.from && row.until <= old.until;
}

/** The revision in which a consent is withdrawn, once: by giver, child, guardian, agency or court. */
export function withdraw(record: Consent, secret: Bytes, by: string, { member, at }: Writing): Consent {
  if (record.withdrawal.events.length) return record;
  const events = [{ on: dayOf(at), by, reason: null }];
  return revise(record, secret, { withdrawal: { ...record.withdrawal, events } }, { member, at });
}

/** Return if heads, first one first, are the unbroken history of one record. */
export function checkChain(heads: readonly Head[]): void {
  heads.forEach((found, n) => {
    const before = heads[n - 1];
    const follows = !before || (found.record === before.record && found.at >= before.at);
    if (found.revision !== n + 1 || found.prev !== (before ? headHash(before) : null) || !follows) {
      throw new BasisError("The history of the consent has a gap or was changed.", "prev");
    }
  });
}

/** The day on which to ask again: two weeks before the first thing ends, and not before it was given. */
export function reviewDue({ grants, giver, expression, reconfirm_by }: Consent): string {
  const ends = [...grants.map(({ until }) => until), reconfirm_by, ...(giver.order ? [giver.order.until] : [])];
  const first = reviewBefore(ends.sort()[0]!);
  return first > expression.on ? first : expression.on;
}

// Excerpts

/** What `agency` is shown: the head of the revision and the parts that concern it. */
export function excerptFor(record: Consent, secret: Bytes, agency: string): Excerpt {
  const to = concerning(record, agency);
  const kept = salted(record, secret).filter(({ part }) => to(part));
  return { v: 2, kind: CONSENT, head: head(record, secret), parts: kept.map(({ row }) => row) };
}

/** What says whether a part concerns an agency; whoever may pass on is shown the denials about those to whom (R15). */
function concerning(record: Consent, agency: string): (part: Part) => boolean {
  const named = record.grants.filter(({ recipient }) => recipient === agency);
  const onward = named.flatMap((row) => row.onward);
  return ({ name, to, value }) => {
    if (name === "denial" && to === ALL) return narrows(value as Denial, named);
    return to === ALL || to === agency || (name === "denial" && onward.includes(to));
  };
}

/** Whether a denial for all takes anything away from these grants; to others it would only tell what was denied. */
function narrows({ categories, purpose }: Denial, named: readonly Grant[]): boolean {
  const touched = categories === null || named.some((row) => row.categories.some((one) => categories.includes(one)));
  return touched && (purpose === null || named.some((row) => row.purpose === purpose));
}

/** What a holder shows to whom it passes on: of the parts it was shown itself, those that concern it. */
export function onwardExcerpt(excerpt: Excerpt, agency: string): Excerpt {
  const grants = excerpt.parts.filter(({ name }) => name === "grant").map(({ value }) => value as Grant);
  const named = grants.filter(({ onward }) => onward.includes(agency));
  const concerns = ({ name, value }: SaltedPart): boolean => {
    if (name === "grant") return named.some((row) => equal(row, value));
    if (!Object.hasOwn(MANY, name)) return true;
    const row = value as Denial | Override;
    if (name === "denial" && row.recipient === null) return narrows(row as Denial, named);
    return row.recipient === null || row.recipient === agency;
  };
  return { ...excerpt, parts: excerpt.parts.filter(concerns) };
}

/** The facts in an excerpt, if its parts stand in the record whose head it shows. */
export function readExcerpt(value: unknown): JsonObject {
  const { head, parts } = check(value, EXCERPT);
  const known = new Set(head.digests);
  if (!parts.every((part) => known.has(digest(part)))) {
    throw new BasisError("A part of the excerpt does not stand in the record.", "parts");
  }
  for (const { name, value } of parts) if (Object.hasOwn(MANY, name)) checkRow(name, value);
  if (ONCE.some((one) => parts.filter(({ name }) => name === one).length !== 1)) {
    throw new BasisError("An excerpt shows giver, assent, expression and dates, each once.", "parts");
  }
  return collected(parts);
}

/** The facts that `agency` would find in its excerpt; what decides at one end decides at the other. */
export const facts = (record: Consent, agency: string): JsonObject =>
  collected(parts(record).filter(concerning(record, agency)));

/** The facts that only the agency that keeps the record knows: how the giver was informed (R06). */
export function ownFacts({ informing, subject }: Consent): JsonObject {
  const said = only(informing, "by", "language", "explained", "understanding");
  return { informing: { ...said, interpreter: informing.interpreter.used, understood: subject.languages } };
}

function collected(rows: readonly { readonly name: string; readonly value: JsonObject }[]): JsonObject {
  const many: { [name: string]: Json[] } = { grants: [], denials: [], overrides: [] };
  const once: JsonObject = {};
  for (const { name, value } of rows) {
    if (Object.hasOwn(MANY, name)) many[MANY[name]!]!.push(value);
    else if (ONCE.includes(name)) once[name] = value;
  }
  return { basis: { kind: CONSENT }, ...once, ...many, overrides: many["overrides"]!.map(counted) };
}

/** An override with how many members made it, in which roles: one member counts once. */
function counted(override: Json): Json {
  const by = isObject(override) ? override["by"] : null;
  if (!isObject(override) || !Array.isArray(by)) return null;
  const of = (name: string) => [...new Set(by.filter(isObject).map((row) => String(row[name])))].sort();
  return { ...override, members: of("member").length, roles: of("role") };
}

/** Set band and years from a day of birth, and ask again on the day before the next band begins (R04). */
function setAge(value: JsonObject, born: Json, day: string): void {
  const { subject, giver } = value;
  if (born === null || !isObject(subject) || !isObject(giver)) return;
  if (!isDay(born) || born > day) throw new BasisError("The day of birth is no day in the past.", "born");
  const [band, next] = ageBand(born, day);
  value["subject"] = { ...subject, age_band: band };
  value["giver"] = { ...giver, years: giver["capacity"] === "self" ? years(born, day) : null };
  if (next === null) return;
  const last = later(next, -1);
  const said = value["reconfirm_by"];
  value["reconfirm_by"] = isDay(said) && said < last ? said : last;
}

/** Refuse a minor's consent that would outlive the age band unnoticed (R04: asked again at each band, and at 18). */
function endsWithTheBand({ subject }: JsonObject, { born = null, reconfirm_by = null }: JsonObject): void {
  const band = isObject(subject) ? subject["age_band"] : null;
  if (band !== ADULT && born === null && reconfirm_by === null) {
    throw new BasisError("Say born, or in reconfirm_by the day on which to ask again for this age.", "reconfirm_by");
  }
}

function statusOf({ assent, withdrawal, overrides }: JsonObject, given: string): string {
  const ended = isObject(withdrawal) ? withdrawal["events"] : null;
  if (Array.isArray(ended) && ended.length) return "ConsentWithdrawn";
  const refused = isObject(assent) && assent["answer"] === "refused";
  return refused && !(Array.isArray(overrides) && overrides.length) ? "ConsentRefused" : given;
}

const equal = (one: Json, other: Json): boolean => hashOf(one) === hashOf(other);

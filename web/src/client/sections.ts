/**
 * The forms of a case file's sections, how much of a file stands there, and what is still to be asked: the twin of
 * `hub/casefile/sections`, over the same schemas and tables.
 *
 * Says where a document leaves its form, never what stands there. What a form does not name is allowed and kept: another
 * program, or a later release, may have written it. A section whose `v` is newer than the form here is kept and shown,
 * and not changed. The schemas are a chunk of their own: whoever imports this loads them.
 */

import considered from "../../../hub/casefile/sections/considerations.json" with { type: "json" };
import wanted from "../../../hub/casefile/sections/completeness.json" with { type: "json" };
import * as json from "./section_schemas.ts";
import { problemsOf, type Schema, type Way } from "../consent/schema.ts";
import { canonical, isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { PacketError } from "../rcp/errors.ts";
import { HubError } from "./session.ts";

export const VERSION = 1;
const MAX_SECTION = 1024 * 1024;
const { common, ...FORMS } = json.SCHEMAS;
/** The sections that have a form, in the order in which a file is read. */
export const NAMES: readonly string[] = Object.keys(FORMS);
/** Sections that a consent can name and that have no form, so that nobody is made to fill one in. */
const WITHOUT_FORM = ["hiv", "sogi"];

export type Sections = { readonly [name: string]: Json };

/** The form of a section, with the parts that all sections share. */
export function schemaOf(name: string): Schema {
  const form = FORMS[name] ?? fail("not_found");
  return { ...form, $defs: { ...common!.$defs, ...form.$defs } };
}

/** Where a document leaves the form of its section, at a JSON pointer (RFC 6901). */
export interface Problem {
  readonly pointer: string;
  readonly code: string;
}

const pointerOf = (at: Way): string =>
  at.map((step) => `/${String(step).replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");

/** Where a document leaves the form of its section; nothing, if it is one. */
export function check(name: string, document: unknown): Problem[] {
  if (!NAMES.includes(name) && !WITHOUT_FORM.includes(name)) return [{ pointer: "", code: "unknown_section" }];
  if (!isObject(document) || document["v"] !== VERSION) return [{ pointer: "/v", code: "unknown_version" }];
  try {
    if (canonical(document).length > MAX_SECTION) return [{ pointer: "", code: "too_large" }];
  } catch (error) {
    if (error instanceof PacketError) return [{ pointer: "", code: "not_canonical" }];
    throw error;
  }
  const found = NAMES.includes(name) ? problemsOf(schemaOf(name), document) : [];
  return found.map(({ at, code }) => ({ pointer: pointerOf(at), code }));
}

/** Whether a section was written in a form that is newer than this program: it is shown, and never changed. */
export const isNewer = (document: Json | undefined): boolean => isObject(document) && Number(document["v"]) > VERSION;

/**
 * A section after a change, which says only what is different (RFC 7386: null takes a member away). A list is said whole;
 * its rows are matched by `id`, so that what the change does not name in a row stays in it. The error's `fields` say where
 * the outcome would leave its form.
 */
export function changed(name: string, kept: Json | undefined, change: JsonObject): JsonObject {
  if (isNewer(kept)) fail("unsupported_version");
  if (kept !== undefined && kept !== null && !isObject(kept)) fail("invalid_request");
  const done = merged(kept ?? { v: VERSION }, change) as JsonObject;
  const problems = check(name, done);
  if (problems.length) {
    const fields = problems.map(({ pointer }) => pointer);
    throw new HubError("invalid_request", "", null, { fields });
  }
  return done;
}

function merged(kept: Json | undefined, change: Json): Json {
  if (Array.isArray(change)) {
    const rows = new Map((Array.isArray(kept) ? kept : []).filter(hasId).map((row) => [row["id"], row]));
    return change.map((row) => merged(hasId(row) ? rows.get(row["id"]) : undefined, row));
  }
  if (!isObject(change)) return change;
  const done: JsonObject = isObject(kept) ? { ...kept } : {};
  for (const [name, item] of Object.entries(change)) {
    if (item === null) delete done[name];
    else done[name] = merged(done[name], item);
  }
  return done;
}

const hasId = (row: Json): row is JsonObject & { id: string } => isObject(row) && typeof row["id"] === "string";

// For whom and when

export const PHASES = ["pre_return", "return", "reintegration"] as const;
export type Phase = (typeof PHASES)[number];
const CHILDREN = ["unaccompanied", "separated", "in_family", "adult"];

/** A child and a phase. Who is separated is asked the same as who is unaccompanied. */
export interface Situation {
  readonly child: string;
  readonly phase: Phase;
}

/** With whom the child is, by the file; where it does not say, what asks for most. */
export function childOf(sections: Sections): string {
  const care = sections["care_guardianship"];
  const said = isObject(care) ? care["situation"] : null;
  return CHILDREN.find((child) => child === said) ?? "unaccompanied";
}

function isFor({ child, phase }: Situation, appliesTo: string, from: string): boolean {
  const group = ["unaccompanied", "separated"].includes(child) ? "unaccompanied" : "in_family";
  return ["both", group].includes(appliesTo) && PHASES.indexOf(from as Phase) <= PHASES.indexOf(phase);
}

// How much stands there

/** What is missing: the section, the JSON pointer where it would stand, and the key of its words. */
export interface Gap {
  readonly section: string;
  readonly pointer: string;
  readonly key: string;
  readonly weight: number;
}

/** A score of 0 to 100 for all and for each section, the gaps, and sections that a newer program wrote. */
export interface Completeness {
  readonly score: number;
  readonly sections: { readonly [name: string]: number };
  readonly gaps: readonly Gap[];
  readonly newer: readonly string[];
}

interface Wanted {
  readonly id: string;
  readonly at: readonly string[];
  readonly weight: number;
  readonly from: string;
  readonly for: string;
  readonly least?: number;
}

const WANTED = Object.entries(wanted.sections as { readonly [section: string]: readonly Wanted[] }).flatMap(
  ([section, rows]) => rows.map((row) => ({ section, ...row })),
);

/** How complete a file is for a child and a phase; `only` these sections, as a packet holds them. */
export function completeness(sections: Sections, situation: Situation, only?: readonly string[]): Completeness {
  const rows = WANTED.filter(
    (row) => isFor(situation, row.for, row.from) && (only === undefined || only.includes(row.section)),
  );
  const missing = rows.filter(
    ({ section, at, least = 1 }) => !at.some((one) => stands(sections[section], one) >= least),
  );
  const names = [...new Set(rows.map(({ section }) => section))];
  const score = (of: typeof rows): number => {
    const weight = (some: typeof rows) => some.reduce((sum, row) => sum + row.weight, 0);
    const [all, there] = [weight(of), weight(of.filter((row) => !missing.includes(row)))];
    return all ? Math.floor((100 * there) / all) : 100;
  };
  const scores = names.map((name) => [name, score(rows.filter(({ section }) => section === name))] as const);
  const gaps = missing.map(({ section, at, id, weight }) => ({
    section,
    pointer: at[0]!,
    key: `${section}.${id}`,
    weight,
  }));
  const newer = Object.keys(sections).filter((name) => isNewer(sections[name]));
  return { score: score(rows), sections: Object.fromEntries(scores), gaps, newer };
}

const stands = (document: Json | undefined, at: string): number => count(document, at.split("/").slice(1));

/** How much stands at a place: rows of a list, members of an object, 1 for a value that says something. */
function count(value: Json | undefined, path: readonly string[]): number {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (typeof value !== "object" || value === null)
      return value === undefined || value === null || value === "" ? 0 : 1;
    return Object.values(value).filter((item) => count(item as Json, []) > 0).length;
  }
  if (step === "*") return Array.isArray(value) ? Math.max(0, ...value.map((item) => count(item, rest))) : 0;
  return isObject(value) ? count(value[step], rest) : 0;
}

// Key considerations (C24)

/** A question: its level, whom it is about, the phase in which it is first asked, the section that it feeds. */
export interface Consideration {
  readonly id: string;
  readonly level: string;
  readonly applies_to: string;
  readonly phase: string;
  readonly feeds: string;
}

export interface Answered {
  readonly answer: string;
  readonly on: string;
  readonly by?: string;
}

export const QUESTIONS: readonly Consideration[] = considered.questions;
const MEMBER = "considerations";

/** The questions of a child's situation: those of this phase and of the phases before it. */
export const asked = (situation: Situation): Consideration[] =>
  QUESTIONS.filter((row) => isFor(situation, row.applies_to, row.phase));

/** The answers in a file by question; what is not of their form counts for nothing. */
export function answers(sections: Sections): { readonly [question: string]: Answered } {
  const rows = QUESTIONS.flatMap(({ id, feeds }) => {
    const document = sections[feeds];
    const said = isObject(document) && isObject(document[MEMBER]) ? document[MEMBER][id] : null;
    return isObject(said) && said["answer"] && typeof said["answer"] === "string"
      ? [[id, said as unknown as Answered] as const]
      : [];
  });
  return Object.fromEntries(rows);
}

/** The section that an answer feeds, and the change of that section. It is not for the family unless somebody decides so. */
export function answer(question: string, words: string, on: string, by: string): [section: string, change: JsonObject] {
  const row = QUESTIONS.find(({ id }) => id === question) ?? fail("not_found");
  return [row.feeds, { [MEMBER]: { [question]: { answer: words, on, by, not_for: ["family"] } } }];
}

function fail(code: string): never {
  throw new HubError(code);
}

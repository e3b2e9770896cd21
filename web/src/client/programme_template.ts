/**
 * Templates of programmes: what steps a procedure has, what each waits for and by when it is due. The twin of
 * `hub/programmes/template.py`. Pure; says nothing about any case and decides nothing.
 */

import { CATEGORIES } from "../consent/policy.ts";
import { b64u, canonical, isObject, sha256, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import ethiopia from "../../../hub/programmes/templates/ethiopia-case-management.json" with { type: "json" };
import india from "../../../hub/programmes/templates/india-restoration.json" with { type: "json" };
import longDistance from "../../../hub/programmes/templates/long-distance-return.json" with { type: "json" };
import westAfrica from "../../../hub/programmes/templates/west-africa-eight-steps.json" with { type: "json" };
import schema from "../../../hub/programmes/template.schema.json" with { type: "json" };

/** What every programme begins with; no step or fact may be called so. */
export const START = "start";
const KINDS = schema.$defs.step.properties.by.items.enum;
const MOST = 60;

/** A text, by language. */
export type Texts = { readonly [language: string]: string };

/** So many days, or calendar months, after the day of something. */
export interface Due {
  readonly after: string;
  readonly days?: number;
  readonly months?: number;
}

/** Something that is so or not yet; with `step` a part of that step. */
export interface Fact {
  readonly id: string;
  readonly words: Texts;
  readonly step: string | null;
  readonly due: Due | null;
}

/** One step: which kinds of agencies do it, what it waits for, and which sections of the case file it leaves. */
export interface Step {
  readonly id: string;
  readonly words: Texts;
  readonly by: readonly string[];
  readonly requires: readonly string[];
  readonly evidence: readonly string[];
  readonly due: Due | null;
  readonly gates: readonly string[];
  readonly optional: boolean;
}

/** A programme. `hash` is over the canonical form of `document`: marks name it, so that nobody changes it later. */
export interface Template {
  /** Id and version, as people type them. */
  readonly name: string;
  readonly title: Texts;
  readonly source: string;
  readonly countries: readonly string[];
  readonly facts: readonly Fact[];
  readonly steps: readonly Step[];
  readonly hash: string;
  readonly document: JsonObject;
}

const ID = a.matches(/^[a-z][a-z0-9_]{0,47}$/);
const LINE = a.matches(/^(?:[^\p{C}\p{Z}]| ){1,300}$/u);
const TEXTS: a.Check = (value) => {
  need(isObject(value) && Object.keys(value).length > 0, "malformed");
  for (const [language, words] of Object.entries(value as JsonObject)) {
    need(/^[a-z]{2,3}$/.test(language), "malformed");
    LINE(words);
  }
};
const NAMES = a.distinct(a.listOf(ID, 40));
const DUE: a.Check = (value) => {
  if (value === null) return;
  const form = isObject(value) && "months" in value ? { months: a.integer(1, 240) } : { days: a.integer(0, 3660) };
  a.objectOf({ after: ID, ...form })(value);
};
const FACT = a.objectOf({ id: ID, words: TEXTS, step: a.nullOr(ID), due: DUE });
const STEP = a.objectOf({
  ...{ id: ID, words: TEXTS, requires: NAMES, evidence: NAMES, due: DUE, optional: a.flag },
  by: a.distinct(a.listOf(a.oneOf(...KINDS), KINDS.length, 1)),
  gates: a.distinct(a.listOf(a.matches(/^R(0[1-9]|[1-3][0-9]|4[0-6])$/), 20)),
});
const FORM = a.objectOf({
  v: a.integer(1, 1),
  id: a.matches(/^[a-z0-9][a-z0-9-]{0,62}$/),
  version: a.matches(/^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$/),
  title: TEXTS,
  source: LINE,
  countries: a.listOf(a.country, MOST),
  facts: a.listOf(FACT, MOST),
  steps: a.listOf(STEP, 40, 1),
});

/** The template that a JSON value is; `malformed` if it is none. */
export function readTemplate(value: unknown): Template {
  need(isObject(value) && Array.isArray(value["steps"]) && Array.isArray(value["facts"] ?? []), "malformed");
  const document = value as JsonObject;
  const rows = (name: string, missing: JsonObject): unknown[] =>
    ((document[name] ?? []) as unknown[]).map((row) => (isObject(row) ? { ...missing, ...row } : row));
  const facts = rows("facts", { step: null, due: null });
  const steps = rows("steps", { requires: [], evidence: [], due: null, gates: [], optional: false });
  const whole = { ...document, facts, steps };
  FORM(whole);
  const read = whole as unknown as Omit<Template, "name" | "hash" | "document"> & { id: string; version: string };
  checkMeaning(read);
  const { id, version, title, source, countries } = read;
  const named = { name: `${id}@${version}`, title, source, countries };
  return { ...named, facts: read.facts, steps: read.steps, hash: b64u(sha256(canonical(document))), document };
}

/** What a form cannot see: names twice, names of nothing, and steps that wait for later ones. */
function checkMeaning({ facts, steps }: Pick<Template, "facts" | "steps">): void {
  const ids = [...facts, ...steps].map(({ id }) => id);
  need(new Set(ids).size === ids.length && !ids.includes(START), "malformed");
  for (const { id, due } of [...facts, ...steps]) {
    need(due === null || (due.after !== id && [START, ...ids].includes(due.after)), "malformed");
  }
  need(
    facts.every(({ step }) => step === null || steps.some(({ id }) => id === step)),
    "malformed",
  );
  const before = new Set(facts.map(({ id }) => id));
  for (const { id, requires, evidence } of steps) {
    const own = facts.filter(({ step }) => step === id).map((fact) => fact.id);
    need(
      requires.every((name) => before.has(name) && !own.includes(name)),
      "malformed",
    );
    need(
      evidence.every((name) => CATEGORIES.includes(name)),
      "malformed",
    );
    before.add(id);
  }
}

/** The templates that come with the release. */
export const SHIPPED: readonly Template[] = [ethiopia, india, longDistance, westAfrica].map(readTemplate);

/** A text in a language; where it has none of it, in English, else in the first that it has. */
export const said = (words: Texts, language: string): string =>
  words[language] || words["en"] || Object.values(words)[0]!;

/** The step or fact of this name; null where there is none. */
export const partOf = ({ steps, facts }: Template, name: string): Step | Fact | null =>
  [...steps, ...facts].find(({ id }) => id === name) ?? null;

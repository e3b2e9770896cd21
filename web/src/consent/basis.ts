/**
 * Lawful bases as JSON, checked against `consent/schema/basis.json`. The twin of `consent/basis.py`; decides nothing.
 *
 * A record that we half understand permits nothing, so an unknown member is an error.
 */

import schema from "../../../consent/schema/basis.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { askAgain } from "./policy.ts";
import { validator } from "./schema.ts";

export const CONSENT = "consent";
export const PROTECTION = "mandatory_protection";
export const VITAL = "vital_interest";
export const EXCERPT = "excerpt";
export const KINDS: readonly string[] = [CONSENT, PROTECTION, VITAL];
/** Grants and onward recipients of one record. */
const MOST_NAMED = 4_000;
/** Characters of a reason to lift a rule. */
export const SHORTEST_REASON = 20;
const DEEPEST = 16;

/** One agency, one purpose, one country, first and last day, whole sections. */
export type Grant = {
  id: string;
  categories: string[];
  recipient: string;
  purpose: string;
  country: string;
  from: string;
  until: string;
  onward: string[];
  turned_on: string[];
};
/** What must not be; null means all. */
export type Denial = {
  categories: string[] | null;
  recipient: string | null;
  party: string | null;
  purpose: string | null;
  because: string;
};
/** An approval that lifts a rule. */
export type Override = {
  rule: string;
  categories: string[] | null;
  recipient: string | null;
  from: string;
  until: string;
  code: string;
  reason: string;
  child_told: boolean;
  child_agreed: boolean;
  by: { member: string; role: string }[];
  proof: JsonObject[];
};
export type Order = { body: string; reference: string; from: string; until: string; scope: string[] | null };
/** A consent record as docs/consent.md describes it. */
export type Consent = {
  schema: string;
  kind: string;
  record: string;
  revision: number;
  prev: string | null;
  at: number;
  recorded_by: { agency: string; member: string };
  status: string;
  subject: { pseudonym: string; situation: string; age_band: string; languages: string[]; law: string };
  giver: {
    capacity: string;
    years: number | null;
    instead_of: string | null;
    order: Order | null;
    relationship: string | null;
    party: string | null;
    reason: string | null;
  };
  assent: {
    answer: string;
    because: string | null;
    asked_by: string | null;
    how: string | null;
    language: string | null;
    words: string | null;
    maturity: { assessed: string; reasons: string } | null;
    at: string | null;
  };
  informing: {
    notice: { id: string; version: string; sha256: string } | null;
    language: string | null;
    interpreter: { used: boolean; kind: string | null; ref: string | null; confidentiality_signed: boolean | null };
    format: string[];
    explained: string[];
    understanding: string;
    time_to_think: boolean;
    by: string | null;
  };
  expression: {
    method: string;
    on: string;
    place: string;
    witness: { ref: string; independent: boolean } | null;
    artefact: string | null;
  };
  grants: Grant[];
  denials: Denial[];
  refused: Denial[];
  overrides: Override[];
  safety: {
    location_protected: boolean;
    allowed: string[];
    prohibited: string[];
    note: string | null;
    non_disclosure: string | null;
  };
  controllers: { agency: string; name: string; contact: string; address: string | null; jurisdiction: string }[];
  legal_basis: string[];
  storage: { locations: string[]; until: string; rule: string };
  withdrawal: { how: string[]; events: { on: string; by: string; reason: string | null }[] };
  frozen: string | null;
  reconfirm_by: string;
  review_due: string;
  receipt: { id: string; given_as: string; because: string | null; token: string | null };
};
/** The duty to tell a child-protection authority before any guardian exists. */
export type Protection = {
  v: number;
  kind: string;
  recipients: string[];
  assent: string;
  given: string;
  until: string;
  expression: string;
};
/** A supervisor's note that life or health cannot wait. */
export type Vital = {
  v: number;
  kind: string;
  recipients: string[];
  supervisor: string;
  reason: string;
  made: number;
  review_by: number;
};
/** A part of a revision, salted, as a recipient is shown it. */
export type SaltedPart = { salt: string; name: string; value: JsonObject };
/** What one recipient is shown of a consent. */
export type Excerpt = { v: number; kind: string; head: Head; parts: SaltedPart[] };
/** What all recipients see of a revision. */
export type Head = {
  schema: string;
  record: string;
  revision: number;
  prev: string | null;
  at: number;
  digests: string[];
};
/** A value that `check` let pass. */
export type Basis = Consent | Protection | Vital | Excerpt;
/** A basis by what it says it is. */
export const isConsent = (basis: Basis): basis is Consent => basis.kind === CONSENT && "record" in basis;

/** The JSON is no lawful basis; `field` names where, as `grants.0.until`. Never repeats what stands there. */
export class BasisError extends Error {
  readonly code = "invalid_request";
  readonly field: string;

  constructor(message: string, field = "") {
    super(message);
    this.field = field;
  }
}

const names = [...KINDS, EXCERPT, "grant", "denial", "override"];
const tests = new Map(names.map((name) => [name, validator(schema, name)]));

/** Return `value` if it is a basis, of `kind` where given. */
export function check(value: unknown, kind: typeof CONSENT): Consent;
export function check(value: unknown, kind: typeof EXCERPT): Excerpt;
export function check(value: unknown, kind?: string): Basis;
export function check(value: unknown, kind?: string): Basis {
  const found = kind ?? (isObject(value) ? value["kind"] : null);
  if (!isObject(value) || typeof found !== "string" || ![...KINDS, EXCERPT].includes(found)) {
    throw new BasisError("A lawful basis is an object of a known kind.", "kind");
  }
  checkText(value);
  const wrong = tests.get(found)!(value);
  if (wrong) {
    const field = wrong.join(".");
    throw new BasisError(`The field ${field || "of the record"} is missing, unknown or not of its form.`, field);
  }
  const basis = value as Basis;
  if (found === CONSENT) {
    const made = basis as Consent;
    checkDates(made);
    checkReasons(made);
    const named = made.grants.reduce((sum, { onward }) => sum + 1 + onward.length, 0);
    if (named > MOST_NAMED) throw new BasisError("A consent names too many agencies.", "grants");
    if (made.reconfirm_by > askAgain(made.expression.on)) {
      throw new BasisError("A consent is asked for again a year after it was given, at the latest.", "reconfirm_by");
    }
  }
  return basis;
}

/** Check a row of a record as a recipient is shown it; `name` is `grant`, `denial` or `override`. */
export function checkRow(name: string, value: unknown): void {
  const hidden = name === "grant" ? { id: "hidden" } : name === "override" ? { reason: "hidden" } : {};
  if (!isObject(value) || tests.get(name)!({ ...value, ...hidden })) {
    throw new BasisError("A part of the excerpt is not of its form.", "parts");
  }
}

/** Refuse what canonical JSON cannot hold. */
function checkText(value: Json | undefined, depth = 0): void {
  if (depth > DEEPEST) throw new BasisError("A record is nested too deeply.");
  if (typeof value === "string") {
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/.test(value)) {
      throw new BasisError("A text has half a character.");
    }
  } else if (Array.isArray(value)) {
    value.forEach((item) => checkText(item, depth + 1));
  } else if (isObject(value)) {
    Object.entries(value).forEach(([name, item]) => (checkText(name, depth + 1), checkText(item, depth + 1)));
  } else if (value !== null && typeof value !== "boolean" && !Number.isSafeInteger(value)) {
    throw new BasisError("A record holds texts, whole numbers, lists and objects.");
  }
}

/** Refuse a period that ends before it begins: nobody meant it. */
function checkDates({ giver, grants, overrides }: Consent): void {
  const periods: [string, { from: string; until: string }][] = giver.order ? [["giver.order", giver.order]] : [];
  grants.forEach((row, n) => periods.push([`grants.${n}`, row]));
  overrides.forEach((row, n) => periods.push([`overrides.${n}`, row]));
  for (const [field, { from, until }] of periods) {
    if (until < from) throw new BasisError(`The period in ${field} ends before it begins.`, `${field}.until`);
  }
}

/** Refuse what a lawyer would ask about: an exception that nobody gave a reason for. */
function checkReasons({ giver, assent, receipt, overrides }: Consent): void {
  const wanted: [string, boolean][] = [
    ["giver.reason", giver.instead_of === null || Boolean(giver.reason)],
    ["assent.maturity", assent.because !== "not_able" || assent.maturity !== null],
    ["receipt.because", receipt.given_as !== "not_given" || Boolean(receipt.because)],
    ...overrides.map(({ reason }, n): [string, boolean] => [
      `overrides.${n}.reason`,
      [...reason].length >= SHORTEST_REASON,
    ]),
  ];
  const missing = wanted.find(([, given]) => !given);
  if (missing) throw new BasisError(`The field ${missing[0]} must give a reason.`, missing[0]);
}

/**
 * What a form leaves open: the values that a consent record has where a worker's draft says nothing. The twin of
 * `consent/blanks.py`.
 *
 * Nothing here answers for the giver or the child: who, what, whether, and whether a place is protected must be said.
 */

import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { askAgain, isDay } from "./policy.ts";

const none = (...names: string[]): JsonObject => Object.fromEntries(names.map((name) => [name, null]));

export const BLANKS: { readonly [group: string]: JsonObject } = {
  subject: { pseudonym: "child", age_band: "unknown", languages: [] },
  giver: none("years", "instead_of", "order", "relationship", "party", "reason"),
  assent: none("because", "asked_by", "how", "language", "words", "maturity", "at"),
  informing: {
    notice: null,
    language: null,
    interpreter: { used: false, kind: null, ref: null, confidentiality_signed: null },
    format: [],
    explained: [],
    understanding: "not_checked",
    time_to_think: false,
    by: null,
  },
  expression: { witness: null, artefact: null },
  safety: { allowed: [], prohibited: [], note: null, non_disclosure: null },
  receipt: { given_as: "paper", because: null },
};

/** The day on which a draft says that consent was given, today at the latest. */
export function given({ expression }: JsonObject, day: string): string {
  const said = isObject(expression) ? expression["on"] : null;
  return isDay(said) && said < day ? said : day;
}

/** What a record says where its draft says nothing. */
export const blank = (day: string, given: string): JsonObject => ({
  informing: {},
  safety: {},
  receipt: {},
  grants: [],
  denials: [],
  refused: [],
  overrides: [],
  controllers: [],
  legal_basis: ["consent"],
  storage: { locations: [], until: askAgain(day), rule: "agency_schedule" },
  withdrawal: { how: ["worker", "any_agency"], events: [] },
  frozen: null,
  reconfirm_by: askAgain(given),
});

const DENIAL = { categories: null, recipient: null, party: null, purpose: null, because: "not_said" };

/** A row of a group with what it leaves open. */
export function row(name: string, n: number, said: Json, day: string): Json {
  if (!isObject(said)) return said;
  if (name === "grants") return { id: `g${n + 1}`, onward: [], turned_on: [], from: day, ...said };
  return name === "overrides" ? said : { ...DENIAL, ...said };
}

/** Where the data will lie: with the agency that keeps the record, and with each recipient. */
export function countries({ subject, grants }: JsonObject): Json {
  const named = [isObject(subject) ? subject["law"] : null];
  for (const row of grants as Json[]) if (isObject(row)) named.push(row["country"]);
  return [...new Set(named.filter(Boolean).map(String))].sort();
}

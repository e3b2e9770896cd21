/**
 * What stands in a record of the service map, by its groups: one table for showing, comparing and editing.
 *
 * A path names a member or a part of one (`capacity.available`). What is not in the table is shown as it is, and no form
 * here changes it.
 */

import { groupOf, type Group } from "../../../client/freshness.ts";
import type { Kind } from "../../../client/servicemap.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";

export type As =
  | { readonly is: "text" | "long" | "day" | "whole" | "number" | "flag" | "country" | "lines" | "phones" | "hours" }
  | {
      readonly is:
        "bands" | "area" | "areas" | "areas_or_any" | "countries_or_any" | "languages" | "sites" | "provider";
    }
  | { readonly is: "agency" | "inbox" | "exclusions" }
  | { readonly is: "translations"; readonly names: readonly string[] }
  | { readonly is: "days" | "one" | "many" | "many_or_any"; readonly list: string }
  | { readonly is: "own"; readonly codes: readonly string[] };

export interface FieldOf {
  readonly path: string;
  readonly as: As;
}

const field = (path: string, as: As): FieldOf => ({ path, as });
const text = (path: string): FieldOf => field(path, { is: "text" });
const long = (path: string): FieldOf => field(path, { is: "long" });
const day = (path: string): FieldOf => field(path, { is: "day" });
const whole = (path: string): FieldOf => field(path, { is: "whole" });
const number = (path: string): FieldOf => field(path, { is: "number" });
const flag = (path: string): FieldOf => field(path, { is: "flag" });
const lines = (path: string): FieldOf => field(path, { is: "lines" });
const one = (path: string, list: string): FieldOf => field(path, { is: "one", list });
const many = (path: string, list: string): FieldOf => field(path, { is: "many", list });
const orAny = (path: string, list: string): FieldOf => field(path, { is: "many_or_any", list });
/** Names of a record in other languages, of these members. */
const translations = (...names: string[]): FieldOf => field("translations", { is: "translations", names });
const own = (path: string, ...codes: string[]): FieldOf => field(path, { is: "own", codes });

export const FIELDS: { readonly [kind in Kind]: readonly FieldOf[] } = {
  provider: [
    text("name"),
    text("acronym"),
    lines("names"),
    one("kind", "provider_kinds"),
    flag("formal"),
    field("agency", { is: "agency" }),
    one("tier", "tiers"),
    field("country", { is: "country" }),
    long("description"),
    field("assurance", { is: "days", list: "assurance" }),
    translations("name", "description"),
    long("notes.needs"),
    long("notes.willingness"),
    long("notes.partnership"),
    field("phones", { is: "phones" }),
    text("email"),
    text("website"),
  ],
  service: [
    text("name"),
    own("status", "active", "temporarily closed", "inactive", "defunct"),
    field("organization_id", { is: "provider" }),
    long("description"),
    translations("name", "description"),
    many("needs", "needs"),
    many("specialisms", "vulnerabilities"),
    many("dimensions", "dimensions"),
    many("levels", "levels"),
    own("role", "deliver", "support"),
    flag("free"),
    field("languages", { is: "languages" }),
    field("service_at_locations", { is: "sites" }),
    field("coverage.areas", { is: "areas" }),
    one("coverage.extent", "extents"),
    day("ends"),
    day("funded_until"),
    lines("agreements"),
    field("phones", { is: "phones" }),
    text("email"),
    text("url"),
    field("inbox", { is: "inbox" }),
    field("focal_point.agency", { is: "agency" }),
    text("focal_point.title"),
    text("focal_point.phone"),
    text("focal_point.email"),
    day("focal_point.away_until"),
    text("focal_point.deputy.title"),
    text("focal_point.deputy.phone"),
    text("focal_point.deputy.email"),
    one("capacity.state", "capacity_states"),
    whole("capacity.available"),
    whole("capacity.maximum"),
    text("capacity.unit"),
    whole("capacity.waiting"),
    day("capacity.next_intake"),
    day("capacity.as_of"),
    field("eligibility.bands", { is: "bands" }),
    orAny("eligibility.vulnerabilities", "vulnerabilities"),
    orAny("eligibility.statuses", "statuses"),
    orAny("eligibility.documents", "documents"),
    field("eligibility.nationalities", { is: "countries_or_any" }),
    field("eligibility.residence", { is: "areas_or_any" }),
    own("eligibility.open_to", "all", "returnees"),
    long("eligibility.note"),
    field("eligibility.exclusions", { is: "exclusions" }),
    number("minimum_age"),
    number("maximum_age"),
    number("labour_from"),
    field("hours", { is: "hours" }),
    many("pathway.methods", "referral_methods"),
    many("pathway.intake", "intake"),
    one("pathway.next_step", "next_steps"),
    one("pathway.response_time", "response_times"),
    many("pathway.feedback", "feedback"),
    one("pathway.feedback_time", "response_times"),
    lines("pathway.steps"),
    text("pathway.form"),
    long("pathway.after_hours"),
    flag("pathway.consent_needed"),
  ],
  site: [
    text("name"),
    translations("name"),
    own("location_type", "physical", "postal", "virtual"),
    field("area", { is: "area" }),
    number("latitude"),
    number("longitude"),
    own("precision", "exact", "approximate", "area"),
    flag("mobile"),
    many("access", "access"),
    text("addresses.0.address_1"),
    text("addresses.0.city"),
    long("access_point.description"),
    text("access_point.address"),
    number("access_point.latitude"),
    number("access_point.longitude"),
    field("access_point.area", { is: "area" }),
  ],
};

/** What a record may hide, and from whom; `*` is all of it. */
export const HIDEABLE: { readonly [kind in Kind]: readonly string[] } = {
  provider: ["*", "phones", "email"],
  service: ["*", "phones", "email", "focal_point", "capacity", "service_at_locations"],
  site: ["*", "addresses", "latitude"],
};

/** What a person never reads in a record: how it is told apart, and what the screen shows in its own way. */
const UNSHOWN = new Set(["id", "verified", "visibility", "metadata", "attributes", "source", "merged"]);

export const topOf = (path: string): string => path.split(".")[0]!;

export const fieldsIn = (kind: Kind, group: Group): readonly FieldOf[] =>
  FIELDS[kind].filter(({ path }) => groupOf(kind, topOf(path)) === group);

/** Members of a document that the table does not know. */
export const others = (kind: Kind, document: JsonObject): readonly string[] =>
  Object.keys(document).filter((name) => !UNSHOWN.has(name) && !FIELDS[kind].some(({ path }) => topOf(path) === name));

export const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === "" || (typeof value === "object" && !Object.keys(value).length);

/** What stands at a path; undefined where nothing does. */
export function at(document: JsonObject, path: string): Json | undefined {
  let found: Json | undefined = document;
  for (const step of path.split(".")) {
    found = Array.isArray(found) ? found[Number(step)] : isObject(found) ? found[step] : undefined;
  }
  return found;
}

/** A document with something else at a path; what is left empty by it goes. */
export function put(document: JsonObject, path: string, value: Json): JsonObject {
  const [first, ...rest] = path.split(".") as [string, ...string[]];
  const inner = rest.length ? within(document[first] ?? null, rest, value) : value;
  if (!isEmpty(inner)) return { ...document, [first]: inner };
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== first));
}

function within(held: Json, path: readonly string[], value: Json): Json {
  const [step, ...rest] = path as [string, ...string[]];
  if (!/^\d+$/.test(step)) return put(isObject(held) ? held : {}, path.join("."), value);
  const rows = Array.isArray(held) ? [...held] : [];
  const row = within(rows[Number(step)] ?? null, rest, value);
  if (isEmpty(row)) rows.splice(Number(step), 1);
  else rows[Number(step)] = row;
  return rows;
}

/** The members that are other in a document than they were; what is gone is null. */
export function changesOf(before: JsonObject, after: JsonObject): JsonObject {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const differ = [...names].filter((name) => ordered(before[name] ?? null) !== ordered(after[name] ?? null));
  return Object.fromEntries(differ.map((name) => [name, after[name] ?? null]));
}

/** JSON text that is the same for the same value. */
const ordered = (value: Json): string =>
  JSON.stringify(value, (_name, inner: Json) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

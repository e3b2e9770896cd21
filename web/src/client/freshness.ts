/**
 * How long what a record of the service map says still counts: the twin of `hub/directory/records/freshness.py` and
 * `groups.py`, as far as a screen needs it. Days are `YYYY-MM-DD` and compare as text; an empty one is never.
 */

import policy from "../../../hub/directory/records/policy.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import type { Kind } from "./servicemap.ts";

export type Group = keyof typeof policy.groups;
export type Standing = "fresh" | "due" | "past" | "never";

const NAMED: { readonly [group: string]: readonly string[] } = {
  contact: ["phones", "email", "website", "url", "additional_urls", "additional_websites", "contacts"],
  focal_point: ["focal_point", "inbox", "agency"],
  capacity: ["capacity", "capacities"],
  eligibility: ["eligibility", "minimum_age", "maximum_age", "required_documents", "labour_from"],
  hours: ["hours", "schedules"],
  pathway: ["pathway", "application_process"],
  place: ["latitude", "longitude", "addresses", "area", "access_point", "coverage", "service_areas", "transportation"],
};
const OF_KIND: { readonly [kind in Kind]: readonly Group[] } = {
  provider: ["offer", "contact"],
  service: ["offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway"],
  site: ["place"],
};

/** The group in which a member of a record is checked. */
export function groupOf(kind: Kind, member: string): Group {
  const found = Object.entries(NAMED).find(([, members]) => members.includes(member))?.[0] as Group | undefined;
  return found && OF_KIND[kind].includes(found) ? found : OF_KIND[kind][0]!;
}

const isEmpty = (value: Json): boolean =>
  value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

/** The groups that a record has something in, its main one always. */
export function groupsIn(kind: Kind, document: JsonObject): readonly Group[] {
  const filled = new Set(
    Object.entries(document).flatMap(([name, value]) => (isEmpty(value) ? [] : [groupOf(kind, name)])),
  );
  return OF_KIND[kind].filter((group, index) => index === 0 || filled.has(group));
}

/** When a group was last known to be right, and from when on it is due, or past. */
export interface Due {
  readonly on: string;
  readonly how: string;
  readonly due: string;
  readonly limit: string;
}

export function dueOf(document: JsonObject, group: Group): Due {
  const said = member(member(document, "verified"), group);
  const on = [text(said["on"]), ...(group === "capacity" ? capacityDates(document) : [])].sort()[0]!;
  const { cadence, limit } = policy.groups[group];
  const days = on ? { due: after(on, cadence), limit: after(on, limit) } : { due: "", limit: "" };
  return { on, how: text(said["how"]), ...days };
}

export function standing(due: Due, today: string): Standing {
  if (!due.due) return "never";
  if (today >= due.limit) return "past";
  return today >= due.due ? "due" : "fresh";
}

/** The day that is so many days after another. */
export function after(day: string, days: number): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? day : new Date(at + days * 86_400_000).toISOString().slice(0, 10);
}

function capacityDates(document: JsonObject): string[] {
  const own = text(member(document, "capacity")["as_of"]);
  if (own) return [own];
  const rows = Array.isArray(document["capacities"]) ? document["capacities"] : [];
  const days = rows.map((row) => (isObject(row) ? text(row["updated"]).slice(0, 10) : "")).filter(Boolean);
  return days.sort().slice(-1);
}

const member = (value: Json, name: string): JsonObject => {
  const found = isObject(value) ? value[name] : null;
  return isObject(found) ? found : {};
};

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** What a screen needs to say the values of some records: labels, and the names of areas, sites and providers. */

import type { HubSession } from "../../../client/session.ts";
import { record } from "../../../client/servicemap.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import type { Say } from "../../core/words.ts";
import { at } from "./fields.ts";
import { areaNames, labelsIn } from "./labels.ts";
import { list, member, type Reader } from "./values.ts";

const AREAS = ["area", "access_point.area", "coverage.areas", "eligibility.residence"];

/** Who may say that a record is still right, and who may change one. */
export const CHECKERS = ["coordinator", "agency_admin", "provider", "focal_point"];
export const EDITORS = ["coordinator", "agency_admin"];

export async function readerOf(hub: HubSession, say: Say, documents: readonly JsonObject[]): Promise<Reader> {
  const labels = await labelsIn(say.lang);
  const codes = documents.flatMap((document) => AREAS.flatMap((path) => texts(at(document, path))));
  const ids = documents.flatMap((document) => [
    ...texts(document["organization_id"]),
    ...list(document["service_at_locations"] ?? null).flatMap((row) => texts(member(row, "location_id"))),
  ]);
  const [areas, records] = await Promise.all([areaNames(hub, labels, codes), recordNames(hub, ids)]);
  return { say, labels, names: new Map([...areas, ...records]) };
}

/** The values of changes as documents of their own: to say what was and what shall be. */
export const asDocuments = (fields: { readonly [member: string]: readonly (Json | undefined)[] }): JsonObject[] =>
  Object.entries(fields).flatMap(([name, values]) => values.map((value) => ({ [name]: value ?? null })));

async function recordNames(hub: HubSession, ids: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  return Promise.all(
    [...new Set(ids)].map(async (id) => {
      const found = await record(hub, id).catch(() => null);
      return [id, String(found?.document["name"] ?? id)] as const;
    }),
  );
}

const texts = (value: Json | undefined): string[] => {
  if (typeof value === "string") return value && value !== "any" ? [value] : [];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string" && !isObject(one)).map(String) : [];
};

/** Changing a document at a place of it, and what of it is different in the end: pure. */

import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { same } from "../../../client/handover.ts";

export type Path = readonly (string | number)[];

/** The document with `value` at a place; undefined takes the place away. */
export function put(document: Json | undefined, [step, ...rest]: Path, value: Json | undefined): Json | undefined {
  if (step === undefined) return value;
  if (typeof step === "number") {
    const rows = Array.isArray(document) ? [...document] : [];
    const item = put(rows[step], rest, value);
    if (item === undefined) rows.splice(step, 1);
    else rows[step] = item;
    return rows;
  }
  const members = isObject(document) ? { ...document } : {};
  const item = put(members[step], rest, value);
  if (item === undefined) delete members[step];
  else members[step] = item;
  return members;
}

/** The document without what says nothing: empty texts, lists and objects. */
export function pruned(value: Json): Json | undefined {
  if (value === "" || value === null) return undefined;
  if (Array.isArray(value)) {
    const rows = value.flatMap((item) => pruned(item) ?? []);
    return rows.length ? rows : undefined;
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, item]) => {
    const kept = pruned(item);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  const said = members.filter(([name]) => name !== "id");
  return said.length ? Object.fromEntries(members) : undefined;
}

/** What a form's document changes of the one that is kept, so that what no form knows stays as it is. */
export function difference(before: Json | undefined, after: JsonObject): JsonObject {
  const old = isObject(before) ? before : {};
  const gone = Object.keys(old).filter((name) => !(name in after));
  const rows = Object.entries(after).flatMap(([name, item]) =>
    same(old[name], item) ? [] : [[name, changeOf(old[name], item)] as const],
  );
  return Object.fromEntries([...gone.map((name) => [name, null] as const), ...rows]);
}

function changeOf(before: Json | undefined, after: Json): Json {
  if (Array.isArray(after)) {
    const old = Array.isArray(before) ? before : [];
    return after.map((row) => {
      const known =
        isObject(row) && row["id"] ? old.find((one) => isObject(one) && one["id"] === row["id"]) : undefined;
      return known && isObject(row) ? { ...difference(known, row), id: row["id"]! } : row;
    });
  }
  return isObject(after) ? difference(before, after) : after;
}

/** Shapes of JSON values, put together into tables: the twin of `hub/packets/shapes.py`. A check throws or says nothing. */

import { fromB64u, isObject, type JsonObject } from "./encoding.ts";
import { need, PacketError } from "./errors.ts";

export type Check = (value: unknown) => void;
export type Members = { [name: string]: Check };

export const matches =
  (pattern: RegExp): Check =>
  (value) =>
    need(typeof value === "string" && pattern.test(value), "malformed");

export const bytes =
  (size?: number): Check =>
  (value) =>
    void fromB64u(value, size);

export const integer =
  (low = 0, high = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    need(typeof value === "number" && Number.isSafeInteger(value) && low <= value && value <= high, "malformed");

export const oneOf =
  (...values: (string | null)[]): Check =>
  (value) =>
    need(values.includes(value as string | null), "malformed");

export const nullOr =
  (inner: Check): Check =>
  (value) => {
    if (value !== null) inner(value);
  };

export const listOf =
  (inner: Check, most: number, least = 0): Check =>
  (value) => {
    need(Array.isArray(value) && least <= value.length && value.length <= most, "malformed");
    value.forEach(inner);
  };

export const distinct =
  (inner: Check): Check =>
  (value) => {
    inner(value);
    need(new Set(value as unknown[]).size === (value as unknown[]).length, "malformed");
  };

/** A list of objects of which no two have the same `member`. */
export const distinctBy =
  (inner: Check, member: string): Check =>
  (value) => {
    inner(value);
    const names = (value as JsonObject[]).map((row) => row[member]);
    need(new Set(names).size === names.length, "malformed");
  };

/** Whether a value is of a form. */
export function isOf(form: Check, value: unknown): boolean {
  try {
    form(value);
    return true;
  } catch (error) {
    if (error instanceof PacketError) return false;
    throw error;
  }
}

/** An object with these members and any others, as key documents may have them (§2). */
export const atLeast =
  (members: Members): Check =>
  (value) => {
    need(isObject(value), "malformed");
    for (const [name, inner] of Object.entries(members)) {
      need(name in value, "malformed");
      inner(value[name]);
    }
  };

export const objectOf = (members: Members): Check => {
  const inside = atLeast(members);
  return (value) => {
    inside(value);
    need(Object.keys(value as object).length === Object.keys(members).length, "malformed");
  };
};

/** A short line for people: 1 to 200 characters, none of them a control, a separator but the space, or unassigned. */
export const text: Check = (value) =>
  need(typeof value === "string" && /^(?: |[^\p{C}\p{Z}]){1,200}$/u.test(value), "malformed");
export const flag: Check = (value) => need(typeof value === "boolean", "malformed");
/** A calendar day from 2020-01-01 to 2100-01-01. */
export const date: Check = (value) => {
  need(typeof value === "string" && /^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}$/.test(value), "malformed");
  const day = new Date(`${value}T00:00:00Z`);
  need(!Number.isNaN(day.getTime()) && day.toISOString().startsWith(value), "malformed");
  need("2020-01-01" <= value && value <= "2100-01-01", "malformed");
};
export const name = /* @__PURE__ */ matches(/^[a-z][a-z0-9_.]{0,47}$/);
export const string: Check = (value) => need(typeof value === "string", "malformed");
export const seconds = integer(1_577_836_800, 4_102_444_800);
export const hash = bytes(32);
export const identifier = bytes(16);
export const agency = matches(/^urn:rcp:agency:[a-z0-9][a-z0-9-]{0,62}@[a-z0-9][a-z0-9.-]{0,251}(?::[0-9]{1,5})?$/);
export const host = matches(/^[a-z0-9][a-z0-9.-]{0,251}(?::[0-9]{1,5})?$/);
export const country = matches(/^[A-Z]{2}$/);
export const ageRecipient = matches(/^age1[02-9ac-hj-np-z]{58}$/);

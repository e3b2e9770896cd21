/**
 * The card that a child carries: names and numbers of people who answer, and nothing else (G6, R31). The twin of
 * `safety_card` in `hub/client/paper/handover.py`; whoever finds one learns of no agency and no service.
 */

import { isObject, type JsonObject } from "../rcp/encoding.ts";
import { shortOf } from "./agencies.ts";

const PHONE = /^\+?[0-9][0-9 ()/.-]{2,30}$/;
const NUMBERS = 2;
const MOST = 3;
/** As long as a name may be to be read on a card of 85 x 54 mm. */
const LONGEST = 24;
const SHORTEST = 3;

export interface Contact {
  readonly name: string;
  readonly phone: string;
}

/** A card, or why there can be none: too few numbers, or a name that is too long or tells too much. */
export type Card = { readonly contacts: readonly Contact[] } | { readonly wrong: "numbers" | "names" };

/** `hidden` are the names that no card may show. */
export function cardOf(safetyPlan: JsonObject, hidden: readonly string[]): Card {
  const rows = Array.isArray(safetyPlan["contacts"]) ? safetyPlan["contacts"].filter(isObject) : [];
  const reached = rows
    .filter((row) => row["reachable"] === true && PHONE.test(String(row["phone"] ?? "")))
    .map((row): Contact => ({ name: String(row["name"] ?? ""), phone: String(row["phone"]) }));
  const digits = reached.map(({ phone }) => phone.replace(/\D/g, ""));
  if (new Set(digits).size < NUMBERS) return { wrong: "numbers" };
  const again = (_: Contact, at: number) => digits.indexOf(digits[at]!) < at; // a number that stands there goes last
  const contacts = [...reached.filter((row, at) => !again(row, at)), ...reached.filter(again)].slice(0, MOST);
  const names = contacts.map(({ name }) => name);
  const long = names.some((name) => [...name].length > LONGEST);
  return long || reveals(names.join(" "), hidden) ? { wrong: "names" } : { contacts };
}

/** The own agency, and the agencies and services of a plan: what stands on no paper that a child or an observer carries. */
export function hiddenIn(plan: JsonObject | null, agency: string): string[] {
  const actions = Array.isArray(plan?.["actions"]) ? plan["actions"].filter(isObject) : [];
  const named = actions.flatMap((row) => [row["provider"], row["agency"]]).filter(Boolean);
  return [agency, ...named.map(String)].map((name) => shortOf(name).split("@")[0]!);
}

/** Whether words show one of these names, however it is written. */
export function reveals(words: string, names: readonly string[]): boolean {
  const text = ` ${plain(words)} `;
  const parts = names.flatMap((name) => [plain(name), ...plain(name).split(" ")]);
  return parts.some((part) => part.length >= SHORTEST && text.includes(` ${part} `));
}

const plain = (words: string): string =>
  words
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/**
 * That one person's packet tells nothing of another: the last look before a household's packets are sealed. The twin of
 * `hub/client/kin.py`.
 *
 * Each person has an own basis and an own packet. A name that slipped into a sister's packet was agreed to by nobody, so
 * it is found and the sending stops. Looks at names and codes in the sections; not at pictures, files or nicknames.
 */

import { isObject, type Json } from "../rcp/encoding.ts";
import type { Held } from "./basis.ts";
import { HubError } from "./session.ts";

/** Members of sections that hold what somebody is called. */
const NAMES = [
  ...["name", "names", "full_name", "given_name", "given_names", "first_name"],
  ...["nickname", "alias", "aliases", "known_as"],
];
const SHORTEST = 3;

/** What of a packet that is about to go out is looked at. */
export interface Going {
  readonly to: string;
  readonly basis: Held;
  readonly sections: { readonly [name: string]: Json };
}

/** Go on if each person has an own basis and no packet names another one of them; the error's `section` names where. */
export function checkApart(outs: readonly Going[]): void {
  const people = outs.map(subject);
  const agencies = new Set(outs.map(({ to }) => to));
  if (outs.length < 2 || new Set(people).size !== outs.length || agencies.size !== 1) stop("basis");
  const called = outs.map((out) => new Set(Object.values(out.sections).flatMap(named).flatMap(words)));
  outs.forEach(({ sections }, here) => {
    const others = new Set(called.flatMap((names, there) => (there === here ? [] : [...names])));
    called[here]!.forEach((name) => others.delete(name));
    const codes = people.filter((code) => code !== people[here]);
    for (const [section, value] of Object.entries(sections)) {
      const said = texts(value).map(folded);
      const names = said.flatMap(words).some((word) => others.has(word));
      if (names || codes.some((code) => said.some((text) => text.includes(code)))) stop(section);
    }
  });
}

function stop(section: string): never {
  throw new HubError("invalid_request", "", null, { section });
}

/** Whose basis it is: the code of a consent's subject, or of the record itself where it names none. */
function subject({ basis }: Going): string {
  return folded(basis.consent?.subject?.pseudonym ?? basis.handoff);
}

const named = (value: Json): string[] =>
  isObject(value)
    ? Object.entries(value).flatMap(([name, item]) => (NAMES.includes(name) ? texts(item) : named(item)))
    : [];

function texts(value: Json): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value as object).flatMap(texts) : [];
}

const folded = (text: string): string => text.toLowerCase().replace(/ß/g, "ss");
const words = (text: string): string[] =>
  [...folded(text).matchAll(/[\p{L}\p{N}_\p{M}]+/gu)].map(([word]) => word).filter((word) => word.length >= SHORTEST);

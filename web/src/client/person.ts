/**
 * Whom a service is looked for, as facts of `web/rules/match.js`: the twin of `Person.facts` and of
 * `hub/directory/matching/asking.py`. Never leaves the client.
 */

import vocabulary from "../../../hub/directory/records/vocabulary.json" with { type: "json" };
import type { Json } from "../rcp/encoding.ts";
import { HubError } from "./session.ts";

const YEAR = 12;
const OLDEST = 1440;
const YEARS = /^([0-9]{1,3})(?:-([0-9]{1,3})|(\.[0-9]{1,3}))?$/;
const CODE = /^[A-Za-z0-9._~-]{1,64}$/;

/** What a worker says of a person: `age` as 14, 13-15 or 0.5, or `born`; all else in codes. What is not said is unknown. */
export interface Said {
  readonly age?: string;
  readonly born?: string;
  readonly sex?: string;
  readonly situation?: string;
  readonly languages?: readonly string[];
  readonly nationalities?: readonly string[];
  readonly statuses?: readonly string[];
  readonly documents?: readonly string[];
  readonly vulnerabilities?: readonly string[];
  readonly residence?: readonly string[];
  readonly access?: readonly string[];
  readonly free?: boolean;
}

export type Facts = { [name: string]: Json };

const LISTS: { readonly [name: string]: readonly string[] | null } = {
  languages: null,
  nationalities: null,
  statuses: vocabulary.statuses.list,
  documents: vocabulary.documents.list,
  vulnerabilities: vocabulary.vulnerabilities.list,
  residence: null,
  access: vocabulary.access.list,
};

/** The facts of a person by what was said on a day, YYYY-MM-DD. */
export function factsOf(said: Said, today: string): Facts {
  const [from, to] = months(said, today);
  const lists = Object.entries(LISTS).map(([name, known]) => [name, list(said, name, known)] as const);
  const listed: { [name: string]: string[] | null } = Object.fromEntries(lists);
  const { vulnerabilities = null, nationalities = null, statuses = null, languages = null } = listed;
  const sex = one(said.sex, vocabulary.sexes.list, "sex");
  const has = (code: string) => vulnerabilities && [...new Set(vulnerabilities.filter((each) => each === code))];
  return {
    ...{ months_from: from, months_to: to, sex },
    situation: one(said.situation, vocabulary.situations.list, "situation"),
    ...listed,
    free: said.free ?? null,
    age: ageOf(from, to),
    has: {
      ...{ sex: sex === null ? null : [sex], nationality: nationalities, status: statuses, language: languages },
      ...{ disability: has("disability"), hiv: has("hiv") },
    },
  };
}

function one(value: string | undefined, known: readonly string[], field: string): string | null {
  if (value === undefined || value === "") return null;
  return known.includes(value) ? value : wrong(field);
}

function list(said: Said, name: string, known: readonly string[] | null): string[] | null {
  const rows = said[name as keyof Said] as readonly string[] | undefined;
  if (!rows) return null;
  const good = (code: string) => (known ? known.includes(code) : CODE.test(code));
  return rows.every(good) ? [...rows] : wrong(name);
}

/** The first and the last month of age that may be true. */
function months({ age, born }: Said, today: string): [number | null, number | null] {
  if (born) {
    const [then, now] = [born, today].map((text) => text.split("-").map(Number));
    if (!/^\d{4}-\d{2}-\d{2}$/.test(born) || Number.isNaN(Date.parse(born)) || born > today) return wrong("born");
    const [year = 0, month = 0, date = 0] = then!;
    const [thisYear = 0, thisMonth = 0, thisDay = 0] = now!;
    const found = (thisYear - year) * YEAR + thisMonth - month - Number(thisDay < date);
    return [found, found];
  }
  if (!age) return [null, null];
  const found = YEARS.exec(age) ?? wrong("age");
  if (found[3]) {
    const exact = Math.floor(Number((Number(found[0]) * YEAR).toFixed(6)));
    return [exact, exact];
  }
  const [low, high] = [Number(found[1]) * YEAR, Number(found[2] ?? found[1]) * YEAR + YEAR - 1];
  return high < low || high > OLDEST ? wrong("age") : [low, high];
}

function ageOf(from: number | null, to: number | null): string | null {
  if (from === null || to === null) return null;
  const [first, last] = [Math.floor(from / YEAR), Math.floor(to / YEAR)];
  return first === last ? String(first) : `${first}-${last}`;
}

function wrong(field: string): never {
  throw new HubError("invalid_request", "", null, { field });
}

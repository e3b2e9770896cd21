/** The types of `match.js`: which services fit a person? */

export type Json = import("./evaluate.js").Json;
export type Ask = import("./evaluate.js").Ask;
export type Scope = import("./evaluate.js").Scope;
export type Listing = {
  [name: string]: any;
};
export type Where = {
  area?: string | null;
  path?: string[];
  point?: [number, number] | null;
  km?: number | null;
};
export type Question = {
  need: string;
  person: {
    [name: string]: Json;
  };
  where: Where;
  when: number | null;
};
export type Near = {
  area: string;
  metres: number | null;
  approximate: boolean;
  site: Listing | null;
};
export type Criterion = {
  id: string;
  weight: string;
  group: string | null;
  since: string | null;
  asked: Ask;
  when: Ask | null;
  must: Ask;
  why: {
    [said: string]: [string, Ask][];
  };
  tells: {
    [name: string]: Ask;
  };
};
export type Policy = {
  criteria: Criterion[];
  cadence: number;
  decaying: Set<string>;
};
export type Said = {
  id: string;
  said: string;
  code: string;
  since: string | null;
  tells: {
    [name: string]: Json;
  };
};
export type Ranked = {
  listing: Listing;
  near: Near;
  rank: number[];
  answers: Map<string, boolean | null>;
  scope: Scope;
};
export const RANK: string[];
export function criteriaOf(file: any, groups: any): Policy;
export function match(
  policy: Policy,
  listings: Listing[],
  asked: Question,
  areas: {
    [code: string]: any;
  },
  now: number,
): Ranked[];
export function reasons(policy: Policy, found: Ranked): Said[];
export function valueOf(
  policy: Policy,
  found: Ranked,
): {
  id: any;
  fits: boolean;
  sure: boolean;
  informal: boolean;
  rank: {
    [k: string]: number;
  };
  area: string;
  metres: number | null;
  approximate: boolean;
  site: any;
  criteria: Said[];
};
export function kilometres(one: [number, number], other: [number, number]): number;
export function near(
  listing: Listing,
  where: Where,
  areas: {
    [code: string]: any;
  },
): Near;
export function openAt(hours: any, day: string, minute: number): boolean | null;
export function nextOpen(hours: any, day: string, minute: number): [string, number] | null;
export function local(when: number, zone: string): [string, number] | null;

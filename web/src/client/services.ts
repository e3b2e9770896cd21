/**
 * Services from a worker's desk: ask the hub for a slice, verify it, match it with the person here, choose one. The twin of
 * `hub/client/services.py`.
 *
 * A question to the hub names a need, a place and a day, and nothing about any person; who the service is for, and what was
 * found, stays here. The answer counts only if the home hub signed it now and answers what was asked.
 */

import criteria from "../../../hub/directory/matching/criteria.json" with { type: "json" };
import policy from "../../../hub/directory/records/policy.json" with { type: "json" };
import vocabulary from "../../../hub/directory/records/vocabulary.json" with { type: "json" };
import { criteriaOf, match, reasons, type Listing, type Ranked, type Said, type Where } from "../../rules/match.js";
import { readEnvelope, verifiedBy } from "../rcp/dsse.ts";
import { canonical, isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import { CASE_ROLES, PERSON_ONLY } from "./documents.ts";
import { ELIGIBLE } from "./inquiries.ts";
import type { Member } from "./member.ts";
import type { Facts } from "./person.ts";
import { hubKey, membersOf, type TrustedAgency } from "./pins.ts";
import { NEEDS } from "./reasons.ts";
import { chosen as whyChosen } from "./routing.ts";
import { expect, fail, HubError } from "./session.ts";

export type { Listing, Ranked, Said, Where };
/** More candidates are not fetched: a smaller area or circle finds the same best ones. */
const MOST = 1000;
const FRESH = 600;
const MICRO = 1_000_000;
const KM = 25;
const SLICE_TYPE = "application/vnd.rcp.slice+json;v=1";
const EXCLUDING = ["nationality", "status", "documents", "exclusion"];
const POLICY = criteriaOf(criteria, policy.groups);

/** What the home hub said in answer to a question; `whole` unless there were more than are fetched. */
export interface Slice {
  readonly at: number;
  readonly candidates: readonly Listing[];
  readonly areas: { readonly [code: string]: JsonObject };
  readonly whole: boolean;
}

/** The services of a slice for one person, the best first and the near misses last. */
export interface Found {
  readonly slice: Slice;
  readonly fitting: readonly Ranked[];
  readonly nearMisses: readonly Ranked[];
}

export interface Asking {
  readonly need: string;
  readonly where: Where;
  readonly person: Facts;
  readonly when?: number | null;
  readonly stale?: boolean;
}

/** A service of the map to which a referral goes: what the referral needs to know of it. */
export interface Chosen {
  readonly ranked: Ranked;
  readonly to: string;
  readonly inbox: string | null;
  readonly service: string;
  readonly person: string | null;
  readonly listing: JsonObject;
  readonly about: Facts;
  readonly warnings: readonly string[];
  /** Why it was chosen, in codes about the service alone. */
  readonly routing: JsonObject;
}

// Asking

/** The services for a need, ranked for the person; of them the hub learns need, place and day alone. */
export async function find(member: Member, asked: Asking): Promise<Found> {
  const slice = await fetchSlice(member, asked);
  const { need: wanted, person, when = null } = asked;
  const question = { need: wanted, when, where: placed(asked.where, slice), person: living(person, slice.areas) };
  const ranked = match(POLICY, [...slice.candidates], question, slice.areas, member.now());
  const fits = ({ rank }: Ranked) => rank[0] === 0;
  return { slice, fitting: ranked.filter(fits), nearMisses: ranked.filter((row) => !fits(row)) };
}

/** What each criterion answers and why, those that speak against it first. */
export const why = (ranked: Ranked): Said[] => reasons(POLICY, ranked);

/** Whether all that counts is known and fits. */
export const isSure = ({ rank }: Ranked): boolean => rank[0] === 0 && rank[1] === 0;

async function fetchSlice(member: Member, { need: wanted, where, when, stale = false }: Asking): Promise<Slice> {
  const { area = null, point = null } = where;
  if (area === null && point === null) throw new HubError("invalid_request", "", null, { field: "area" });
  const day = new Date((when ?? member.now()) * 1000).toISOString().slice(0, 10);
  const said = { need: wanted, date: day, stale, ...(area === null ? {} : { area }) };
  const km = where.km ?? KM;
  const [query, asked]: [JsonObject, JsonObject] = [{ ...said }, { ...said }];
  if (point) {
    const [lat, lon] = point;
    query["point"] = { lat: lat / MICRO, lon: lon / MICRO, km };
    asked["point"] = { lat, lon, m: Math.round(km * 1000) };
  }
  const candidates = new Map<string, Listing>();
  const areas: { [code: string]: JsonObject } = {};
  for (let after: string | null = null; ;) {
    const page: JsonObject = after === null ? {} : { after };
    const value = await verified(member, "slice", { ...query, ...page }, { ...asked, ...page });
    for (const row of value.candidates) candidates.set(String(row["id"]), row);
    Object.assign(areas, value.areas);
    const went: string | null = after;
    after = value.after;
    if (after === null || candidates.size >= MOST || after === went) {
      return { at: value.at, candidates: [...candidates.values()].slice(0, MOST), areas, whole: after === null };
    }
  }
}

/** One service of the map as the home hub signs it now. */
export async function lookUp(
  member: Member,
  service: string,
  open = false,
): Promise<{ listing: Listing; slice: Slice }> {
  const query = { service, public: open };
  const { at, candidates, areas } = await verified(member, "service", query, query);
  const [listing] = candidates;
  expect(listing !== undefined && candidates.length === 1);
  return { listing, slice: { at, candidates, areas, whole: true } };
}

// Choosing

/**
 * A service of the map as the recipient of a referral for a person, and why it and not another one: with an area in `where`
 * the hub is asked for all services there, else others are not looked at.
 */
export async function choose(
  member: Member,
  service: string,
  person: Facts,
  { need: asked, where = {} }: { need?: string | null; where?: Where } = {},
): Promise<Chosen> {
  const { listing, slice } = await lookUp(member, service);
  const wanted = needOf(listing, asked ?? null);
  const place = { ...where, path: pathOf(slice.areas, where.area ?? null) };
  const question = { need: wanted, person: living(person, slice.areas), where: place, when: null };
  const [ranked] = match(POLICY, [listing], question, slice.areas, member.now());
  const agency = isObject(listing["provider"]) ? listing["provider"]["agency"] : null;
  if (typeof agency !== "string" || !ranked) throw new HubError("invalid_request", "", null, { field: "service" });
  const to = await member.trust.agency(agency);
  const { answered, named, warnings } = answering(listing, to, member.now());
  const kind = NEEDS[wanted]!.service;
  const others = where.area ? (await find(member, { need: wanted, where, person })).nearMisses : null;
  return {
    ranked,
    to: agency,
    inbox: typeof listing["inbox"] === "string" ? listing["inbox"] : null,
    service: kind,
    person: to.entry.kind === PERSON_ONLY ? named : null,
    listing: { ...factsOf(ranked, answered), service: kind },
    about: person,
    warnings,
    routing: whyChosen(ranked, why(ranked), others && others.filter((row) => row.listing["id"] !== service)),
  };
}

/** What the rules are told of a service that was matched (R17 to R20). */
function factsOf({ listing, answers }: Ranked, answered: boolean): JsonObject {
  const fails = ELIGIBLE.filter((name) => answers.get(name) === false);
  const excluded = fails.some((name) => EXCLUDING.includes(name));
  const rows = (excluded ? (listing["exclusions"] ?? []) : []) as { attribute: string }[];
  return {
    id: listing["id"] as string,
    verified: (listing["verified"]?.offer ?? null) as Json,
    answered,
    fails,
    labour_from: (listing["labour_from"] ?? null) as Json,
    excludes: rows.filter(({ attribute }) =>
      vocabulary.protected_attributes.list.includes(attribute),
    ) as unknown as Json,
  };
}

/** Whether somebody with a live key answers for a service, who of the two, and what to warn of (R17). */
export function answering(
  listing: Listing,
  agency: TrustedAgency,
  now: number,
): { answered: boolean; named: string | null; warnings: string[] } {
  const today = new Date(now * 1000).toISOString().slice(0, 10);
  const focal: unknown = listing["focal_point"];
  if (!isObject(focal as Json) || (listing["until"]?.focal_point ?? "") < today) {
    return { answered: false, named: null, warnings: ["no_focal_point"] };
  }
  const { member: first, away_until, deputy } = focal as { member?: string; away_until?: string; deputy?: JsonObject };
  const may = membersOf(agency, now).filter(({ roles }) => roles.some((role) => CASE_ROLES.includes(role)));
  const live = new Set(may.map(({ member }) => member));
  const second = typeof deputy?.["member"] === "string" ? deputy["member"] : null;
  const away = (away_until ?? "") >= today;
  const here = !away && (first ? live.has(first) : live.size > 0);
  const standsIn = second !== null && live.has(second);
  const warnings = [...(standsIn ? [] : ["no_deputy"]), ...(here ? [] : ["use_deputy"])];
  return { answered: here || standsIn, named: here ? (first ?? null) : standsIn ? second : null, warnings };
}

function needOf(listing: Listing, asked: string | null): string {
  const named = ((listing["needs"] ?? []) as string[]).filter((code) => code in NEEDS);
  const kinds = new Set(named.map((code) => NEEDS[code]!.service));
  const ambiguous = asked === null && kinds.size !== 1;
  if ((asked !== null && !named.includes(asked)) || ambiguous) {
    throw new HubError("invalid_request", "", null, { field: "need" });
  }
  return asked ?? named[0]!;
}

// What the hub says

interface Answered {
  readonly at: number;
  readonly candidates: readonly Listing[];
  readonly areas: { readonly [code: string]: JsonObject };
  readonly after: string | null;
}

async function verified(member: Member, path: string, query: JsonObject, asked: JsonObject): Promise<Answered> {
  const host = hostOf(member.agency);
  const answer = await member.hub.post(`/api/v1/directory/${path}`, query);
  expect(isObject(answer) && isObject(answer["slice"]));
  const envelope = readEnvelope(answer["slice"], SLICE_TYPE);
  verifiedBy(envelope, [hubKey(member.trust.pins, host)]);
  const { value } = envelope;
  expect(value["v"] === 1 && value["host"] === host && isObject(value["asked"]));
  expect(equal(value["asked"], asked));
  const { at, candidates, areas, after = null } = value;
  expect(typeof at === "number" && Array.isArray(candidates) && candidates.every(isObject) && isObject(areas));
  need(Math.abs(at - member.now()) <= FRESH, "bad_signature");
  return { at, candidates, areas, after } as unknown as Answered;
}

const equal = (one: JsonObject, other: JsonObject): boolean =>
  new TextDecoder().decode(canonical(one)) === new TextDecoder().decode(canonical(other));

/** Where help is wanted, by the code under which the map keeps that area. */
function placed(where: Where, { areas, candidates }: Slice): Where {
  if (!where.area) return where;
  if (!(where.area in areas) && candidates.length === 0) fail("not_found");
  const path = pathOf(areas, where.area);
  return { ...where, area: path[path.length - 1] ?? refuse("malformed"), path };
}

/**
 * The person with the areas in which they live; unknown where no service names one of them. The hub is never asked where
 * somebody lives, so a place inside an area that a service names cannot be told.
 */
function living(person: Facts, areas: Slice["areas"]): Facts {
  const rows = person["residence"];
  if (!Array.isArray(rows) || rows.length === 0) return person;
  const code = String(rows[rows.length - 1]);
  return { ...person, residence: code in areas ? pathOf(areas, code) : null };
}

function pathOf(areas: Slice["areas"], code: string | null): string[] {
  if (code === null) return [];
  const path = areas[code]?.["path"];
  return Array.isArray(path) && path.length > 0 ? path.map(String) : [code];
}

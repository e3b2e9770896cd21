/**
 * What a worker has chosen and typed so far. While they type it is kept on this device; as a draft it is an own record of
 * the agency, so that it can be gone on with anywhere. It holds no file and no key.
 */

import { BANDS, dayOf } from "../../../consent/policy.ts";
import * as records from "../../../client/records.ts";
import { factsOf, type Facts, type Said } from "../../../client/person.ts";
import type { Held } from "../../../client/basis.ts";
import type { CaseFile } from "../../../client/cases.ts";
import type { Member } from "../../../client/member.ts";
import { NEEDS } from "../../../client/reasons.ts";
import { HubError } from "../../../client/session.ts";
import { systemRandom } from "../../../rcp/age.ts";
import { b64u, isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import type { Local } from "../../core/local.ts";
import { alone } from "../../core/queue.ts";

const KIND = "draft";
const OF = "referral";
const NAME = "compose";
/** The names of drafts that are over on this device: nothing of what was in them. */
const OVER = "compose/over";
const MOST_OVER = 200;
/** What one tab at a time does, on one device. */
const ENDING = "handover-drafts";

/** One person, and what goes out of theirs on which basis. "" and [] are not chosen. */
export interface Person {
  readonly case: string;
  readonly name: string;
  readonly reference: string;
  readonly age: string;
  readonly sex: string;
  readonly language: string;
  readonly contact: string;
  /** An emergency before they are registered: nothing may name them. */
  readonly unnamed: boolean;
  readonly words: string;
  readonly basis: string;
  readonly sections: readonly string[];
  readonly papers: readonly string[];
}

/** Whom it goes to: a service of the map, or an agency and a type of service that were chosen without it. */
export interface Provider {
  readonly service: string;
  readonly to: string;
  readonly kind: string;
  readonly person: string;
  readonly byLink: boolean;
}

/** What went out of a draft before the rest of it: its handoff, and what was shown of whom it is about or who was asked. */
export interface Gone {
  readonly handoff: string;
  readonly name: string;
}

/** All in words and codes, so that it can be kept as it is. */
export interface Draft extends Person, Provider {
  readonly of: string;
  /** Its name, in whichever tab or on whichever device it is gone on with: it is sent once. */
  readonly id: string;
  readonly step: number;
  /** The own record in which it is kept, once it was. */
  readonly record: string;
  readonly needs: readonly string[];
  readonly area: string;
  readonly urgency: string;
  readonly neededFrom: string;
  /** A medical window that closes, and when what opened it happened, as the field of a form has it. It stays here. */
  readonly window: string;
  readonly event: string;
  readonly purpose: string;
  /** Others of the same household, who go to the same provider. */
  readonly household: readonly Person[];
  /** Other providers who are asked for the same. */
  readonly also: readonly Provider[];
  /** Of one household or several providers those who have theirs, where this is what was left. */
  readonly gone: readonly Gone[];
  /** The handoff in which it came, where that is passed on to somebody whom its consent names. */
  readonly came: string;
  /** The referral after which the same need is referred again. */
  readonly again: string;
  /** The inquiry in whose answer the provider made an exception. */
  readonly exception: string;
}

export const NOBODY: Person = {
  ...{ case: "", name: "", reference: "", age: "", sex: "", language: "", contact: "" },
  ...{ unnamed: false, words: "", basis: "", sections: [], papers: [] },
};

const NOWHERE: Provider = { service: "", to: "", kind: "", person: "", byLink: false };

const EMPTY: Draft = {
  ...NOBODY,
  ...NOWHERE,
  ...{ of: OF, id: "", step: 0, record: "", needs: [], area: "", urgency: "routine", neededFrom: "", purpose: "" },
  ...{ window: "", event: "" },
  ...{ household: [], also: [], gone: [], came: "", again: "", exception: "" },
};

const newId = (): string => b64u(systemRandom(16));

export const begun = (given: Partial<Draft> = {}): Draft => ({ ...EMPTY, id: newId(), ...given });

const isDraft = (value: Json): value is JsonObject => isObject(value) && value["of"] === OF;
const draftOf = (value: JsonObject): Draft => ({ ...EMPTY, ...(value as unknown as Partial<Draft>) });

// Of several

/** The draft as it is for each person of the household. */
export const people = (draft: Draft): Draft[] => [draft, ...draft.household.map((one) => ({ ...draft, ...one }))];

/** The draft as it is for each provider that is asked. */
export const providers = (draft: Draft): Draft[] => [draft, ...draft.also.map((one) => ({ ...draft, ...one }))];

/** The providers that were chosen. */
export function chosen(draft: Draft): Provider[] {
  const rows = providers(draft).map(({ service, to, kind, person, byLink }) => ({ service, to, kind, person, byLink }));
  return rows.filter(({ service, to }) => service !== "" || to !== "");
}

export const withProviders = ([first = NOWHERE, ...also]: readonly Provider[]): Partial<Draft> => ({ ...first, also });

/** What is left of a draft once some of it went out: a draft of its own, of the people or providers at these places. */
export function restOf(draft: Draft, left: readonly number[], gone: readonly Gone[]): Draft {
  const many = draft.household.length > 0 ? "household" : "also";
  const [first, ...others] = left.map((at) => (at === 0 ? draft : draft[many][at - 1]!));
  return { ...draft, ...first, [many]: others, id: newId(), gone: [...draft.gone, ...gone] };
}

export const provider = (given: Partial<Provider>): Provider => ({ ...NOWHERE, ...given });

// Kept

async function onDevice(local: Local): Promise<Draft | null> {
  const [found, over] = await Promise.all([local.get("draft", NAME), overHere(local)]);
  return isDraft(found) && !over.includes(found["id"]!) ? draftOf(found) : null; // the last key may be kept after the end
}

/** Keep it while it is typed; one that went out meanwhile, in another tab, does not come back. */
export async function keepOnDevice(local: Local, draft: Draft): Promise<void> {
  if (!(await overHere(local)).includes(draft.id)) await local.put("draft", NAME, draft as unknown as JsonObject);
}

/** End a draft on this device, in every tab; what is left of it, if anything is, takes its place. */
export const endOnDevice = (local: Local, draft: Draft, rest: Draft | null = null): Promise<void> =>
  alone(ENDING, async () => {
    const here = (await onDevice(local))?.id === draft.id;
    if (draft.id) await local.put("draft", OVER, [...(await overHere(local)), draft.id].slice(-MOST_OVER));
    if (here) await local.delete("draft", NAME);
    if (rest) await keepOnDevice(local, rest);
  });

async function overHere(local: Local): Promise<Json[]> {
  const found = await local.get("draft", OVER);
  return Array.isArray(found) ? found : [];
}

/** Whether it was sent or discarded, in whole or in part, in another tab or, as far as the hub can be asked, elsewhere. */
export async function isOver(member: Member, local: Local, { id, record }: Draft): Promise<boolean> {
  const over = await overHere(local);
  if (over.includes(id)) return true;
  if (!record) return false;
  try {
    return isAnother((await records.get(member, record, KIND)).value, id, over);
  } catch (error) {
    if (error instanceof HubError && error.code === "peer_unreachable") return false;
    throw error;
  }
}

/** Whether a record is of another draft than this one by now, and not still of one that ended here. */
const isAnother = ({ id: now = "" }: JsonObject, id: string, over: readonly Json[]): boolean =>
  now !== id && !over.includes(now);

/** What was begun: what was typed here last, and the agency's drafts that this member began, those kept last first. */
export async function begunBefore(
  member: Member,
  local: Local,
): Promise<{ kept: Draft | null; drafts: { draft: Draft; at: number }[] }> {
  const [found, every, ended] = await Promise.all([onDevice(local), records.listing(member, [KIND]), overHere(local)]);
  const rows = every.filter(({ value }) => isDraft(value));
  const mine = rows.filter(({ authors, value }) => authors[0]?.member === member.id && value["over"] !== true);
  const over = rows.some(({ handoff, value }) => handoff === found?.record && isAnother(value, found.id, ended));
  if (over) await endOnDevice(local, found!);
  return {
    kept: over ? null : found,
    drafts: mine
      .filter(({ value }) => !ended.includes(value["id"] ?? ""))
      .map(({ handoff, value, at }) => ({ draft: { ...draftOf(value), record: handoff }, at })),
  };
}

export async function keepAsRecord(member: Member, draft: Draft): Promise<Draft> {
  const { record, ...value } = draft;
  const kept = await records.put(member, KIND, value as unknown as JsonObject, record ? { handoff: record } : {});
  return { ...draft, record: kept };
}

/** Say of a draft that it is over: nothing of a person stays in it but what is left to be sent. */
export async function endRecord(member: Member, { record }: Draft, rest: Draft | null = null): Promise<void> {
  if (record && rest) await keepAsRecord(member, rest);
  else if (record) await records.put(member, KIND, { of: OF, over: true }, { handoff: record });
}

// What it says

/** Where what is sent is taken from, beside the draft. */
export interface Source {
  readonly draft: Draft;
  readonly held: CaseFile | null;
  readonly came: Came | null;
}

/** What came from somebody else: its sections, and what its sender was shown of the basis. */
export interface Came {
  readonly sections: JsonObject;
  readonly basis: Held;
}

/** The sections that can be sent: what came, the case file's, or what was typed here. */
export function sectionsOf({ draft, held, came }: Source): JsonObject {
  if (came) return { ...came.sections };
  if (held) return { ...held.sections };
  if (draft.unnamed) return unnamed(draft);
  const said = { given_name: draft.name, reference: draft.reference, sex: draft.sex, language: draft.language };
  const typed = Object.entries(said).filter(([, value]) => value.trim() !== "");
  const age = /^\d{1,3}$/.test(draft.age) ? { age: Number(draft.age) } : {};
  const safe = draft.contact.trim() ? { safe_contact: { note: draft.contact.trim() } } : {};
  const contact = { v: 1, ...Object.fromEntries(typed), ...age, ...safe };
  const note = draft.words.trim();
  const needs = draft.needs.map((need, at) => ({ need, ...(note && at === 0 ? { note } : {}) }));
  return { minimal_contact: contact, ...(needs.length ? { needs_risk: { v: 1, needs } } : {}) };
}

/** Of somebody who is not registered yet only codes go. */
function unnamed({ age, sex, language, needs }: Draft): JsonObject {
  const band = /^\d{1,3}$/.test(age) ? bandOf(Number(age) * 12) : "";
  const contact = Object.entries({ age_band: band, sex, language }).filter(([, value]) => value !== "");
  return { minimal_contact: Object.fromEntries(contact), needs_risk: { needs: [...needs], urgent: true } };
}

/** The age band of so many months. */
export function bandOf(months: number): string {
  const begun = Object.entries(BANDS).filter(([, begin]) => begin * 12 <= months);
  return begun.sort(([, one], [, other]) => other - one)[0]?.[0] ?? "18+";
}

/** What a service must know of the person, as far as the sections say it. It stays here. */
export function personIn(sections: JsonObject, now: number): Facts {
  const contact = isObject(sections["minimal_contact"]) ? sections["minimal_contact"] : {};
  const identity = isObject(sections["identity"]) ? sections["identity"] : {};
  const risk = isObject(sections["needs_risk"]) ? sections["needs_risk"] : {};
  const born = isObject(identity["born"]) ? identity["born"]["on"] : null;
  const band = String(contact["age_band"] ?? "").replace("18+", "18-119");
  const age = typeof contact["age"] === "number" ? String(contact["age"]) : /^\d+-\d+$/.test(band) ? band : "";
  const languages = texts(identity["languages"] ?? contact["languages"] ?? [contact["language"] ?? ""]);
  const said: Said = {
    ...(typeof born === "string" ? { born } : age ? { age } : {}),
    sex: String(identity["sex"] ?? contact["sex"] ?? ""),
    ...(languages.length ? { languages } : {}),
    ...(texts(identity["nationality"]).length ? { nationalities: texts(identity["nationality"]) } : {}),
    ...(texts(risk["vulnerabilities"]).length ? { vulnerabilities: texts(risk["vulnerabilities"]) } : {}),
  };
  return attempt(said, dayOf(now)) ?? attempt({ sex: said.sex ?? "" }, dayOf(now)) ?? factsOf({}, dayOf(now));
}

/** Codes that the map does not know are not said, instead of in the way. */
function attempt(said: Said, today: string): Facts | null {
  try {
    return factsOf(said, today);
  } catch {
    return null;
  }
}

const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string" && one !== "") : [];

const PURPOSES: { readonly [service: string]: string } = {
  ...{ school: "education", training: "education", clinic: "medical_care", mhpss: "psychosocial_support" },
  ...{ livelihood: "livelihood", legal_aid: "legal_aid", housing: "material_support", reception: "reception" },
  ...{ child_protection: "protection", case_management: "protection", family_tracing: "family_tracing" },
  alternative_care: "care_placement",
};

/** What a need is for, unless the worker says otherwise. */
export const purposeOf = (need: string): string => PURPOSES[NEEDS[need]?.service ?? ""] ?? "protection";

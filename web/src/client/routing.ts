/**
 * What a referral asks for and why this service was chosen, as its recipient reads it; and what is counted of it. The twin
 * of `hub/client/routing.py`.
 *
 * Goes sealed into the section `request`, which no consent has to cover, so it holds codes alone, and only such as say
 * something about the service. That a service for survivors fits would tell what nobody agreed to share.
 */

import type { Ranked, Said } from "../../rules/match.js";
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { VITAL } from "../consent/basis.ts";
import { readExcerpt } from "../consent/record.ts";
import { PURPOSES, SERVICES } from "../consent/policy.ts";
import type { Outgoing } from "./sending.ts";
import { NEEDS, SEXES, UUID } from "./reasons.ts";
import { HubError } from "./session.ts";

/** The criteria that say something about a service and nothing about the person. */
export const TOLD = ["need", "running", "ends", "area", "open", "capacity", "language", "cost", "focal_point"];
const SAID = ["meets", "does_not", "unknown"];
const CRITERION = a.objectOf({ id: a.oneOf(...TOLD), said: a.oneOf(...SAID), since: a.nullOr(a.date) });
const MADE = a.objectOf({ on: a.date, inquiry: a.nullOr(a.identifier) });
const WHY = a.objectOf({
  service: a.matches(UUID),
  criteria: a.distinctBy(a.listOf(CRITERION, TOLD.length), "id"),
  near_misses: a.nullOr(a.integer(0, 1000)),
  missed_for: a.distinct(a.listOf(a.oneOf(...TOLD), TOLD.length)),
  called: a.nullOr(a.date),
  exception: a.nullOr(MADE),
});
const MOST_NEEDS = 20;
const REQUEST = a.objectOf({
  v: a.integer(1, 1),
  purpose: a.oneOf(...PURPOSES),
  service: a.oneOf(null, ...SERVICES),
  needs: a.distinct(a.listOf(a.oneOf(...Object.keys(NEEDS)), MOST_NEEDS)),
  why: a.nullOr(WHY),
});
/** What may be said of somebody who is not registered yet. */
export const UNNAMED: { readonly [section: string]: readonly string[] } = {
  minimal_contact: ["age_band", "sex", "language", "interpreter"],
  needs_risk: ["age_band", "language", "interpreter", "risk", "urgent", "needs"],
  health: ["symptom", "symptoms", "since", "urgent", "allergies", "medicine", "pregnant"],
};
const SHORT = 120;

/** Why a service was chosen, as its provider is told. */
export interface Why {
  readonly service: string;
  readonly criteria: readonly { readonly id: string; readonly said: string; readonly since: string | null }[];
  readonly near_misses: number | null;
  readonly missed_for: readonly string[];
  readonly called: string | null;
  readonly exception: { readonly on: string; readonly inquiry: string | null } | null;
}

export interface Request {
  readonly purpose: string;
  readonly service: string | null;
  readonly needs: readonly string[];
  readonly why: Why | null;
}

/** The section `request` of a packet. */
export function request(out: Outgoing): JsonObject {
  const why = out.routing ? { ...out.routing, ...signed(out) } : null;
  return { v: 1, purpose: out.purpose, service: out.service ?? null, needs: [...(out.needs ?? [])], why };
}

/** A section `request` that is of its form and so holds codes alone; else null. */
export const read = (value: Json | undefined): Request | null =>
  a.isOf(REQUEST, value) ? (value as unknown as Request) : null;

/** Why a service was chosen, and how many others nearly fitted; null where no others were looked at. */
export function chosen({ listing }: Ranked, said: readonly Said[], nearMisses: readonly Ranked[] | null): JsonObject {
  const rows = said.filter(({ id }) => TOLD.includes(id));
  return {
    service: listing["id"] as string,
    criteria: rows.map(({ id, said: verdict, since }) => ({ id, said: verdict, since })),
    near_misses: nearMisses && nearMisses.length,
    missed_for: TOLD.filter((name) => (nearMisses ?? []).some(({ answers }) => answers.get(name) === false)),
  };
}

/** Go on if what is asked for is known, and if nothing names a person who is not registered yet. */
export function check(out: Outgoing): void {
  const needs = out.needs ?? [];
  if (!needs.every((code) => code in NEEDS) || new Set(needs).size !== needs.length) wrong("needs");
  if (!out.unnamed) return;
  if (out.basis.basis.kind !== VITAL || out.attachments?.size) wrong("basis");
  for (const [section, value] of Object.entries(out.sections)) {
    const members: [string, Json | undefined][] = isObject(value) ? Object.entries(value) : [["", value]];
    if (members.some(([name, said]) => !UNNAMED[section]?.includes(name) || !isPlain(said ?? null))) wrong(section);
  }
}

/** What the agency's own records say of a referral for lists and counts. */
export function counted(out: Outgoing): JsonObject {
  const contact = isObject(out.sections["minimal_contact"]) ? out.sections["minimal_contact"] : {};
  const sex = out.sex ?? out.about?.["sex"] ?? contact["sex"] ?? null;
  return {
    needs: [...(out.needs ?? [])],
    needed_from: out.neededFrom ?? null,
    area: out.area ?? null,
    age_band: subject(out)["age_band"] ?? contact["age_band"] ?? null,
    sex: SEXES.includes(String(sex)) ? sex : null,
    again_for: out.againFor ?? null,
  };
}

/** What a consent says of whom it is about; of somebody else's consent, as far as this agency was shown. */
function subject({ basis }: Outgoing): JsonObject {
  const facts = basis.basis as unknown as JsonObject;
  const found = basis.cameBy === null ? facts["subject"] : readExcerpt(facts)["child"];
  return isObject(found) ? found : {};
}

/** When the provider was called, and when it made an exception: as it signed, or as the sender reports. */
function signed(out: Outgoing): JsonObject {
  const rows = ((out.basis.basis as unknown as JsonObject)["overrides"] ?? []) as JsonObject[];
  const mine = rows.filter(({ recipient }) => recipient === null || recipient === out.to);
  const on = (rule: string) => mine.filter((row) => row["rule"] === rule).pop()?.["from"] ?? null;
  const told = on("R19");
  const made = out.exception
    ? { on: out.exception.since, inquiry: out.exception.inquiry }
    : told && { on: told, inquiry: null };
  return { called: on("R18"), exception: made };
}

/** Whether a value is a short word or a list of them: no room for a story. */
const isPlain = (value: Json): boolean =>
  Array.isArray(value) ? value.every(isPlain) : !isObject(value) && String(value ?? "").length <= SHORT;

function wrong(field: string): never {
  throw new HubError("invalid_request", "", null, { field });
}

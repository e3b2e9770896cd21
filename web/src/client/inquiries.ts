/**
 * Asking for a place before a referral: is there one for somebody like this, and the answer. The twin of
 * `hub/client/inquiries.py`.
 *
 * It is about nobody. What may be said is a closed form, checked before anything is sealed and again by whoever opens it.
 */

import { BANDS, dayOf } from "../consent/policy.ts";
import { systemRandom } from "../rcp/age.ts";
import { b64u, isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { AGE_BANDS, INQUIRY, MOST } from "./alone.ts";
import type { Exception } from "./basis.ts";
import { CASE_ROLES } from "./documents.ts";
import * as handoffs from "./handoffs.ts";
import { show, type Line, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { look, REPLY } from "./opening.ts";
import { SEXES, UUID } from "./reasons.ts";
import { fail, HubError } from "./session.ts";
import { manifestOf } from "./statements.ts";

export const KIND = "inquiry";
const LEG = "transfer_leg";
/** What answers a question, by the kind of handoff that it began; and who may. */
const ANSWERS: { readonly [kind: string]: string } = { [KIND]: "capacity.answer", [LEG]: "transfer.answer_inquiry" };
const MAY: { readonly [kind: string]: readonly string[] } = {
  [KIND]: CASE_ROLES,
  [LEG]: ["focal_point", "caseworker"],
};
/** The criteria to which a provider may make an exception (R19); the age from which a child may work is none of them. */
export const ELIGIBLE: readonly string[] = [
  ...["running", "ends", "age", "sex", "situation", "residence", "open_to", "vulnerability"],
  ...["nationality", "status", "documents", "exclusion", "capacity"],
];
export const CAPACITY = ["capacity", "no_capacity", "waitlist", "assessment_required"] as const;
const EXCEPTION = a.objectOf({
  service: a.matches(UUID),
  age_band: a.oneOf(...AGE_BANDS),
  sex: a.oneOf(null, ...SEXES),
  criteria: a.distinct(a.listOf(a.oneOf(...ELIGIBLE), ELIGIBLE.length, 1)),
  until: a.date,
  reason: a.text,
});
const ANSWER = a.objectOf({
  v: a.integer(1, 1),
  capacity: a.oneOf(...CAPACITY),
  from: a.nullOr(a.date),
  places: a.nullOr(a.integer(0, MOST)),
  exception: a.nullOr(EXCEPTION),
});

/** Somebody like whom help is asked for, in codes; `service` is a service of the map. */
export interface Question {
  readonly need: string;
  readonly service?: string | null;
  readonly age_band: string;
  readonly sex?: string | null;
  readonly from: string;
  readonly how_many: number;
}

/** To what a provider makes an exception, until when and why: it takes somebody like this all the same (R19). */
export interface Made {
  readonly criteria: readonly string[];
  readonly until: string;
  readonly reason: string;
}

export interface Answer {
  readonly capacity: string;
  readonly from?: string | null;
  readonly places?: number | null;
  readonly exception?: Made | null;
}

/** An inquiry, verified: what was asked, and what was answered or null. The asker keeps no copy of its question. */
export interface Inquiry {
  readonly shown: Shown;
  readonly question: Question | null;
  readonly answer: (Answer & { readonly exception: (Made & { service: string }) | null }) | null;
}

/**
 * Ask an agency for a place. With `leg`, a fresh id, the question begins a leg of a transfer, in which an assessment or an
 * offer may follow.
 */
export async function ask(
  member: Member,
  to: string,
  question: Question,
  urgency = "routine",
  leg?: string,
): Promise<JsonObject> {
  const said = { v: 1, service: null, sex: null, ...question } as JsonObject;
  if (!a.isOf(INQUIRY.form, said)) fail("invalid_request");
  const agency = await member.trust.agency(to);
  const { agency: name, country } = agency.entry;
  const basis = {
    key: systemRandom(32),
    excerpt: INQUIRY.excerpt(name),
    country,
    until: dayOf(member.now()).slice(0, 7),
  };
  const part = member.seal(member.target(agency), { sections: { [INQUIRY.section]: said }, basis });
  const by = [await member.me(leg === undefined ? CASE_ROLES : ["caseworker"])];
  const [type, kind] = leg === undefined ? ["capacity.ask", KIND] : ["transfer.inquire", LEG];
  const handoff = leg ?? b64u(systemRandom(16));
  const statement = member.statement({ type, handoff, heads: [], by, body: { kind, urgency } }, part);
  return handoffs.send(member, "/api/v1/handoffs", statement, part);
}

/** Answer an inquiry. */
export async function answer(member: Member, handoff: string, given: Answer): Promise<JsonObject> {
  const shown = await show(member, handoff);
  const type = ANSWERS[shown.view.kind] ?? fail("conflict");
  if (!shown.view.possible?.includes(type)) fail("conflict");
  const exception = given.exception ? { ...(await forWhom(member, shown)), ...given.exception } : null;
  const { capacity, from = null, places = null } = given;
  const said = { v: 1, capacity, from, places, exception } as JsonObject;
  if (!a.isOf(ANSWER, said)) fail("invalid_request");
  const part = await handoffs.sealReply(member, shown, said);
  return handoffs.say(member, shown, type, {}, { roles: MAY[shown.view.kind]!, part });
}

/** Return an inquiry that this agency asked, or was asked. */
export async function read(member: Member, handoff: string): Promise<Inquiry> {
  const shown = await show(member, handoff);
  const asked = shown.from === member.agency ? null : await questionOf(member, shown);
  return { shown, question: asked, answer: await answered(member, shown) };
}

/** The exception that a provider signed in its answer to this agency's inquiry, for a referral to cite. */
export async function exception(member: Member, handoff: string): Promise<Excepted> {
  const shown = await show(member, handoff);
  const made = (await answered(member, shown))?.exception ?? fail("not_found");
  const { at } = (answerOf(shown) ?? fail("not_found")).statement;
  return new Excepted(handoff, shown.to, made as unknown as Whom & Made, dayOf(at));
}

interface Whom {
  readonly service: string;
  readonly age_band: string;
  readonly sex: string | null;
}

/** An exception that a provider signed: for whom, to what, for how long (R19). */
export class Excepted implements Exception {
  readonly inquiry: string;
  readonly agency: string;
  readonly made: Whom & Made;
  readonly since: string;

  constructor(inquiry: string, agency: string, made: Whom & Made, since: string) {
    this.inquiry = inquiry;
    this.agency = agency;
    this.made = made;
    this.since = since;
  }

  /** Whether it is about this service, all that speaks against the person there, and somebody like them. */
  covers(agency: string, listing: JsonObject, person: JsonObject): boolean {
    const { service, age_band, sex, criteria } = this.made;
    const months = person["months_from"] ?? null;
    const band = typeof months === "number" ? bandOf(months) : age_band;
    const their = person["sex"] ?? null;
    const fails = (listing["fails"] ?? []) as string[];
    const here = agency === this.agency && listing["id"] === service;
    return (
      here &&
      band === age_band &&
      (their === null || sex === null || sex === their) &&
      fails.every((one) => criteria.includes(one))
    );
  }

  /** It as what lifts a rule: one member of the provider signed. */
  override(): JsonObject {
    const said = { rule: "R19", recipient: this.agency, categories: null, from: this.since, until: this.made.until };
    return { ...said, members: 1, roles: ["provider"] };
  }
}

/** The age band in which somebody of so many months is. */
function bandOf(months: number): string {
  const begun = Object.entries(BANDS).filter(([, begin]) => begin * 12 <= months);
  return begun.reduce((one, other) => (other[1] > one[1] ? other : one))[0];
}

async function questionOf(member: Member, shown: Shown): Promise<Question> {
  const opened = await look(member, shown, manifestOf(shown.lines[0]!.statement) ?? fail("not_found"));
  const held = Object.keys(opened.quarantined);
  if (held.length) throw new HubError("not_permitted", "", null, { sections: held });
  return opened.sections[INQUIRY.section] as unknown as Question;
}

/** For whom an exception is made: the service, age band and sex of the question, as the answer repeats it. */
async function forWhom(member: Member, shown: Shown): Promise<Whom> {
  const { service, age_band, sex = null } = await questionOf(member, shown);
  if (!service) throw new HubError("invalid_request", "", null, { field: "exception" });
  return { service, age_band, sex };
}

/** The first answer that has words, by the places that the ordering hub signed; not by what a hub says. */
function answerOf(shown: Shown): Line | null {
  const said = shown.lines.filter(({ statement }) => isAnswer(statement.type) && manifestOf(statement) !== null);
  const placed = said.filter(({ position }) => position !== null);
  return placed.sort((one, other) => one.position! - other.position!)[0] ?? null;
}

/** What was answered, for the agency that asked. */
async function answered(member: Member, shown: Shown): Promise<Inquiry["answer"]> {
  const line = answerOf(shown);
  const manifest = line && manifestOf(line.statement);
  if (manifest === null || shown.from !== member.agency) return null;
  const said: Json | undefined = (await look(member, shown, manifest)).sections[REPLY];
  ANSWER(said);
  return isObject(said) ? (said as unknown as Inquiry["answer"]) : null;
}

const isAnswer = (type: string): boolean => Object.values(ANSWERS).includes(type);

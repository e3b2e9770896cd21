/**
 * What the gates are told of a leg at the desk, and what leaves it: the journey, its signed words, the verdict. The twin of
 * `hub/client/judging.py`.
 *
 * What a leg is for stands in codes that the sender seals for the receiver; where it stands is what members signed.
 */

import type { Json, JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import * as gates from "./gates.ts";
import { dayOf, type Journey, type Judged, type Result, type Row } from "./gates.ts";
import type { Shown } from "./handoffs.ts";
import * as meetings from "./meetings.ts";
import type { Member } from "./member.ts";

/** The section that says what the leg is for, in codes. */
export const JOURNEY = "journey";
export const PURPOSES = ["return", "reunification", "placement", "forward"];
export const RETURN_MODES = ["assisted_voluntary", "spontaneous", "forced"];
const CODES = a.objectOf({
  v: a.integer(1, 1),
  purpose: a.oneOf(...PURPOSES),
  situation: a.oneOf(null, "unaccompanied", "separated", "in_family", "adult"),
  final: a.nullOr(a.flag),
  interim: a.nullOr(a.flag),
  return_mode: a.oneOf(null, ...RETURN_MODES),
  returned: a.nullOr(a.date),
});
const TOLD = ["purpose", "situation", "final", "interim", "return_mode", "returned"];

/** What a leg is for, in the words of the gates; `returned` is the day on which the child was seen after the return. */
export interface Purpose {
  readonly purpose: string;
  readonly final?: boolean | null;
  readonly interim?: boolean | null;
  readonly return_mode?: string | null;
  readonly returned?: string | null;
}

/** When a child leaves, and from when to when it may arrive (Unix seconds). */
export type Plan = { readonly depart: number; readonly from: number; readonly until: number };

/** The section `journey`. */
export const purposeOf = (said: Purpose, situation: string | null): JsonObject => ({
  v: 1,
  purpose: said.purpose,
  final: said.final ?? null,
  interim: said.interim ?? null,
  return_mode: said.return_mode ?? null,
  returned: said.returned ?? null,
  situation,
});

/** Check a section `journey`: its codes, and nothing else. */
export const checkJourney = (value: unknown): void => CODES(value);

/** What the gates are told of a leg: what it is for, where it stands, and `facts` of this step. */
export async function journey(
  member: Member,
  purpose: JsonObject,
  leg: string,
  to: string,
  shown: Shown | null,
  facts: JsonObject = {},
): Promise<Journey> {
  const [there, here] = [await country(member, to), await country(member, shown?.from ?? member.agency)];
  const meeting = await meetings.ofLeg(member, leg);
  return {
    leg,
    ...Object.fromEntries(TOLD.map((name) => [name, purpose[name] ?? null])),
    purpose: String(purpose["purpose"]),
    crosses_border: there !== here,
    receiver: to,
    country: there,
    disagreement: null,
    ...(shown ? standing(shown) : {}),
    handover: (meeting?.document ?? null) as Json,
    ...facts,
  };
}

/** What the sender found before the step that is answered: sealed, and committed to by its statement. */
export interface Theirs {
  readonly document: Json;
  readonly body: JsonObject;
  readonly agency: string;
  readonly at: number;
}

/**
 * Ask the gates before a step, with the approvals of this agency and, of one that answers, those of the other. What the
 * receiver was not shown stands on the sender's word, to which a member's signature is bound.
 */
export async function evaluate(
  member: Member,
  step: string,
  sections: JsonObject,
  known: Journey,
  record: string | null,
  theirs: Theirs | null = null,
): Promise<Result> {
  const now = member.now();
  const lifted = await gates.proven(member, await approved(member, known, record), member.agency, now);
  if (!theirs) return gates.evaluate(step, sections, known, lifted, now);
  const said = gates.opened(theirs.document, theirs.body);
  const { approvals } = theirs.document as unknown as { approvals: Row[] };
  const also = await gates.proven(member, approvals, theirs.agency, theirs.at);
  const ours = await gates.evaluate(step, sections, known, [...lifted, ...also], now);
  return gates.resultOf(await gates.policy(), step, { ...ours, outcomes: gates.recheck(said, ours).map(onWord) });
}

/** Ask the gates before a step, and return what leaves the desk; `gate_closed` where one blocks. */
export async function judge(
  member: Member,
  step: string,
  sections: JsonObject,
  known: Journey,
  record: string | null,
  theirs: Theirs | null = null,
): Promise<{ result: Result; found: Judged }> {
  const result = await evaluate(member, step, sections, known, record, theirs);
  return { result, found: await gates.judged(result, await approved(member, known, record)) };
}

async function approved(member: Member, known: Journey, record: string | null): Promise<Row[]> {
  return record ? (await gates.listing(member, record, known.leg)).map(({ row }) => row) : [];
}

function onWord({ agreed, theirs, ours, stops }: gates.Compared): Result["outcomes"][number] {
  if (stops && theirs === "blocked") return { ...ours, found: "blocked" };
  return agreed === "on_word" ? { ...ours, found: theirs as typeof ours.found } : ours;
}

const country = async (member: Member, agency: string): Promise<string> =>
  (await member.trust.agency(agency, { fresh: false })).entry.country;

/** What the signed words of a leg say that gates ask for. */
function standing(shown: Shown): JsonObject {
  const placed = shown.lines.filter(({ position }) => position !== null).map(({ statement }) => statement);
  const said = new Map(placed.map((statement) => [statement.type, statement]));
  const [accepted, arrived] = [said.get("transfer.accept"), said.get("transfer.arrive")];
  const plan = placed
    .map(({ body }) => body["plan"] as unknown as Plan | null | undefined)
    .filter(Boolean)
    .pop();
  return {
    state: shown.state,
    accepted: accepted !== undefined,
    duty_receiver: (accepted?.body["duty"] as string[] | undefined)?.[0] ?? null,
    departs: plan ? dayOf(plan.depart) : null,
    arrives: plan ? dayOf(plan.until) : null,
    arrived: arrived ? dayOf(Number(arrived.body["seen"])) : null,
    holder: said.has("transfer.take") ? "receiver" : "sender",
    released: shown.state === "released",
  };
}

/** With whom the child is, as its case file says. */
export function situation(sections: JsonObject): string | null {
  const care = sections["care_guardianship"] as JsonObject | undefined;
  const said = care?.["situation"];
  return typeof said === "string" ? said : null;
}

/** The days of a plan, as the gates are told them. */
export const planned = (plan: Plan | null): JsonObject =>
  plan ? { departs: dayOf(plan.depart), arrives: dayOf(plan.until) } : {};

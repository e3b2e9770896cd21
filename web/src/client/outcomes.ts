/**
 * How a loop ends at the sender's desk: the child or caregiver was asked, what came of it, which need nobody met. The twin
 * of `hub/client/outcomes.py` and `unmet.py`.
 *
 * The hub is told that a loop was closed, disputed or resolved, and nothing else. Who was asked, when and how, the answer,
 * the reason of a decline and the barriers stand in the agency's own record of the handoff; a later one replaces it.
 */

import { BANDS } from "../consent/policy.ts";
import { isObject, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { GRADES } from "./bodies.ts";
import { show, type Line, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { openHandoff, REPLY } from "./opening.ts";
import * as coded from "./reasons.ts";
import * as records from "./records.ts";
import { say } from "./referrals.ts";
import { fannedOut } from "./sent.ts";
import { fail, HubError } from "./session.ts";
import { manifestOf } from "./statements.ts";

export const KIND = "outcome";
export const UNMET = "unmet";
/** Days on which somebody was looked for before a loop is closed without their answer. */
const LEAST_ATTEMPTS = 2;
const ENDS = ["referral.decline", "referral.cannot_deliver", "referral.report_outcome"];
/** The step of each end, and the states after it: said twice it is the same. */
const SAYS = {
  closed: ["close", ["loop_closed"]],
  disputed: ["dispute", ["closed_disputed"]],
  resolved: ["resolve", ["closed_declined", "closed_expired", "closed_unmet"]],
} as const;
type End = keyof typeof SAYS;
const ASKED = a.objectOf({
  who: a.oneOf(...coded.WHO),
  how: a.oneOf(...coded.HOW),
  on: a.date,
  answer: a.oneOf(null, ...coded.GOT_HELP),
  words: a.string,
});
const FORM = a.objectOf({
  handoff: a.identifier,
  end: a.oneOf(...Object.keys(SAYS)),
  outcome: a.name,
  reason: a.oneOf(null, ...coded.REASONS),
  barriers: a.listOf(a.oneOf(...coded.BARRIERS), coded.BARRIERS.length),
  grade: a.oneOf(...GRADES),
  asked: a.listOf(ASKED, 50),
  then: a.nullOr(a.identifier),
});
export const AGE_BANDS = ["unknown", ...Object.keys(BANDS)];
const UNMET_FORM = a.objectOf({
  handoff: a.nullOr(a.identifier),
  need: a.oneOf(...Object.keys(coded.NEEDS)),
  area: a.nullOr(a.text),
  age_band: a.oneOf(...AGE_BANDS),
  sex: a.oneOf(null, ...coded.SEXES),
  reason: a.oneOf(...coded.REASONS),
  barriers: a.listOf(a.oneOf(...coded.BARRIERS), coded.BARRIERS.length),
});

/** One time that somebody was asked whether help came; `answer` null: they were not reached. */
export interface Asked {
  readonly who: string;
  readonly how: string;
  readonly on: string;
  readonly answer: string | null;
  readonly words: string;
}

/** Close the loop: the child or caregiver was asked, or looked for on two days at least. */
export async function close(
  member: Member,
  handoff: string,
  asked: readonly Asked[],
  why?: string,
): Promise<JsonObject> {
  const answer = [...asked].reverse().find((row) => row.answer)?.answer ?? null;
  const tried = new Set(asked.map(({ on }) => on)).size;
  if (answer === "no" || (answer === null && tried < LEAST_ATTEMPTS)) wrong("answer");
  return end(member, handoff, "closed", { asked }, why);
}

/** Say that no help came, or not all of it, whatever was reported. A new referral supersedes this one. */
export async function dispute(
  member: Member,
  handoff: string,
  asked: readonly Asked[],
  why?: string,
): Promise<JsonObject> {
  if (!asked.some(({ answer }) => answer === "no" || answer === "partial")) wrong("answer");
  return end(member, handoff, "disputed", { asked }, why);
}

export interface Resolving {
  /** The new handoff, or the record of the unmet need. */
  readonly then: string;
  readonly reason?: string | null;
  readonly barriers?: readonly string[];
}

/** Resolve what was declined, expired or failed. */
export const resolve = (member: Member, handoff: string, given: Resolving, why?: string): Promise<JsonObject> =>
  end(member, handoff, "resolved", given, why);

type Given = { readonly asked?: readonly Asked[]; readonly then?: string | null } & Omit<Partial<Resolving>, "then">;

/** What nobody gave; what is left out is taken from what was sent and what the recipient said. */
export interface Unmet {
  readonly need?: string | null;
  readonly area?: string | null;
  readonly age_band?: string | null;
  readonly sex?: string | null;
  readonly reason?: string | null;
  readonly barriers?: readonly string[];
}

/** Record the need of a referral that came back as unmet, and resolve the referral. */
export async function unmet(member: Member, handoff: string, given: Unmet = {}, why?: string): Promise<JsonObject> {
  const sent = (await fannedOut(member)).find((row) => row["handoff"] === handoff) ?? {};
  const said = await told(member, await show(member, handoff), why);
  const [first] = (sent["needs"] ?? []) as string[];
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value && value.length));
  const row = {
    ...{ area: sent["area"] ?? null, sex: sent["sex"] ?? null, age_band: sent["age_band"] ?? "unknown" },
    ...{ need: first ?? null, reason: coded.reason(said["code"]) ?? "unreachable_organisation" },
    barriers: coded.barriers(said["barriers"]),
    ...named,
  } as JsonObject;
  const then = await noteUnmet(member, { ...row, handoff });
  const { reason, barriers } = row as { reason: string; barriers: string[] };
  return resolve(member, handoff, { then, reason, barriers }, why);
}

/** Keep an unmet need, {handoff, need, area, age_band, sex, reason, barriers}; return its record. Told twice it counts once. */
export async function noteUnmet(member: Member, value: JsonObject): Promise<string> {
  const row = { handoff: null, area: null, sex: null, barriers: [], ...value };
  if (!a.isOf(UNMET_FORM, row)) wrong("need");
  const same = (one: JsonObject) =>
    row.handoff !== null && one["handoff"] === row.handoff && one["need"] === (row as JsonObject)["need"];
  const before = (await records.listing(member, [UNMET])).find((one) => same(one.value));
  return records.put(member, UNMET, row, before ? { handoff: before.handoff } : {});
}

/** How a loop ended, in codes, as it is counted. */
export interface Ended {
  /** yes, partial or no where somebody said whether help came; else the state in which the referral came back. */
  readonly outcome: string;
  readonly reason: string | null;
  readonly barriers: readonly string[];
  readonly grade: string;
}

/** The loops that ended, by handoff, as far as this agency's own records say. */
export async function ended(member: Member): Promise<ReadonlyMap<string, Ended>> {
  const rows = (await records.ofForm(member, KIND, FORM)).reverse(); // the newest counts
  return new Map(rows.map(({ value }) => [String(value["handoff"]), value as unknown as Ended]));
}

/** The needs that nobody met, the newest first, and when each was written down. */
export const unmetNeeds = async (
  member: Member,
): Promise<(Required<Unmet> & { handoff: string | null; at: number })[]> =>
  (await records.ofForm(member, UNMET, UNMET_FORM)).map(({ value, began }) => ({
    ...(value as unknown as Required<Unmet> & { handoff: string | null }),
    at: began,
  }));

/** When the child or caregiver said that help did not come, by handoff. */
export async function disputed(member: Member): Promise<ReadonlyMap<string, number>> {
  const rows = (await records.ofForm(member, KIND, FORM)).filter(({ value }) => value["end"] === "disputed");
  return new Map(rows.map(({ value, at }) => [String(value["handoff"]), at]));
}

/** What the recipient said sealed of how it ended: `code`, `got_help`, `barriers`, `redirect`; or nothing. */
export async function told(member: Member, shown: Shown, why?: string): Promise<JsonObject> {
  const line = lastOf(shown);
  const manifest = line && manifestOf(line.statement);
  if (!manifest || !shown.packets.some(({ hash, manifest: one }) => hash === manifest && one.to === member.agency)) {
    return {};
  }
  const [found] = await openHandoff(member, shown.id, { packet: manifest, why });
  const said = found?.sections[REPLY];
  return isObject(said) ? said : {};
}

/** Keep the record first, so that no loop is ever closed without one; then say it. */
async function end(member: Member, handoff: string, how: End, given: Given, why?: string): Promise<JsonObject> {
  const shown = await show(member, handoff);
  const [step, after] = SAYS[how];
  if (shown.view.possible?.includes(`referral.${step}`)) {
    await keep(member, valueOf(shown, how, given, await told(member, shown, why)));
  } else if (shown.from === member.agency && !(after as readonly string[]).includes(shown.state ?? "")) {
    fail("illegal_transition");
  }
  return say(member, shown, step, {});
}

function valueOf(
  shown: Shown,
  how: End,
  { asked = [], reason = null, barriers = [], then = null }: Given,
  said: JsonObject,
): JsonObject {
  const answers = asked.flatMap(({ answer }) => (answer ? [answer] : []));
  const got = answers[answers.length - 1] ?? said["got_help"];
  const theirs = Array.isArray(said["barriers"]) ? said["barriers"] : [];
  return {
    handoff: shown.id,
    end: how,
    outcome: typeof got === "string" && coded.GOT_HELP.includes(got) ? got : String(shown.state),
    reason: reason ?? coded.reason(said["code"]),
    barriers: coded.barriers([...theirs, ...barriers]),
    grade: lastOf(shown)?.statement.grade ?? "hub",
    asked: asked.map(({ who, how: way, on, answer, words }) => ({ who, how: way, on, answer, words })),
    then,
  };
}

async function keep(member: Member, value: JsonObject): Promise<void> {
  if (!a.isOf(FORM, value)) wrong("asked");
  const rows = await records.listing(member, [KIND]);
  const before = rows.find((row) => row.value["handoff"] === value["handoff"]);
  await records.put(member, KIND, value, before ? { handoff: before.handoff } : {});
}

/** The statement by which the referral came back, or its outcome was told. */
function lastOf(shown: Shown): Line | null {
  const lines = shown.lines.filter(
    ({ statement, standing }) => ENDS.includes(statement.type) && standing === "effective",
  );
  return shown.state === "expired" ? null : (lines.pop() ?? null);
}

function wrong(field: string): never {
  throw new HubError("invalid_request", "", null, { field });
}

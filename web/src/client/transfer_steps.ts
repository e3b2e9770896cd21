/**
 * The steps of a transfer that no gate stops: asked, declined, changed, disputed, frozen, missed, monitored, closed. The
 * twin of `hub/client/transfer_steps.py`.
 *
 * Words of the receiver go sealed to the sender; a sender's words about a child need a basis, so they stay in a sealed note
 * of the own agency, and so does what the receiver says once the case is its own. `transfers.ts` has the steps that gates
 * judge, `findings.ts` those that carry findings.
 */

import { isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { kindOf } from "./bodies.ts";
import * as cases from "./cases.ts";
import * as checking from "./checking.ts";
import * as families from "./families.ts";
import * as gates from "./gates.ts";
import * as handoffs from "./handoffs.ts";
import { show, type Line, type Shown } from "./handoffs.ts";
import * as journeys from "./journey.ts";
import type { Plan } from "./journey.ts";
import { STEPS, whoTakes, withdrawn } from "./legs.ts";
import type { Member } from "./member.ts";
import { openHandoff, received, REPLY } from "./opening.ts";
import { checkWords } from "./reasons.ts";
import * as records from "./records.ts";
import * as referrals from "./referrals.ts";
import { known, newest, placed, whoHolds } from "./register.ts";
import type { Sealed } from "./seal.ts";
import { sealed } from "./sending.ts";
import { fannedOut, sentCopy } from "./sent.ts";
import { fail, HubError } from "./session.ts";
import { agencyOf, manifestOf } from "./statements.ts";
import * as timers from "./timers.ts";
import * as transfers from "./transfers.ts";

const DAY = 86_400;
const CHANGE = "change";
const ARRIVE = "arrive";
const HALT = "halt";
const MESSAGE = "message";
/** What the other side has to sign as well before it takes effect, where the leg stands so that it is claimed. */
const CLAIMED = ["transfer.arrive", "transfer.cancel", "transfer.return"];
const COSIGN = "transfer.cosign";
/** The rule of the timer that a halt sets: the child still needs a plan. */
const OTHERWISE = "alternative_care";
const PLAN_AGAIN = 14 * DAY;
/** The purpose for which a consent lets the sender know how the child is. */
export const FOLLOWED = "reintegration_follow_up";

/** Take a step of `STEPS` on a leg; return the leg as the hub now shows it. The hub may refuse the step. */
export async function take(member: Member, leg: string, name: string, said: JsonObject = {}): Promise<JsonObject> {
  const row = STEPS[name] ?? fail("invalid_request");
  const fixed = Object.keys(kindOf(`transfer.${name}`).body);
  const body = Object.fromEntries(fixed.map((key) => [key, said[key] ?? null]));
  const rest = Object.entries(said).filter(([key, value]) => !fixed.includes(key) && value !== null && value !== "");
  const words = Object.fromEntries(rest);
  const missing = [...fixed, ...row.needs].find(
    (key) => key !== "next" && ({ ...body, ...words }[key] ?? null) === null,
  );
  const nothing = name !== "follow_up" && fixed.includes("next") && body["next"] === null ? "next" : undefined;
  const strange = Object.keys(words).find((key) => ![...row.needs, ...row.may].includes(key));
  const field = missing ?? nothing ?? strange;
  if (field !== undefined) throw new HubError("invalid_request", "", null, { field });
  if (name === ARRIVE && Number(body["seen"]) > member.now())
    throw new HubError("invalid_request", "", null, { field: "seen" });
  if (["close", "reopen", "move_on"].includes(name)) await decided(member, leg, name);
  checkWords(words);
  return sayWith(member, name, await show(member, leg), body, words, row.own);
}

/** Take a step with words: sealed for the sender where the receiver says them, else a note of the own agency. */
export async function sayWith(
  member: Member,
  name: string,
  shown: Shown,
  body: JsonObject,
  words: JsonObject,
  own = false,
): Promise<JsonObject> {
  return say(member, name, shown, body, await wordsOf(member, name, shown, words, own));
}

/** Sign and send a step of one signer, in a role that may take it; return the leg as the hub now shows it. */
export function say(
  member: Member,
  name: string,
  shown: Shown,
  body: JsonObject,
  part: Sealed | null = null,
): Promise<JsonObject> {
  const { roles } = whoTakes(member, shown, name) ?? fail("forbidden");
  return handoffs.say(member, shown, `transfer.${name}`, body, { roles, part });
}

async function wordsOf(
  member: Member,
  name: string,
  shown: Shown,
  words: JsonObject,
  own: boolean,
): Promise<Sealed | null> {
  if (Object.keys(words).length === 0) return null;
  const note = { handoff: shown.id, ...words };
  if (kindOf(`transfer.${name}`).part === "optional" && withdrawn(shown)) {
    await records.put(member, "note", note); // nothing more about this child is taken or given
    return null;
  }
  if (own || member.agency === shown.from) return records.seal(member, "note", note);
  return handoffs.sealReply(member, shown, words);
}

// What the sender adds

/** Answer what the receiver asked, within the basis on which the offer went. */
export const answer = (member: Member, leg: string, more: More): Promise<JsonObject> =>
  add(member, "answer", leg, more);

/** Tell the receiver more between its acceptance and the handover, within the basis on which the offer went. */
export const tell = (member: Member, leg: string, more: More): Promise<JsonObject> => add(member, MESSAGE, leg, more);

/** Tell the sender something, or ask it, between one's own acceptance and the handover; sealed for it alone. */
export const askMore = async (member: Member, leg: string, text: string): Promise<JsonObject> =>
  sayWith(member, MESSAGE, await show(member, leg), {}, { text });

/** Sections that a sender adds, and why the member looks into a case that is not theirs. */
export interface More {
  readonly sections: JsonObject;
  readonly attachments?: ReadonlyMap<string, Bytes>;
  readonly why?: string | undefined;
}

async function add(
  member: Member,
  name: string,
  leg: string,
  { sections, attachments = new Map(), why }: More,
): Promise<JsonObject> {
  const [shown, sent] = [await show(member, leg), await sentCopy(member, leg)];
  await cases.load(member, String(sent["case"]), why, shown);
  const out = { ...(await transfers.again(member, sent, sections, why)), attachments };
  const { part } = await sealed(member, out);
  return say(member, name, shown, {}, part);
}

// On the way

/** Say that the child leaves or arrives at another time; the other side has to acknowledge it. */
export const change = async (member: Member, leg: string, plan: Plan, text?: string): Promise<JsonObject> =>
  sayWith(member, CHANGE, await show(member, leg), { plan: { ...plan } }, text ? { text } : {});

/** The newest change of the other side that nobody here has acknowledged, or null. */
export function unseenChange(member: Member, shown: Shown): Line | null {
  const line = theirs(member, shown, newest(shown, "transfer.change"));
  const seen = placed(shown, "transfer.acknowledge_change").map(({ statement }) => statement.body["statement"]);
  return line && !seen.includes(line.hash) ? line : null;
}

/** Say that the newest change of the other side was seen. */
export async function acknowledgeChange(member: Member, leg: string): Promise<JsonObject> {
  const shown = await show(member, leg);
  const line = unseenChange(member, shown) ?? fail("not_found");
  return say(member, "acknowledge_change", shown, { statement: line.hash });
}

/**
 * Say that the child was seen in person. From an alarm the other side has to sign as well. What the gates leave to be done
 * after an arrival, such as an assessment that an exception put off, gets a timer.
 */
export async function arrive(
  member: Member,
  leg: string,
  seen: number,
  text?: string,
  why?: string,
): Promise<JsonObject> {
  const before = newest(await show(member, leg), "transfer.arrive");
  const answer = await take(member, leg, ARRIVE, { seen, text: text ?? null });
  if (before === null && answer["queued"] !== true && (await cases.ofLeg(member, leg))) {
    const { shown, held, told, theirs } = await transfers.takenIn(member, leg, transfers.OFFER, why);
    const facts = { arrived: gates.dayOf(seen), disagreement: false };
    const asked = await journeys.journey(member, told, leg, member.agency, shown, facts);
    const found = await journeys.evaluate(member, ARRIVE, held.sections, asked, held.record, theirs);
    await gates.followUp(member, held.record, found);
  }
  return answer;
}

/** What the other side claims and waits for this side's signature, or null. */
export function claim(member: Member, shown: Shown): Line | null {
  const line = theirs(member, shown, newest(shown, ...CLAIMED));
  const signed = placed(shown, COSIGN).map(({ statement }) => statement.body["statement"]);
  return line && !signed.includes(line.hash) && (shown.view.possible ?? []).includes(COSIGN) ? line : null;
}

/** Sign what the other side claims: that a missing child was seen, or that the case goes back to the sender. */
export async function cosign(member: Member, leg: string): Promise<JsonObject> {
  const shown = await show(member, leg);
  const line = claim(member, shown) ?? fail("not_found");
  return say(member, "cosign", shown, { statement: line.hash });
}

function theirs(member: Member, shown: Shown, line: Line | null): Line | null {
  const alone = shown.from === shown.to;
  return line && (alone || agencyOf(line.statement) !== member.agency) ? line : null;
}

// Stopping

/**
 * Stop a transfer that is not in the child's best interests, and all else that was asked on the same consent. Interrupted
 * half way, it is finished by running it again. Returns what was done with each handoff, as a code.
 */
export async function halt(member: Member, leg: string, text: string, why?: string): Promise<Map<string, string>> {
  const shown = await show(member, leg);
  if ((shown.view.possible ?? []).includes("transfer.halt")) await sayWith(member, HALT, shown, {}, { text });
  const told = new Map([[leg, "halted"]]);
  const held = await cases.ofLeg(member, leg);
  if (!held) return told;
  await cases.load(member, held.record, why, shown);
  for (const handoff of await concerned(member, held.legs)) {
    if (!told.has(handoff)) told.set(handoff, await stop(member, handoff, text));
  }
  const set = await timers.listing(member, { case: held.record });
  if (!set.some(({ about }) => about?.rule === OTHERWISE)) {
    const label = "A halted transfer: plan other care.";
    const about = { label, case: held.record, rule: OTHERWISE, facts: { leg } };
    await timers.setTimer(member, about, member.now() + PLAN_AGAIN, { urgency: "high" });
  }
  await families.question(member, leg);
  return told;
}

/** The handoffs that went out on the same bases as these legs, or on what came by one of them. */
async function concerned(member: Member, legs: readonly string[]): Promise<string[]> {
  const rows = await fannedOut(member);
  const isOne = (name: Json | undefined): boolean => legs.includes(String(name));
  const bases = rows.filter((row) => isOne(row["handoff"])).map((row) => row["basis"]);
  const named = rows.filter((row) => bases.includes(row["basis"]) || isOne(row["came_by"]));
  return [...new Set([...legs, ...named.map((row) => String(row["handoff"]))])];
}

async function stop(member: Member, handoff: string, text: string): Promise<string> {
  const shown = await known(member, handoff);
  if (!shown) return "never_sent";
  const possible = shown.view.possible ?? [];
  for (const name of ["cancel", "ask_to_stop"]) {
    if (!possible.includes(`referral.${name}`)) continue;
    await referrals.say(member, shown, name, {});
    return name === "cancel" ? "cancelled" : "asked_to_stop";
  }
  if (!possible.includes("transfer.halt")) return "left";
  await sayWith(member, HALT, shown, {}, { text });
  return "halted";
}

// After the handover

/** Close the case on this leg, once two people have closed it (R43), and if the gates permit it; after a death none is asked. */
export async function close(member: Member, leg: string, text?: string, why?: string): Promise<JsonObject> {
  if ((await decided(member, leg, "close")) !== "death") {
    await gates.judged(await checking.before(member, leg, "close", null, why));
  }
  return take(member, leg, "close", { text: text ?? null });
}

/**
 * Why the case of a leg is closed, null where it is open; a step that was not decided so before is refused. A case moves on
 * once another agency holds it by the register, so that no child is let go to nobody.
 */
async function decided(member: Member, leg: string, name: string): Promise<string | null> {
  const held = (await cases.ofLeg(member, leg)) ?? fail("not_found");
  if (name === "move_on") {
    if ((await whoHolds(member, leg)).holder === member.agency) throw undecided(name);
    return null;
  }
  const { read } = await import("./aftercare.ts");
  const { closure } = await read(member, held.record);
  if ((closure !== null) !== (name === "close")) throw undecided(name);
  return closure ? String(closure.value["reason"]) : null;
}

const undecided = (step: string): HubError => new HubError("conflict", "", null, { rule: "R43", step });

/** Say that a visit took place; with `progress`, a section, tell the sender how the child is, where consented. */
export async function followUp(
  member: Member,
  leg: string,
  day: string,
  next: string | null,
  progress: JsonObject | null = null,
): Promise<JsonObject> {
  const shown = await show(member, leg);
  if (progress === null) return say(member, "follow_up", shown, { day, next });
  if (shown.from === member.agency) fail("conflict");
  const basis = await received(member, leg);
  const out = { to: shown.from, sections: progress, basis, purpose: FOLLOWED, cameBy: leg };
  const { part } = await sealed(member, out);
  return say(member, "follow_up", shown, { day, next }, part);
}

/** What the receiver said sealed in statements of these types, for the sender; in their order. */
export async function replies(member: Member, leg: string, ...types: string[]): Promise<[Line, JsonObject][]> {
  const shown = await show(member, leg);
  const opened = new Map((await openHandoff(member, leg)).map((one) => [one.packet, one]));
  return placed(shown, ...types).flatMap((line): [Line, JsonObject][] => {
    const said = opened.get(manifestOf(line.statement) ?? "")?.sections[REPLY];
    return isObject(said) ? [[line, said]] : [];
  });
}

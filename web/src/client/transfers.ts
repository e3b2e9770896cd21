/**
 * Transfers from a worker's desk: open the case, offer it, accept it, travel, hand over. The rest is `transfer_steps.ts`.
 * The twin of `hub/client/transfers.py`.
 *
 * Before each of these steps the gates are asked about the case file; what blocks is said and nothing is sealed. What goes
 * to the other side stands in sealed sections; hubs get dates, member ids and a verdict of constant shape. An offer and an
 * acceptance wait for the second signature as own records (`cosigning.ts`).
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, canonical, isObject, same, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import type { Actor } from "../rcp/statements.ts";
import * as bases from "./basis.ts";
import type { Held } from "./basis.ts";
import * as cases from "./cases.ts";
import type { CaseFile } from "./cases.ts";
import * as cosigning from "./cosigning.ts";
import * as disagreements from "./disagreements.ts";
import * as gates from "./gates.ts";
import type { Judged, Result } from "./gates.ts";
import { pages, sealReply, send, show, type Shown } from "./handoffs.ts";
import { journey, JOURNEY, judge, planned, purposeOf, situation } from "./journey.ts";
import type { Plan, Purpose, Theirs } from "./journey.ts";
import { withdrawn } from "./legs.ts";
import * as meetings from "./meetings.ts";
import type { Meeting } from "./meetings.ts";
import type { Member } from "./member.ts";
import { openHandoff, received, refuseQuarantined, REPLY } from "./opening.ts";
import * as records from "./records.ts";
import { known, LEG, placed } from "./register.ts";
import { copyOf, sealed, type Outgoing } from "./sending.ts";
import { sentCopy } from "./sent.ts";
import { fail } from "./session.ts";
import { manifestOf } from "./statements.ts";
import { devicesOf } from "./trust.ts";

export const OFFER = "transfer.offer";
const RELEASE = "transfer.release";
const SEARCH = "transfer.search";
const PURPOSE = "transfer";
const MEETING = "handover";
/** What duty officers need to search for a child, sealed before anybody travels. */
export const SEARCHED = ["minimal_contact", "identity", "travel_arrival"];
const WORKERS = ["caseworker"];
const SUPERVISORS = ["supervisor"];
const EITHER = [...WORKERS, ...SUPERVISORS];
const LATEST_ANSWER = 30 * 86_400;

/** What a worker offers to one agency: sections of a case file, on a basis; `second` is the supervisor who signs. */
export interface Offer {
  /** The record of the case file. */
  readonly case: string;
  readonly to: string;
  readonly sections: readonly string[];
  readonly basis: Held;
  readonly purpose: Purpose;
  readonly second: string;
  readonly plan?: Plan | null;
  readonly urgency?: string;
  readonly person?: string;
  readonly due?: number;
  readonly attachments?: ReadonlyMap<string, Bytes>;
  /** The leg that an inquiry began. */
  readonly leg?: string;
  /** The id of a new leg, where approvals name it already. */
  readonly newLeg?: string;
  readonly about?: JsonObject;
}

/** A statement that waits for its second signature in the record `cosign`; `result` is what the gates found. */
export interface Prepared {
  readonly leg: string;
  readonly cosign: string;
  readonly result: Result;
}

export const newLeg = (): string => b64u(systemRandom(16));

// The case

/** Begin the register of a case at the own hub: from now on this agency is responsible for the child. */
export async function openCase(member: Member, record: string, why?: string): Promise<CaseFile> {
  const held = await cases.load(member, record, why);
  if (held.case !== null) fail("conflict");
  const reference = newLeg();
  const body = { kind: "case", to: member.agency };
  const by = [await member.me(EITHER)];
  await send(
    member,
    "/api/v1/handoffs",
    member.statement({ type: "case.open", handoff: reference, heads: [], by, body }),
  );
  return cases.link(member, held, { case: reference });
}

/** Say in the register that the case may be passed on by a leg, and in the case file that this leg moves it. */
export async function nameLeg(member: Member, held: CaseFile, leg: string): Promise<CaseFile> {
  if (held.case === null) fail("not_found");
  const { legs, heads } = await registerOf(member, held, held.case);
  if (!legs.includes(leg)) {
    const by = [await member.me(EITHER)];
    const said = member.statement({ type: LEG, handoff: held.case, heads, by, body: { leg } });
    await send(member, `/api/v1/handoffs/${held.case}/statements`, said);
  }
  return cases.link(member, held, { leg });
}

/** By which legs the case may go, and the heads of its register: the intake's where that began it. */
async function registerOf(
  member: Member,
  held: CaseFile,
  reference: string,
): Promise<{ legs: string[]; heads: string[] }> {
  const shown = await known(member, reference);
  if (!shown) return { legs: [], heads: (await show(member, held.legs[0] ?? fail("not_found"))).heads };
  return { legs: placed(shown, LEG).map(({ statement }) => String(statement.body["leg"])), heads: shown.heads };
}

// The offer

/** Seal an offer, if gates and basis permit it, and keep it for the second signature. */
export async function offer(member: Member, out: Offer, why?: string): Promise<Prepared> {
  const leg = out.leg ?? out.newLeg ?? newLeg();
  const held = await cases.load(member, out.case, why);
  const heads = out.leg === undefined ? [] : (await show(member, leg)).heads;
  const told = purposeOf(out.purpose, situation(held.sections));
  const disagreement = await disagreements.isOpen(member, out.basis.handoff);
  const facts = { holder: "sender", disagreement, ...planned(out.plan ?? null) };
  const asked = await journey(member, told, leg, out.to, null, facts);
  const { result, found } = await judge(member, "offer", held.sections, asked, held.record);
  await nameLeg(member, held, leg);
  const going = outgoing(out, chosen(held.sections, out.sections));
  const ready = await sealed(member, going, { [JOURNEY]: told, [gates.SECTION]: found.document });
  const by = [await member.me(WORKERS), await secondSigner(member, out.second)];
  const body = {
    kind: "transfer_leg",
    urgency: out.urgency ?? "high",
    due: out.due ?? member.now() + LATEST_ANSWER,
    plan: out.plan ? { ...out.plan } : null,
    verdict: gates.verdict(found, by, ready.permitted.gates),
    freeze: bases.freezeOf(out.basis, ready.part.packet),
  };
  const said = member.statement({ type: OFFER, handoff: leg, heads, by, body }, ready.part);
  const files = [...(out.attachments?.keys() ?? [])];
  const sent = { ...copyOf(going, leg, ready), attachments: files };
  const copy = { ...sent, begins: out.leg === undefined, case: held.record, [JOURNEY]: told };
  return { leg, cosign: await cosigning.hold(member, said, ready.part, copy), result };
}

/** Sign second and send; after an offer the sections by which a missing child is searched for follow at once. */
export async function cosign(member: Member, record: string): Promise<JsonObject> {
  const handoff = await cosigning.cosign(member, record);
  if (handoff["queued"] === true) return handoff; // the offer waits for a line; what the child is searched for by goes after it
  const item = await cosigning.get(member, record);
  return item.type === OFFER ? search(member, item.handoff, item.copy) : handoff;
}

/** Send the sections by which a missing child is searched for; the receiver is given them from the acceptance on. */
export async function search(member: Member, leg: string, copy?: JsonObject): Promise<JsonObject> {
  const [sent, shown] = [copy ?? (await sentCopy(member, leg)), await show(member, leg)];
  const going = await again(member, sent, chosen(sent["sections"] as JsonObject, SEARCHED));
  const { part } = await sealed(member, going, { [JOURNEY]: sent[JOURNEY]! });
  return post(member, shown, SEARCH, {}, [await member.me(EITHER)], part);
}

// Acceptance

/** How a child is received: sealed for the sender, but for the days and the members on duty. */
export interface Reception {
  readonly plan: Plan;
  readonly duty: readonly string[];
  readonly second: string;
  /** Where, by whom, where the child sleeps: of the receiver's own words. */
  readonly words: JsonObject;
}

/** Accept a transfer with a plan of reception, if the gates permit it here too; keep it for the second signature. */
export async function accept(member: Member, leg: string, reception: Reception, why?: string): Promise<Prepared> {
  const { shown, held, told, theirs } = await takenIn(member, leg, OFFER, why);
  const { plan, duty, second, words } = reception;
  const by = [await member.me(WORKERS), await secondSigner(member, second)];
  const facts = { ...planned(plan), duty_receiver: duty[0] ?? null, disagreement: false };
  const asked = await journey(member, told, leg, member.agency, shown, facts);
  const { result, found } = await judge(member, "accept", held.sections, asked, held.record, theirs);
  const body = { plan: { ...plan }, worker: member.id, duty: [...duty], verdict: gates.verdict(found, by) };
  const part = await sealReply(member, shown, { reception: words, gates: found.document });
  const said = member.statement({ type: "transfer.accept", handoff: leg, heads: shown.heads, by, body }, part);
  const copy = { begins: false, leg, reception: words };
  return { leg, cosign: await cosigning.hold(member, said, part, copy), result };
}

export interface TakenIn {
  readonly shown: Shown;
  readonly held: CaseFile;
  /** What the leg is for. */
  readonly told: JsonObject;
  readonly theirs: Theirs | null;
}

/** Open what was sent, keep it as a case file; return leg, file, purpose and what the sender found at `step`. */
export async function takenIn(member: Member, leg: string, step: string, why?: string): Promise<TakenIn> {
  const shown = await show(member, leg);
  const sections: JsonObject = {};
  const came: [string, JsonObject][] = [];
  let theirs: Theirs | null = null;
  for (const one of await openHandoff(member, leg, { why })) {
    if (one.from !== shown.from) continue;
    refuseQuarantined(one);
    const { statement } = shown.lineOf(one.packet);
    const document = one.sections[gates.SECTION];
    if (statement.type === step && document !== undefined) {
      theirs = { document, body: statement.body, agency: shown.from, at: statement.at };
    }
    Object.assign(sections, one.sections);
    const kept = Object.entries(one.sections).filter(([name]) => name !== REPLY && !bases.BESIDE.includes(name));
    came.push([one.packet, Object.fromEntries(kept)]);
  }
  if (came.length === 0 && !(await cases.ofLeg(member, leg))) fail("not_found");
  const said = sections[JOURNEY];
  if (sections[MEETING] !== undefined) await meetings.receive(member, sections[MEETING], { leg });
  return { shown, held: await cases.receive(member, leg, came), told: isObject(said) ? said : {}, theirs };
}

/** Open what came with a release, and return the record of the meeting, for the own side to tick. */
export async function openedRelease(member: Member, leg: string, why?: string): Promise<Meeting> {
  await takenIn(member, leg, RELEASE, why);
  return (await meetings.ofLeg(member, leg)) ?? fail("not_found");
}

// The way, and the handover

/** Say that the child leaves, if the gates permit it; the travel section goes to the receiver. */
export const depart = (member: Member, leg: string, plan: Plan, why?: string): Promise<JsonObject> =>
  bySender(member, leg, "depart", { plan: { ...plan } }, ["travel_arrival"], planned(plan), why);

/** Let go of the case for the receiver, with the record of the meeting; until the take this agency is responsible. */
export const release = (member: Member, leg: string, why?: string): Promise<JsonObject> =>
  bySender(member, leg, "release", {}, [], {}, why);

/** Take a released case: from the moment the own hub has this, this agency acts as responsible. */
export async function take(member: Member, leg: string, firstContact: string, why?: string): Promise<JsonObject> {
  const { shown, held, told, theirs } = await takenIn(member, leg, RELEASE, why);
  const opened = shown.lines.filter(({ statement }) => statement.type === RELEASE).pop()?.hash;
  if (opened === undefined || shown.state !== "released") return fail("conflict");
  const by = [await member.me(SUPERVISORS)];
  const asked = await journey(member, told, leg, member.agency, shown, { disagreement: false });
  const { result, found } = await judge(member, "take", held.sections, asked, held.record, theirs);
  const body = { release: opened, first_contact: firstContact, verdict: gates.verdict(found, by) };
  const words = { gates: found.document, handover: asked["handover"] ?? null };
  const answer = await post(member, shown, "transfer.take", body, by, await sealReply(member, shown, words));
  await gates.followUp(member, held.record, result);
  return answer;
}

/** Say in the case file by which reference the own register has the case that came by a leg; `not_found`: not yet. */
export async function heldByLeg(member: Member, leg: string): Promise<CaseFile> {
  const held = await cases.ofLeg(member, leg);
  for await (const row of pages(member, "case", "in")) {
    const came = (row["case"] as JsonObject | null | undefined)?.["came_by"];
    if (came === leg && held) return cases.link(member, held, { case: String(row["id"]) });
  }
  return fail("not_found");
}

/** A case file with its reference in the own register, where it came by a leg and the register has it by now. */
export async function inRegister(member: Member, held: CaseFile): Promise<CaseFile> {
  if (held.case !== null || !Array.isArray(held.value["came"])) return held;
  const rows = new Map<string, string>();
  for await (const row of pages(member, "case", "in")) {
    const came = (row["case"] as JsonObject | null | undefined)?.["came_by"];
    if (typeof came === "string") rows.set(came, String(row["id"]));
  }
  const reference = held.legs.map((leg) => rows.get(leg)).find((found) => found !== undefined);
  return reference === undefined ? held : cases.link(member, held, { case: reference });
}

/** Take a step of the sender that the gates judge; these sections go along, and those changed since the offer. */
async function bySender(
  member: Member,
  leg: string,
  step: string,
  body: JsonObject,
  names: readonly string[],
  more: JsonObject,
  why?: string,
): Promise<JsonObject> {
  const [shown, sent] = [await show(member, leg), await sentCopy(member, leg)];
  const held = await cases.load(member, String(sent["case"]), why, shown);
  const told = sent[JOURNEY] as JsonObject;
  const facts = { ...more, disagreement: await disagreements.isOpen(member, String(sent["basis"])) };
  const asked = await journey(member, told, leg, shown.to, shown, facts);
  const { found } = await judge(member, step, held.sections, asked, held.record);
  const by = [await member.me(step === "depart" ? WORKERS : SUPERVISORS)];
  const said = { ...body, verdict: gates.verdict(found, by) };
  const type = `transfer.${step}`;
  if (withdrawn(shown)) return unsealed(member, shown, type, said, by, found);
  const went = sent["sections"] as JsonObject;
  const now = Object.entries(chosen(held.sections, Object.keys(went)));
  const news = now.filter(([name, value]) => names.includes(name) || !same(canonical(value), canonical(went[name]!)));
  const sections = news.length ? Object.fromEntries(news) : least(held.sections, went);
  const meeting = step === "release" ? (asked["handover"] ?? null) : null;
  const beside = {
    [gates.SECTION]: found.document,
    [JOURNEY]: told,
    ...(meeting === null ? {} : { [MEETING]: meeting }),
  };
  const { part } = await sealed(member, await again(member, sent, sections), beside);
  return post(member, shown, type, said, by, part);
}

/** A packet is of some section: the least of those that went. */
function least(held: JsonObject, went: JsonObject): JsonObject {
  const name = [...SEARCHED, ...Object.keys(went)].find((one) => one in went) ?? fail("invalid_request");
  return { [name]: held[name] ?? went[name]! };
}

/** Take a step after consent was withdrawn on the way: nothing more is disclosed, what was found stays here. */
async function unsealed(
  member: Member,
  shown: Shown,
  type: string,
  body: JsonObject,
  by: Actor[],
  { document }: Judged,
): Promise<JsonObject> {
  await records.put(member, "note", { handoff: shown.id, reason: `gates at ${type.slice(9)}`, gates: document });
  return post(member, shown, type, body, by, null);
}

// What these have in common

type Part = Parameters<typeof send>[3];

function post(
  member: Member,
  shown: Shown,
  type: string,
  body: JsonObject,
  by: Actor[],
  part: Part,
): Promise<JsonObject> {
  const said = member.statement({ type, handoff: shown.id, heads: shown.heads, by, body }, part ?? null);
  return send(member, `/api/v1/handoffs/${shown.id}/statements`, said, part ?? null);
}

/** Those of the sections that there are. */
export const chosen = (sections: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name): [string, Json][] => (name in sections ? [[name, sections[name]!]] : [])));

/** The supervisor who signs second: another member of the agency. */
export async function secondSigner(member: Member, second: string): Promise<Actor> {
  const certs = devicesOf(await member.home(), second, member.now());
  if (second === member.id || !certs.some(({ roles }) => roles.includes("supervisor"))) fail("forbidden");
  return { agency: member.agency, member: second, role: "supervisor" };
}

/** What goes to the other agency, as consent is asked about it. */
export function outgoing(out: Offer, sections: JsonObject): Outgoing {
  if (Object.keys(sections).length === 0) fail("invalid_request");
  const { to, basis, urgency = "high", person, attachments, about } = out;
  return {
    ...{ to, sections, basis, purpose: PURPOSE, urgency },
    ...(person === undefined ? {} : { person }),
    ...(attachments ? { attachments } : {}),
    ...(about ? { about } : {}),
  };
}

/** A further packet of a leg, on the basis on which the offer went. */
export async function again(member: Member, sent: JsonObject, sections: JsonObject, why?: string): Promise<Outgoing> {
  const shown = await show(member, String(sent["handoff"]));
  const basis =
    sent["came_by"] !== null && sent["came_by"] === sent["basis"]
      ? await received(member, String(sent["came_by"]))
      : await bases.load(member, String(sent["basis"]), why, shown);
  const named = ["to", "purpose", "service", "person", "inbox"].filter((name) => (sent[name] ?? null) !== null);
  return { ...Object.fromEntries(named.map((name) => [name, sent[name]!])), sections, basis } as unknown as Outgoing;
}

/** The packet beside which the receiver accepted, where its plan of reception stands sealed for the sender. */
export const acceptancePacket = (shown: Shown): string | null => {
  const line = placed(shown, "transfer.accept").pop();
  return line ? manifestOf(line.statement) : null;
};

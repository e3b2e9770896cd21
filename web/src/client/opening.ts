/**
 * Opening what others sent: verify first, ask the basis again, quarantine what it does not cover. The twin of
 * `hub/client/opening.py`.
 *
 * The receiver's client runs the sender's own rules on the excerpt inside the packet, at the time that it was made. A
 * section beyond it is not shown; the caller is told which, to tell the sender and the data officer.
 */

import { BasisError, check, CONSENT, VITAL, type Excerpt } from "../consent/basis.ts";
import { decide, untilMonth, type Reason, type Recipient } from "../consent/decide.ts";
import * as record from "../consent/record.ts";
import { systemRandom } from "../rcp/age.ts";
import { canonical, isObject, same, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import type { Packet } from "../rcp/packet.ts";
import type { Statement } from "../rcp/statements.ts";
import * as access from "./access.ts";
import { ARRIVAL, INQUIRY, type Alone } from "./alone.ts";
import * as approvals from "./approvals.ts";
import { categories, Held } from "./basis.ts";
import * as gates from "./gates.ts";
import { open, replyExcerpt, show, type Listed, type Shown } from "./handoffs.ts";
import * as handover from "./handover.ts";
import { checkJourney, JOURNEY } from "./journey.ts";
import type { Member } from "./member.ts";
import * as routing from "./routing.ts";
import { fail, HubError } from "./session.ts";
import { isMember } from "./statements.ts";

const SKEW = 600;
const SEARCH = "transfer.search";
const ACCEPT = "transfer.accept";
export const REPLY = "reply";
export const REQUEST = "request";
/** What is held back where a packet has nothing else: no section, so nothing that a basis could cover. */
const ATTACHMENTS = "attachments";
const ALONE: { readonly [type: string]: Alone } = {
  "capacity.ask": INQUIRY,
  "transfer.inquire": INQUIRY,
  "transfer.notice": ARRIVAL,
};
const ABOUT_NOBODY = ["capacity.ask", "transfer.inquire", "capacity.answer", "transfer.answer_inquiry"];

/** A packet's content that the basis covers; `quarantined` names the sections that it does not, with the reasons. */
export interface Opened {
  readonly packet: string;
  readonly from: string;
  readonly author: string;
  readonly created: number;
  readonly sections: JsonObject;
  readonly attachments: ReadonlyMap<string, Bytes>;
  readonly quarantined: HeldBack;
}

export type HeldBack = { readonly [section: string]: readonly Reason[] };

/** Refuse what is held back: the error names the sections and says why. */
export function refuseQuarantined({ quarantined }: Opened): void {
  const sections = Object.keys(quarantined).sort();
  if (sections.length === 0) return;
  const reasons = Object.values(quarantined).flat() as unknown as Json;
  throw new HubError("not_permitted", "", null, { sections, reasons });
}

export interface Opening {
  /** One packet; none opens all that the agency was given. */
  readonly packet?: string;
  /** Why the member needs it, where it is not theirs (R46). */
  readonly why?: string | undefined;
}

/** Open what was sent to the member's agency in a handoff; that is logged, before anything is shown. */
export async function openHandoff(member: Member, handoff: string, how: Opening = {}): Promise<Opened[]> {
  const shown = await show(member, handoff);
  const mine = given(member, shown).filter(({ hash }) => how.packet === undefined || how.packet === hash);
  if (mine.length) await access.log(member, await access.beforeOpen(member, shown, how.why));
  const found: Opened[] = [];
  for (const listed of mine) found.push(await opened(member, shown, listed));
  return found;
}

/** Open one packet of a handoff that is about nobody, so that no opening is logged: an inquiry, or its answer. */
export async function look(member: Member, shown: Shown, manifest: string): Promise<Opened> {
  if (!ABOUT_NOBODY.includes(shown.lineOf(manifest).statement.type)) fail("invalid_request");
  return opened(member, shown, shown.packet(manifest));
}

async function opened(member: Member, shown: Shown, listed: Listed): Promise<Opened> {
  const packet = await open(member, shown, listed);
  const quarantined = await judged(member, shown, packet);
  const seen = [...packet.sections].filter(([name]) => !Object.hasOwn(quarantined, name));
  const whole = Object.keys(quarantined).length === 0;
  return {
    packet: packet.hash,
    from: packet.manifest.from,
    author: packet.author,
    created: packet.manifest.created,
    sections: Object.fromEntries(seen),
    attachments: whole ? packet.attachments : new Map(),
    quarantined,
  };
}

/** The packets that the agency is given: by which a child is searched for, once it has accepted the case. */
function given(member: Member, shown: Shown): Listed[] {
  const accepted = shown.lines.some(({ statement, position }) => statement.type === ACCEPT && position !== null);
  const closed = (manifest: string) => !accepted && shown.lineOf(manifest).statement.type === SEARCH;
  const mine = shown.packets.filter(({ manifest, destroyed }) => manifest.to === member.agency && !destroyed);
  return mine.filter(({ hash }) => !closed(hash));
}

/** The consent on which a packet came, to pass its content on to whom the giver named (R15). */
export async function received(member: Member, handoff: string): Promise<Held> {
  const shown = await show(member, handoff);
  const mine = given(member, shown);
  const { excerpt } = await open(member, shown, mine[mine.length - 1] ?? fail("not_found")); // what the giver said last
  try {
    record.readExcerpt(excerpt);
  } catch (error) {
    if (!(error instanceof BasisError)) throw error;
    throw new HubError("invalid_request", "", null, { rule: "R15" });
  }
  return new Held(handoff, "", excerpt as unknown as Excerpt, systemRandom(32), [], handoff);
}

/** The sections that the packet's basis does not cover, with the reasons. */
export async function judged(member: Member, shown: Shown, packet: Packet): Promise<HeldBack> {
  const { manifest, excerpt } = packet;
  if (manifest.from === manifest.to || excerpt === null || manifest.grant === null) return {};
  const said = shown.lineOf(packet.hash).statement;
  const alone = ALONE[said.type];
  if (alone) return judgedAlone(member, packet, excerpt, alone);
  if (excerpt["basis"] === REPLY) {
    need(isReply(member, shown, packet, excerpt), "bad_signature");
    return heldBack([...packet.sections.keys()].filter((name) => name !== REPLY));
  }
  need(excerpt["kind"] !== VITAL || supervised(said, excerpt), "bad_signature");
  const { agency, kind, country } = (await member.home()).entry;
  need(manifest.grant.country === country, "bad_signature");
  const unknown = { active: null, firewall_until: null, safeguarding_until: null };
  const recipient: Recipient = { agency, kind, country, person: manifest.files[0]!.member, ...unknown };
  const basis = factsOf(excerpt);
  const holder = direct(basis, agency) ? null : manifest.from;
  const facts = await proven(member, shown, packet, basis, holder);
  const asked = routing.read(packet.sections.get(REQUEST));
  const request = { recipient, purpose: asked?.purpose ?? "", service: asked?.service ?? null, holder };
  const judge = (names: readonly string[]) => decide(facts, { ...request, categories: names }, manifest.created, null);
  const found: { [section: string]: readonly Reason[] } = { ...heldBack(misshapen(packet.sections, said)) };
  for (const name of categories(packet.sections.keys())) {
    const answer = judge([name]);
    if (!answer.permit) found[name] = answer.reasons;
  }
  const whole = judge(categories(packet.sections.keys()));
  if (!whole.permit) return Object.keys(found).length ? found : all(packet, whole.reasons);
  need(untilMonth(whole.until) >= manifest.grant.until, "bad_signature");
  return found;
}

const heldBack = (names: readonly string[]): HeldBack => Object.fromEntries(names.map((name) => [name, []]));

function all({ sections }: Packet, reasons: readonly Reason[]): HeldBack {
  const names = sections.size ? [...sections.keys()] : [ATTACHMENTS];
  return Object.fromEntries(names.map((name) => [name, reasons]));
}

/** What an excerpt says, its parts checked against the head of the record; one that is none says nothing. */
function factsOf(excerpt: JsonObject): JsonObject {
  try {
    return excerpt["kind"] === CONSENT ? record.readExcerpt(excerpt) : { ...check(excerpt) };
  } catch (error) {
    if (error instanceof BasisError) return {};
    throw error;
  }
}

/** The facts with the approvals that the sender gave, by those who might when the packet was sent. */
async function proven(
  member: Member,
  shown: Shown,
  { manifest, excerpt, hash }: Packet,
  facts: JsonObject,
  holder: string | null,
): Promise<JsonObject> {
  const { overrides } = facts;
  if (!Array.isArray(overrides) || overrides.length === 0) return facts;
  const host = hostOf(manifest.from);
  const receipt = shown.lineOf(hash).words.find((word) => word.receipt && word.host === host)?.receipt;
  const place = receipt ? { host, index: receipt.index } : null;
  const agency = holder === null ? manifest.from : null;
  const { record } = (excerpt as unknown as Excerpt).head;
  return approvals.proven(member, facts, { record, at: manifest.created, agency, place });
}

/** Whether the giver named this agency as a recipient; else it may only have been passed on by one (R15). */
function direct({ grants }: JsonObject, agency: string): boolean {
  return !Array.isArray(grants) || grants.some((row) => isObject(row) && row["recipient"] === agency);
}

/**
 * Whether the supervisor in a vital interest signed the submission, as another member than its caseworker (R01). What was
 * made after that signature was not signed: no later packet brings another 72 hours.
 */
function supervised({ by, at }: Statement, { made, supervisor }: JsonObject): boolean {
  if (typeof made === "number" && made > at + SKEW) return false;
  const signers = by.filter(isMember);
  return signers.length > 1 && signers.some(({ member, role }) => member === supervisor && role === "supervisor");
}

const isReply = (member: Member, shown: Shown, { manifest }: Packet, excerpt: JsonObject): boolean =>
  equal(excerpt, replyExcerpt(shown)) && shown.from === member.agency && manifest.from === shown.to;

/** The sections of a packet that rests on no basis: all, if there is more than one section of its form. */
function judgedAlone(
  member: Member,
  packet: Packet,
  excerpt: JsonObject,
  { section, form, ...alone }: Alone,
): HeldBack {
  need(equal(excerpt, alone.excerpt(member.agency)), "bad_signature");
  const { sections, attachments } = packet;
  const fits = sections.size === 1 && attachments.size === 0 && isOf(() => form(sections.get(section)));
  return fits ? {} : all(packet, []);
}

/** The sections that no basis covers and that are not of their closed forms: they could say anything. */
function misshapen(sections: Packet["sections"], said: Statement): string[] {
  const forms: [string, (value: Json) => void][] = [
    [JOURNEY, checkJourney],
    [gates.SECTION, (value) => gates.checkDocument(value, said.body)],
    [handover.SECTION, (value) => void handover.check(value)],
    [REQUEST, (value) => void (routing.read(value) ?? refuse("malformed"))],
  ];
  return forms
    .filter(([name, form]) => sections.has(name) && !isOf(() => form(sections.get(name)!)))
    .map(([name]) => name);
}

function isOf(form: () => void): boolean {
  try {
    form();
    return true;
  } catch (error) {
    if (error instanceof PacketError && ["malformed", "bad_signature"].includes(error.code)) return false;
    throw error;
  }
}

const equal = (one: JsonObject, other: JsonObject): boolean => same(canonical(one), canonical(other));

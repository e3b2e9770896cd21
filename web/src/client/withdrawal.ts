/**
 * Withdrawal at an agency's desk: tell every holder, see how far the recall has come, answer as a holder. The twin of
 * `hub/client/withdrawal.py`.
 *
 * What became of a copy is read out of what hubs and holders signed (`custody.ts`); only that a packet never left, and by
 * when an answer is due, is the own hub's word. A holder that passed the packet on withdraws there first, and its sealed
 * answer names the onward holders, as far down as they have answered.
 */

import type { JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import * as bases from "./basis.ts";
import { custodyOf, HOLDER_ANSWER, HOLDERS, WITHDRAW, type Custody } from "./custody.ts";
import { GIVES_UP, open, say, sealReply, show, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { judged, REPLY } from "./opening.ts";
import { noted } from "./referrals.ts";
import { fannedOut } from "./sent.ts";
import { fail, HubError } from "./session.ts";
import { manifestOf } from "./statements.ts";

export const ANSWERS = ["erased", "locked", "cannot"] as const;
export type Answer = (typeof ANSWERS)[number];
/** What stands for an onward holder's answer where there was nothing to answer for. */
const NEVER_OPENED = "never_opened";
/** Onward holders that one answer names. */
const MOST = 64;
const ONWARD = a.objectOf({
  to: a.agency,
  asked: a.seconds,
  answer: a.nullOr(a.oneOf(...ANSWERS, NEVER_OPENED)),
});
const SAID = a.objectOf({ v: a.integer(1, 1), ground: a.nullOr(a.string), onward: a.listOf(ONWARD, MOST) });

/** To whom a holder passed something on, since when it has been asked for it, and what it answered. */
export type Onward = { to: string; asked: number; answer: string | null };

/**
 * One agency that was sent something on a consent, and what is known of its copy. `custody` is null where the withdrawal has
 * not been said there yet, or the packet never went out.
 */
export interface Holder {
  readonly handoff: string;
  readonly to: string;
  readonly custody: Custody | null;
  readonly due: number | null;
  readonly ground: string | null;
  readonly onward: readonly Onward[];
}

/**
 * Write down that a consent was withdrawn, and tell every agency that was sent something on it; return handoffs. Interrupted
 * half way, it is finished by running it again, which says nothing twice.
 */
export async function withdraw(member: Member, basis: string, by = "giver"): Promise<string[]> {
  await bases.withdraw(member, basis, by);
  const rows = (await fannedOut(member)).filter((row) => row["basis"] === basis);
  return tell(member, rows.map(handoffOf), { basis, withdrawn: true });
}

/** Everybody who was sent something on a consent, and what is known of their copies. */
export async function status(member: Member, basis: string): Promise<Holder[]> {
  const rows = (await fannedOut(member)).filter((row) => row["basis"] === basis);
  return Promise.all(rows.map((row) => holder(member, handoffOf(row), String(row["to"]))));
}

/**
 * Say as a holder what became of the copy. Whoever this agency passed it on to is told before. What this device keeps of it
 * is the caller's to let go of first, where it says `erased`.
 */
export async function answer(
  member: Member,
  handoff: string,
  said: Answer,
  ground: string | null = null,
): Promise<{ shown: JsonObject; onward: readonly Onward[] }> {
  const shown = await show(member, handoff);
  if (custodyOf(shown).withdrawn === null) fail("illegal_transition");
  if ((said === "cannot") !== Boolean(ground)) fail("invalid_request");
  const onward = (await passedOn(member, handoff)).slice(0, MOST);
  const words = { ground, onward };
  const part = ground || onward.length ? await sealReply(member, shown, words) : null;
  const after = await say(member, shown, HOLDER_ANSWER, { answer: said }, { roles: HOLDERS, part });
  return { shown: after, onward };
}

const handoffOf = (row: JsonObject): string => String(row["handoff"]);

async function tell(member: Member, handoffs: readonly string[], evidence: JsonObject): Promise<string[]> {
  const told: string[] = [];
  for (const handoff of new Set(handoffs)) {
    try {
      const shown = await show(member, handoff);
      const known = shown.lines.some(({ statement, refused }) => GIVES_UP.includes(statement.type) && !refused);
      if (!known) {
        const hash = await noted(member, evidence); // under a key of its own: no two withdrawals can be joined
        await say(member, shown, WITHDRAW, { evidence: hash });
      }
      told.push(handoff);
    } catch (error) {
      if (!neverSent(error)) throw error;
    }
  }
  return told;
}

const neverSent = (error: unknown): boolean =>
  error instanceof HubError && ["not_found", "illegal_transition"].includes(error.code);

/** Withdraw from whoever this agency passed a handoff's content on to; return them, and those after them. */
async function passedOn(member: Member, handoff: string): Promise<Onward[]> {
  const rows = (await fannedOut(member)).filter((row) => row["came_by"] === handoff);
  await tell(member, rows.map(handoffOf), { handoff, withdrawn: true });
  const found: Onward[] = [];
  for (const row of rows) {
    const { to, custody, onward } = await holder(member, handoffOf(row), String(row["to"]));
    if (custody === null || custody.withdrawn === null) continue;
    const nothing = custody.recall === "certain" ? NEVER_OPENED : null;
    found.push({ to, asked: custody.withdrawn, answer: custody.answer?.said ?? nothing }, ...onward);
  }
  return found;
}

async function holder(member: Member, handoff: string, to: string): Promise<Holder> {
  const unknown = { handoff, to, custody: null, due: null, ground: null, onward: [] };
  try {
    const shown = await show(member, handoff);
    const custody = custodyOf(shown);
    if (custody.withdrawn === null) return unknown;
    const { ground, onward } = await reply(member, shown);
    return { handoff, to, custody, due: shown.view.custody?.due ?? null, ground, onward };
  } catch (error) {
    if (error instanceof HubError && error.code === "not_found") return unknown;
    throw error;
  }
}

/** What stands sealed in the holder's last answer: nothing about the child, so no opening is logged. */
async function reply(member: Member, shown: Shown): Promise<{ ground: string | null; onward: Onward[] }> {
  const answers = shown.lines.filter(({ statement, refused }) => statement.type === HOLDER_ANSWER && !refused);
  const last = answers[answers.length - 1];
  const manifest = last && shown.from === member.agency ? manifestOf(last.statement) : null;
  if (manifest === null) return { ground: null, onward: [] };
  const packet = await open(member, shown, shown.packet(manifest));
  const value = packet.sections.get(REPLY);
  SAID(value);
  need(packet.excerpt?.["basis"] === REPLY, "malformed");
  await judged(member, shown, packet);
  return value as { ground: string | null; onward: Onward[] };
}

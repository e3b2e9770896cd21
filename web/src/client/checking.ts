/** The gates of a transfer as a checklist, before anybody tries the step: nothing is signed, sealed or sent. */

import type { JsonObject } from "../rcp/encoding.ts";
import * as cases from "./cases.ts";
import * as disagreements from "./disagreements.ts";
import type { Result } from "./gates.ts";
import { show } from "./handoffs.ts";
import { evaluate, journey, JOURNEY, planned, purposeOf, situation, type Plan, type Purpose } from "./journey.ts";
import type { Member } from "./member.ts";
import { INTAKE } from "./register.ts";
import { sentCopy } from "./sent.ts";
import { fail } from "./session.ts";
import { OFFER, takenIn } from "./transfers.ts";

/** Which statement of the sender a step of the receiver answers; what it was not shown stands on that word. */
const ANSWERED: { readonly [step: string]: string } = {
  accept: OFFER,
  take: "transfer.release",
  close: "transfer.release",
};

/** What the gates find before a case is offered; `leg` is the one that approvals name. */
export async function beforeOffer(
  member: Member,
  record: string,
  to: string,
  purpose: Purpose,
  leg: string,
  plan: Plan | null = null,
  why?: string,
): Promise<Result> {
  const held = await cases.load(member, record, why);
  const told = purposeOf(purpose, situation(held.sections));
  const facts = { holder: "sender", disagreement: false, ...planned(plan) };
  const known = await journey(member, told, leg, to, null, facts);
  return evaluate(member, "offer", held.sections, known, held.record);
}

/** What the gates find before a step on a leg, from the side of the own agency. */
export async function before(
  member: Member,
  leg: string,
  step: string,
  plan: Plan | null = null,
  why?: string,
): Promise<Result> {
  const shown = await show(member, leg);
  const facts = { ...planned(plan), disagreement: false };
  if (shown.lines[0]!.statement.type === INTAKE) {
    const known = (await cases.ofLeg(member, leg)) ?? fail("not_found"); // it came from nobody, and is held from its first word on
    const held = await cases.load(member, known.record, why, shown);
    const told = purposeOf({ purpose: "return" }, situation(held.sections));
    const asked = await journey(member, told, leg, shown.to, shown, { ...facts, holder: "receiver" });
    return evaluate(member, step, held.sections, asked, held.record);
  }
  if (member.agency === shown.from) {
    const sent = await sentCopy(member, leg);
    const held = await cases.load(member, String(sent["case"]), why, shown);
    const disagreement = await disagreements.isOpen(member, String(sent["basis"]));
    const asked = await journey(member, sent[JOURNEY] as JsonObject, leg, shown.to, shown, { ...facts, disagreement });
    return evaluate(member, step, held.sections, asked, held.record);
  }
  const { held, told, theirs, shown: now } = await takenIn(member, leg, ANSWERED[step] ?? OFFER, why);
  const asked = await journey(member, told, leg, now.to, now, facts);
  return evaluate(member, step, held.sections, asked, held.record, step in ANSWERED ? theirs : null);
}

/**
 * Brothers and sisters, a parent and children: one journey, and for each child an own case, consent, packet and leg. The
 * twin of `hub/client/families.py`.
 *
 * To every hub the legs stand alone; that they belong together is an own record (`groups.ts`), written down before anything
 * is sent. What stops one child stops nobody else: it raises the question of the others, as a timer on each case that goes on.
 */

import { canonical, type JsonObject } from "../rcp/encoding.ts";
import * as bases from "./basis.ts";
import * as cases from "./cases.ts";
import type { Waiting } from "./cosigning.ts";
import * as groups from "./groups.ts";
import { show, type Shown } from "./handoffs.ts";
import type { Plan } from "./journey.ts";
import { checkApart, type Going } from "./kin.ts";
import type { Member } from "./member.ts";
import { known } from "./register.ts";
import { HubError } from "./session.ts";
import * as timers from "./timers.ts";
import { chosen, newLeg, offer as offerOne, outgoing, type Offer, type Prepared } from "./transfers.ts";

const RULE = "siblings";
const DAY = 86_400;
const WITHIN = 2 * DAY;
/** Where a child does not travel on as was planned. */
const STOPPED = "declined expired frozen disputed cancelled closed_declined closed_expired consent_withdrawn".split(
  " ",
);
const OVER = "responsibility_transferred monitoring onward closed".split(" ");

/** One child of a family that is offered: the offer that waits to be co-signed, or why it was not made. */
export interface Child {
  readonly case: string;
  readonly leg: string;
  readonly prepared: Prepared | null;
  readonly refused: HubError | null;
}

/**
 * Offer several children of one family to one agency, kept together: one packet and one consent for each. A child whose
 * consent or gates do not permit it stays; its brothers and sisters may go on, and somebody asks about them.
 */
export async function offer(member: Member, outs: readonly Offer[], why?: string): Promise<Child[]> {
  const together = new Set(outs.map(({ to, plan }) => String(canonical({ to, plan: plan ? { ...plan } : null }))));
  if (together.size !== 1) throw new HubError("invalid_request", "", null, { field: "plan" });
  const named = outs.map((out) => ({ ...out, newLeg: out.newLeg ?? newLeg() }));
  const going = [];
  for (const out of named) {
    const { sections } = await cases.load(member, out.case, why);
    going.push(outgoing(out, chosen(sections, out.sections)));
  }
  checkApart(going);
  await groups.tie(
    member,
    "household",
    named.map((out) => out.leg ?? out.newLeg),
  );
  const made: Child[] = [];
  for (const out of named) made.push(await offered(member, out, why));
  if (made.some(({ refused }) => refused)) {
    for (const { prepared, leg } of made) if (prepared) await askAbout(member, leg);
  }
  return made;
}

/**
 * Offer one more child of a family whose offers wait to be signed: kept together with them, at one agency and one time. No
 * packet may name another one of them.
 */
export async function offerBeside(
  member: Member,
  out: Offer,
  others: readonly Waiting[],
  why?: string,
): Promise<Prepared> {
  const whole = { ...out, newLeg: out.newLeg ?? newLeg() };
  const journeys = [whole.plan, ...others.map(({ statement }) => statement.body["plan"])];
  const together = new Set(journeys.map((plan) => JSON.stringify(canonicalPlan(plan))));
  if (together.size !== 1 || others.some(({ copy }) => copy["to"] !== out.to)) {
    throw new HubError("invalid_request", "", null, { field: "plan" });
  }
  const { sections } = await cases.load(member, out.case, why);
  const going: Going[] = [outgoing(whole, chosen(sections, out.sections))];
  for (const { copy } of others) {
    const basis = await bases.load(member, String(copy["basis"]), why);
    going.push({ to: out.to, basis, sections: copy["sections"] as JsonObject });
  }
  checkApart(going);
  await groups.tie(member, "household", [...others.map(({ handoff }) => handoff), out.leg ?? whole.newLeg]);
  return offerOne(member, whole, why);
}

const canonicalPlan = (plan: unknown): unknown => {
  const { depart, from, until } = (plan ?? {}) as Partial<Plan>;
  return [depart, from, until];
};

async function offered(member: Member, out: Offer & { newLeg: string }, why?: string): Promise<Child> {
  const named = { case: out.case, leg: out.leg ?? out.newLeg };
  try {
    return { ...named, prepared: await offerOne(member, out, why), refused: null };
  } catch (error) {
    if (error instanceof HubError && ["gate_closed", "consent_missing"].includes(error.code)) {
      return { ...named, prepared: null, refused: error };
    }
    throw error;
  }
}

/** The legs of the other children who travel with this one. */
export async function siblings(member: Member, leg: string): Promise<string[]> {
  const tied = (await groups.of(member, leg)).filter(({ how }) => how === "household");
  return tied.flatMap(({ handoffs }) => handoffs).filter((one) => one !== leg);
}

/**
 * Ask about the others where a child was stopped: a timer on each of their cases that goes on; return those set. Run again
 * it sets none twice.
 */
export async function question(member: Member, leg: string): Promise<string[]> {
  const { state } = await show(member, leg);
  if (!STOPPED.includes(state ?? "")) return [];
  const others: Shown[] = [];
  for (const name of await siblings(member, leg)) {
    const shown = await known(member, name); // none: not sent yet
    if (shown) others.push(shown);
  }
  const made: string[] = [];
  for (const other of others.filter(({ state }) => ![...STOPPED, ...OVER].includes(state ?? ""))) {
    const set = await askAbout(member, other.id);
    if (set !== null) made.push(set);
  }
  return made;
}

async function askAbout(member: Member, leg: string): Promise<string | null> {
  const held = await cases.ofLeg(member, leg);
  if (!held) return null;
  const asked = await timers.listing(member, { case: held.record });
  if (asked.some(({ about }) => about?.rule === RULE && (about.facts as JsonObject)["leg"] === leg)) return null;
  const label = "A brother or sister does not travel: is this journey still right?";
  const about = { label, case: held.record, rule: RULE, facts: { leg } };
  return timers.setTimer(member, about, member.now() + WITHIN, { urgency: "urgent" });
}

/**
 * Referrals that belong together, as only their sender knows: a household, several providers asked, what follows what. The
 * twin of `hub/client/groups.py`.
 *
 * To each hub and each recipient every handoff stands alone: own id, own packet, own basis. What ties them is an own
 * record, put before anything is sent, so that nothing that went out is ever untied. Decides no step: it takes them.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import * as bases from "./basis.ts";
import * as cosigning from "./cosigning.ts";
import { show, type Shown } from "./handoffs.ts";
import { checkApart } from "./kin.ts";
import type { Member } from "./member.ts";
import * as outcomes from "./outcomes.ts";
import * as records from "./records.ts";
import { say } from "./referrals.ts";
import { known } from "./register.ts";
import { askedOf, send, type Outgoing, type Sent, type Stage } from "./sending.ts";
import { sentCopy } from "./sent.ts";
import { fail, HubError } from "./session.ts";

export const KIND = "group";
const MOST = 64;
const DAY = 86_400;
/** Why referrals belong together; of the last three the second follows the first. */
export const HOWS = ["household", "choice", "rerouted", "supersedes", "linked"] as const;
export type How = (typeof HOWS)[number];
/** Where a provider has said yes. */
export const CONFIRMED: readonly string[] = ["accepted", "waitlisted", "in_progress", "on_hold", "outcome_reported"];
/** Where a referral came back to its sender, who has to do something about it. */
const BACK = ["declined", "expired", "not_completed"];
const LETS_GO = { cancel: "cancelled", ask_to_stop: "asked to stop" } as const;
const FORM = a.objectOf({
  how: a.oneOf(...HOWS),
  handoffs: a.listOf(a.identifier, MOST, 2),
  chosen: a.nullOr(a.identifier),
});

/** Referrals that belong together; `chosen` is the one that was confirmed, of several providers asked. */
export interface Group {
  readonly record: string;
  readonly how: How;
  readonly handoffs: readonly string[];
  readonly chosen: string | null;
}

/** What became of each that was to be sent: once one has gone out, the refusal of another is told beside it. */
export interface Went {
  readonly handoff: string;
  readonly sent: Sent | null;
  readonly refused: unknown;
}

/** Told how far the sending of which one has come. */
type Watch = (stage: Stage, at: number) => void;

/** What this agency's records tie together, those before `since` left out. */
export async function every(member: Member, since = 0): Promise<Group[]> {
  const rows = await records.ofForm(member, KIND, FORM, since);
  return rows.map(({ handoff, value }) => ({ record: handoff, ...(value as unknown as Omit<Group, "record">) }));
}

/** The groups that a handoff of this agency belongs to. */
export const of = async (member: Member, handoff: string): Promise<Group[]> =>
  (await every(member)).filter(({ handoffs }) => handoffs.includes(handoff));

/** The same of one that is shown: it was tied before it went out or later, so that few records are opened for a new one. */
export const around = async (member: Member, { id, lines }: Shown): Promise<Group[]> =>
  (await every(member, lines[0]!.statement.at - DAY)).filter(({ handoffs }) => handoffs.includes(id));

/** Write down that handoffs belong together, before they go out. */
export const tie = (member: Member, how: How, handoffs: readonly string[]): Promise<string> =>
  keep(member, { ...begun(how), handoffs });

const begun = (how: How, handoffs: readonly string[] = []): Group => ({ record: "", how, handoffs, chosen: null });

/** Refer several people of one household to one agency: a packet each, on each one's own basis. */
export function sendHousehold(member: Member, outs: readonly Outgoing[], watch?: Watch): Promise<Went[]> {
  checkApart(outs);
  return sendAll(member, outs, begun("household"), watch);
}

/** Ask several providers for the same; one of them is chosen later. If the basis does not name one, none is asked. */
export function sendToSeveral(member: Member, outs: readonly Outgoing[], watch?: Watch): Promise<Went[]> {
  checkEachOnce(outs);
  return sendAll(member, outs, begun("choice"), watch);
}

/**
 * Send what was left of a household, or of several providers, after another one of them, `gone`, had gone out: it is
 * checked beside those and tied to them.
 */
export async function sendRest(
  member: Member,
  gone: string,
  outs: readonly Outgoing[],
  why?: string,
  watch?: Watch,
): Promise<Went[]> {
  const group = (await of(member, gone)).find(({ how }) => how === "household" || how === "choice");
  if (!group) fail("not_found");
  if (group.chosen !== null) fail("conflict");
  const before: Beside[] = [];
  for (const shown of await went(member, group.handoffs)) {
    const copy = await sentCopy(member, shown.id);
    const basis = await bases.load(member, String(copy["basis"]), why, shown);
    before.push({ ...(copy as unknown as Beside), basis });
  }
  if (group.how === "choice") checkEachOnce([...outs, ...before]);
  else checkApart([...outs, ...before]);
  return sendAll(member, outs, group, watch);
}

type Beside = Pick<Outgoing, "to" | "person" | "inbox" | "basis" | "sections">;

function checkEachOnce(outs: readonly Beside[]): void {
  const asked = outs.map(({ to, person = null, inbox = null }) => JSON.stringify([to, person, inbox]));
  if (new Set(asked).size !== outs.length) throw new HubError("invalid_request", "", null, { field: "to" });
}

/**
 * Keep one of several providers that were asked; take the referral back from the others, who need not answer. Where one of
 * them has begun, it is asked to stop; where one had declined, that is resolved. Interrupted half way, it is finished by
 * running it again. What was said about each handoff.
 */
export async function choose(member: Member, handoff: string, why?: string): Promise<ReadonlyMap<string, string>> {
  const group = (await of(member, handoff)).find(({ how }) => how === "choice") ?? fail("not_found");
  if (group.chosen !== null && group.chosen !== handoff) fail("conflict");
  if (group.chosen === null) {
    if (!CONFIRMED.includes((await show(member, handoff)).state ?? "")) fail("conflict");
    await keep(member, { ...group, chosen: handoff });
  }
  const said = new Map<string, string>();
  for (const other of await went(member, group.handoffs)) {
    if (other.id !== handoff) said.set(other.id, await letGo(member, other, handoff, why));
  }
  return said;
}

/**
 * Send a referral after one of this agency's: it takes the place of what was disputed; what came back is resolved once it
 * has gone out; with any other, which keeps its state, it is linked. What came back or was disputed is followed once:
 * interrupted half way, it is finished by running it again.
 */
export async function follow(
  member: Member,
  handoff: string,
  out: Outgoing,
  why?: string,
  watch?: Watch,
): Promise<Sent> {
  const shown = await show(member, handoff);
  if (shown.from !== member.agency) fail("not_found");
  const back = BACK.includes(shown.state ?? "");
  const how = back ? "rerouted" : shown.state === "closed_disputed" ? "supersedes" : "linked";
  const later = { ...out, againFor: how === "linked" ? null : handoff };
  const before = how === "linked" ? null : await sentAfter(member, handoff, how);
  const sent = before ?? (await sendAll(member, [later], begun(how, [handoff]), watch))[0]!.sent!;
  if (back && sent.cosign === null) await outcomes.resolve(member, handoff, { then: sent.handoff }, why);
  return sent;
}

/** Send each, if all may be sent; what ties them together is written down first. */
async function sendAll(
  member: Member,
  outs: readonly Outgoing[],
  group: Group,
  watch: Watch = () => undefined,
): Promise<Went[]> {
  for (const out of outs) {
    const asked = askedOf(out, await member.trust.agency(out.to));
    await bases.decideFor(member, out.basis, asked, b64u(systemRandom(16)));
  }
  const named = outs.map(() => b64u(systemRandom(16)));
  await keep(member, { ...group, handoffs: [...group.handoffs, ...named] });
  const went: Went[] = [];
  for (const [at, out] of outs.entries()) {
    const handoff = named[at]!;
    try {
      went.push({ handoff, sent: await send(member, out, handoff, (stage) => watch(stage, at)), refused: null });
    } catch (error) {
      if (at === 0) throw error;
      went.push({ handoff, sent: null, refused: error });
    }
  }
  return went;
}

/** The referral that followed this one already, if it went out or waits for its second signature. */
async function sentAfter(member: Member, handoff: string, how: How): Promise<Sent | null> {
  const after = (await every(member)).filter((group) => group.how === how && group.handoffs[0] === handoff);
  const later = after.flatMap(({ handoffs }) => handoffs.slice(1));
  if (later.length === 0) return null;
  const [gone] = await went(member, later);
  if (gone) return { handoff: gone.id, shown: null, cosign: null, removed: [] };
  const held = (await cosigning.waiting(member)).find((item) => later.includes(item.handoff));
  return held ? { handoff: held.handoff, shown: null, cosign: held.record, removed: [] } : null;
}

/** Tell a provider that another one was chosen; what was said. */
async function letGo(member: Member, shown: Shown, then: string, why?: string): Promise<string> {
  if (BACK.includes(shown.state ?? "")) {
    await outcomes.resolve(member, shown.id, { then }, why);
    return "resolved";
  }
  for (const [step, said] of Object.entries(LETS_GO)) {
    if (shown.view.possible?.includes(`referral.${step}`)) {
      await say(member, shown, step, {});
      return said;
    }
  }
  return "left as it is";
}

/** Those that went out: a group is written down before. */
async function went(member: Member, handoffs: readonly string[]): Promise<Shown[]> {
  const found: Shown[] = [];
  for (const handoff of handoffs) {
    const shown = await known(member, handoff);
    if (shown) found.push(shown);
  }
  return found;
}

function keep(member: Member, { record, how, handoffs, chosen }: Group): Promise<string> {
  const value = { how, handoffs: [...handoffs], chosen };
  return records.put(member, KIND, value, record ? { handoff: record } : {});
}

/**
 * A child who arrives without a packet, sent back by force or on their own: the case begins here, with two signatures. The
 * twin of `hub/client/intake.py`.
 *
 * Nothing is known but what the child says, so assessment and determination are due after arrival, each with a timer. How
 * the child came stands in a sealed note; a hub sees that a case began, and when the next contact is.
 */

import * as cases from "./cases.ts";
import * as cosigning from "./cosigning.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { INTAKE } from "./register.ts";
import { fail, HubError } from "./session.ts";
import * as timers from "./timers.ts";
import { newLeg, secondSigner } from "./transfers.ts";

export const MODES = ["forced", "spontaneous"];
const RULE = "R24";
const LABELS = {
  bia: "Best-interests assessment after arrival",
  bid: "Best-interests determination after arrival",
};

/** How a child came, and by when what was not done before is done; `second` is the supervisor who signs. */
export interface Arrival {
  /** The record of the case file. */
  readonly case: string;
  readonly mode: string;
  /** The day of the next contact. */
  readonly next: string;
  readonly biaDue: string;
  readonly bidDue: string;
  readonly second: string;
}

/** An intake that waits for its second signature: the leg, the register's reference, and where it waits. */
export interface Begun {
  readonly leg: string;
  readonly case: string;
  readonly cosign: string;
}

/** Take a child in who came without a packet: prepare the register's beginning for the supervisor, set what is due. */
export async function intake(member: Member, arrival: Arrival, why?: string): Promise<Begun> {
  const held = await cases.load(member, arrival.case, why);
  if (held.case !== null) fail("conflict");
  const { mode, next, biaDue, bidDue } = arrival;
  if (!MODES.includes(mode)) throw new HubError("invalid_request", "", null, { field: "mode" });
  if (bidDue < biaDue) throw new HubError("invalid_request", "", null, { field: "bid_due" });
  const [leg, reference] = [newLeg(), newLeg()];
  const by = [await member.me(["caseworker"]), await secondSigner(member, arrival.second)];
  const note = { handoff: leg, case: held.record, return_mode: mode };
  const part = await records.seal(member, "note", note);
  const body = { kind: "transfer_leg", case: reference, next };
  const said = member.statement({ type: INTAKE, handoff: leg, heads: [], by, body }, part);
  const waits = await cosigning.hold(member, said, part, { ...note, begins: true });
  await cases.link(member, held, { case: reference, leg });
  await due(member, held.record, "bia", biaDue);
  await due(member, held.record, "bid", bidDue);
  return { leg, case: reference, cosign: waits };
}

async function due(member: Member, record: string, task: keyof typeof LABELS, day: string): Promise<void> {
  const about = { label: LABELS[task], case: record, rule: RULE, facts: { task } };
  await timers.setTimer(member, about, (await timers.calendar(member)).endOf(day));
}

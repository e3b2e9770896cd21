/**
 * Notices of arrivals by a body that may send and never receive: one way, sealed, about who comes when (R08). The twin of
 * `hub/client/notices.py`.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, isObject, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { ARRIVAL } from "./alone.ts";
import { pages, send as post, show } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { openHandoff } from "./opening.ts";
import type { TrustedAgency } from "./pins.ts";
import { fail, HubError } from "./session.ts";

const KIND = ARRIVAL.section;
/** Kinds of agencies that may say that children arrive, and learn nothing for it. */
const INBOUND_ONLY = ["migration_authority"];

/** A notice that came: from whom, when it was signed, and what it says. */
export interface Notice {
  readonly handoff: string;
  readonly from: string;
  readonly at: number;
  readonly says: JsonObject;
}

/** Whether an agency is a body that gives notices and nothing else. */
export const givesNotice = ({ entry }: TrustedAgency): boolean => INBOUND_ONLY.includes(entry.kind);

/** Give notice of an arrival to an agency: day, place, how they travel, and of each person band, sex and reference. */
export async function send(member: Member, to: string, said: JsonObject): Promise<JsonObject> {
  const whole = { v: 1, ...said };
  if (!a.isOf(ARRIVAL.form, whole)) throw new HubError("invalid_request", "", null, { field: KIND });
  const agency = await member.trust.agency(to);
  const until = new Date(member.now() * 1000).toISOString().slice(0, 7);
  const basis = { key: systemRandom(32), excerpt: ARRIVAL.excerpt(to), country: agency.entry.country, until };
  const part = member.seal(member.target(agency), { sections: { [KIND]: whole }, basis });
  const [handoff, by] = [b64u(systemRandom(16)), [await member.me()]];
  const given = member.statement({ type: "transfer.notice", handoff, heads: [], by, body: { kind: KIND } }, part);
  return post(member, "/api/v1/handoffs", given, part);
}

/** The rows of the notices that came to this agency, newest first: the hub's list. */
export async function listing(member: Member): Promise<JsonObject[]> {
  const rows: JsonObject[] = [];
  for await (const row of pages(member, KIND, "in")) rows.push(row);
  return rows;
}

/** Return a notice that came; opening it is logged, because it is about somebody. One that says more is not shown. */
export async function read(member: Member, handoff: string, why?: string): Promise<Notice> {
  const [opened] = await openHandoff(member, handoff, { why });
  if (!opened) return fail("not_found");
  const says = opened.sections[KIND];
  if (Object.keys(opened.quarantined).length || !isObject(says)) {
    throw new HubError("not_permitted", "", null, { sections: [KIND] });
  }
  const { at } = (await show(member, handoff)).lines[0]!.statement;
  return { handoff, from: opened.from, at, says };
}

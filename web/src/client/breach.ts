/**
 * What came beyond its basis: held back by `opening.ts`, told to the sender, kept for the own data officer (B8, R01). The
 * twin of `hub/client/breach.py`.
 *
 * The word to the sender is sealed and names sections and rules, never what stood there. It is said once for a packet.
 */

import type { Json, JsonObject } from "../rcp/encoding.ts";
import { HOLDERS } from "./custody.ts";
import { say, sealReply, show } from "./handoffs.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import { openHandoff, type Opened, type Opening } from "./opening.ts";
import * as records from "./records.ts";

const REPORT = "consent.report";
const NOTE = "note";

/** Open what was sent, and report what was held back. */
export async function openAndReport(member: Member, handoff: string, how: Opening = {}): Promise<Opened[]> {
  const found = await openHandoff(member, handoff, how);
  for (const item of found) if (Object.keys(item.quarantined).length) await report(member, handoff, item);
  return found;
}

/** Tell the sender of a packet what its basis does not cover; false where that was said before. */
export async function report(member: Member, handoff: string, item: Opened): Promise<boolean> {
  const shown = await show(member, handoff);
  const said = shown.lines.filter(({ statement, refused }) => statement.type === REPORT && !refused);
  const before = said.some(({ statement }) => statement.body["manifest"] === item.packet);
  if (shown.to !== member.agency || before) return false;
  const heldBack = Object.fromEntries(
    Object.keys(item.quarantined)
      .sort()
      .map((name) => [name, [...new Set(item.quarantined[name]!.map(({ rule }) => rule))].sort() as Json]),
  );
  await records.put(member, NOTE, { handoff, packet: item.packet, held_back: heldBack });
  const part = await sealReply(member, shown, { held_back: heldBack });
  await say(member, shown, REPORT, { manifest: item.packet }, { roles: HOLDERS, part });
  return true;
}

/** A report that this agency made of a packet: which sections were held back, by which rules. */
export interface Reported {
  readonly record: string;
  readonly handoff: string;
  readonly at: number;
  readonly heldBack: { readonly [section: string]: readonly string[] };
}

/** What was held back here, for the data officer, the newest first. */
export async function listing(member: Member): Promise<Reported[]> {
  const rows = await records.listing(member, [NOTE]);
  return rows.filter(({ value }) => value["held_back"] !== undefined).map(reported);
}

function reported({ handoff: record, value, began }: Listed): Reported {
  const { handoff, held_back } = value as JsonObject & { handoff: string; held_back: Reported["heldBack"] };
  return { record, handoff, at: began, heldBack: held_back };
}

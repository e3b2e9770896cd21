/**
 * An agency's own records at the hub, sealed to its own epoch (docs/protocol.md §7.4): put, get, list.
 *
 * A later put on the same handoff replaces a record. Any member can put any record, so whoever relies on one looks at
 * its authors: their signatures and roles are verified. What a kind says is for the module that knows it.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError } from "../rcp/errors.ts";
import type { Actor } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { open, pages, send, show, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { fail } from "./session.ts";
import { isMember } from "./statements.ts";

const SECTION = "record";
const PUT = "record.put";
const BODY = {
  kind: "own_record",
  urgency: "routine",
  due: null,
  needed_from: null,
  verdict: null,
  leg: null,
  freeze: null,
  link: null,
};
const RECORD = a.objectOf({ v: a.integer(1, 1), kind: a.name, value: a.atLeast({}) });

/** An own record as it was read: what kind, what it says, and who said so in each of its versions. */
export interface Record {
  readonly handoff: string;
  readonly kind: string;
  readonly value: JsonObject;
  readonly attachments: ReadonlyMap<string, Bytes>;
  readonly manifest: string;
  /** When the first version was put, and this one. */
  readonly began: number;
  readonly at: number;
  readonly authors: readonly Actor[];
}

export interface Putting {
  /** The record of which this is the next version; none begins a new one. */
  readonly handoff?: string;
  readonly roles?: readonly string[];
  readonly attachments?: ReadonlyMap<string, Bytes>;
}

/** Keep a record; return its handoff. */
export async function put(member: Member, kind: string, value: JsonObject, how: Putting = {}): Promise<string> {
  const sections = { [SECTION]: { v: 1, kind, value } };
  RECORD(sections[SECTION]);
  const { handoff = b64u(systemRandom(16)), roles, attachments = new Map<string, Bytes>() } = how;
  const heads = how.handoff === undefined ? [] : (await show(member, handoff)).heads;
  const part = member.seal(await member.ownTarget(), { sections, attachments });
  const said = member.statement({ type: PUT, handoff, heads, by: [await member.me(roles)], body: BODY }, part);
  await send(member, "/api/v1/handoffs", said, part);
  return handoff;
}

/** Return a record; of another kind than was asked for there is none. */
export async function get(member: Member, handoff: string, kind?: string): Promise<Record> {
  const record = await read(member, await show(member, handoff));
  return kind === undefined || kind === record.kind ? record : fail("not_found");
}

/**
 * The agency's records of these kinds or all that changed since then, those touched last first. What is destroyed, sealed
 * to another person, or of a form that is not known here, is left out.
 */
export async function* list(member: Member, kinds: readonly string[] = [], since = 0): AsyncGenerator<Record> {
  for await (const row of pages(member, "own_record", "out")) {
    if ((row["touched"] as number) < since) return;
    const record = await readable(member, String(row["id"]));
    if (record && (kinds.length === 0 || kinds.includes(record.kind))) yield record;
  }
}

async function readable(member: Member, handoff: string): Promise<Record | null> {
  const shown = await show(member, handoff);
  if (shown.packets.every(({ destroyed }) => destroyed)) return null;
  const person = shown.newestPacket().manifest.files[0]!.member;
  if (person !== null && person !== member.id) return null;
  try {
    return await read(member, shown);
  } catch (error) {
    if (error instanceof PacketError && error.code === "malformed") return null;
    throw error;
  }
}

async function read(member: Member, shown: Shown): Promise<Record> {
  const puts = shown.lines.map(({ statement }) => statement).filter(({ type }) => type === PUT);
  const authors = puts.flatMap(({ by }) => by.slice(0, 1).filter(isMember));
  const [first, last] = [puts[0] ?? fail("not_found"), puts[puts.length - 1]!];
  const newest = shown.newestPacket();
  const packet = await open(member, shown, newest);
  const value = packet.sections.get(SECTION);
  RECORD(value);
  need(packet.author === authors[authors.length - 1]?.member, "bad_signature");
  const said = value as { kind: string; value: JsonObject };
  const facts = { handoff: shown.id, manifest: newest.hash, attachments: packet.attachments, authors };
  return { ...facts, kind: said.kind, value: said.value, began: first.at, at: last.at };
}

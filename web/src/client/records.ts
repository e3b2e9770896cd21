/**
 * An agency's own records at the hub, sealed to its own epoch (docs/protocol.md §7.4): put, get, listing.
 *
 * A later put on the same handoff replaces a record. Any member can put any record, so whoever relies on one looks at
 * its authors: their signatures and roles are verified. What a kind says is for the module that knows it.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError } from "../rcp/errors.ts";
import type { Actor, Statement } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { open, say, send, show, type Shown } from "./handoffs.ts";
import { indexOf, type Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import type { Sealed } from "./seal.ts";
import { fail } from "./session.ts";
import { isMember, manifestOf } from "./statements.ts";

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
  const { handoff = b64u(systemRandom(16)), roles, attachments } = how;
  const heads = how.handoff === undefined ? [] : (await show(member, handoff)).heads;
  const part = await seal(member, kind, value, attachments);
  const said = member.statement({ type: PUT, handoff, heads, by: [await member.me(roles)], body: BODY }, part);
  await send(member, "/api/v1/handoffs", said, part);
  return handoff;
}

/** Seal a record without sending it: the part of a statement that only the own agency reads. */
export async function seal(
  member: Member,
  kind: string,
  value: JsonObject,
  attachments: ReadonlyMap<string, Bytes> = new Map(),
): Promise<Sealed> {
  const sections = { [SECTION]: { v: 1, kind, value } };
  RECORD(sections[SECTION]);
  return member.seal(await member.ownTarget(), { sections, attachments });
}

/** Return a record; of another kind than was asked for there is none. `version` is the manifest of an older one. */
export async function get(member: Member, handoff: string, kind?: string, version?: string): Promise<Record> {
  const record = await read(member, await show(member, handoff), version);
  return kind === undefined || kind === record.kind ? record : fail("not_found");
}

/** One version of a record: its manifest, when it was put, and by whom. */
export interface Version {
  readonly manifest: string;
  readonly at: number;
  readonly by: Actor;
}

/** The versions of a record, the first one first; `get` reads any of them. */
export async function versions(member: Member, handoff: string): Promise<Version[]> {
  return putsOf(await show(member, handoff)).flatMap((said) =>
    said.by
      .slice(0, 1)
      .filter(isMember)
      .map((by) => ({ manifest: manifestOf(said) ?? "", at: said.at, by })),
  );
}

/** Have the hub, and this device, destroy what they keep of a record or an ended handoff; the statements stay. */
export async function destroy(member: Member, handoff: string): Promise<void> {
  const shown = await show(member, handoff);
  await say(member, shown, "record.destroy", {}, { roles: ["supervisor"] });
  await member.letGo?.(
    shown.packets.map(({ hash }) => hash),
    handoff,
  );
}

/**
 * The agency's records of these kinds or all that changed since then, those touched last first. What is destroyed, sealed
 * to another person, or of a form that is not known here, is left out; what this device has seen is not opened again.
 */
export const listing = (member: Member, kinds: readonly string[] = [], since = 0): Promise<Listed[]> =>
  indexOf(member).listing(kinds, since);

/** Those of one kind that are of its form; one that is not counts for nothing. */
export async function ofForm(member: Member, kind: string, form: a.Check, since = 0): Promise<Listed[]> {
  return (await listing(member, [kind], since)).filter(({ value }) => a.isOf(form, value));
}

/** The newest version as the index of listings keeps it, and the hash of the statement after which it is the newest. */
export async function readLatest(member: Member, handoff: string): Promise<{ latest: string; record: Record | null }> {
  const shown = await show(member, handoff);
  return { latest: shown.lines[shown.lines.length - 1]!.hash, record: await readable(member, shown) };
}

async function readable(member: Member, shown: Shown): Promise<Record | null> {
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

const putsOf = (shown: Shown): Statement[] =>
  shown.lines.map(({ statement }) => statement).filter(({ type }) => type === PUT);

async function read(member: Member, shown: Shown, version?: string): Promise<Record> {
  const every = putsOf(shown);
  const until = version === undefined ? every.length : 1 + every.findIndex((said) => manifestOf(said) === version);
  const puts = every.slice(0, until);
  const authors = puts.flatMap(({ by }) => by.slice(0, 1).filter(isMember));
  const [first, last] = [puts[0] ?? fail("not_found"), puts[puts.length - 1]!];
  const newest = version === undefined ? shown.newestPacket() : shown.packet(version);
  const packet = await open(member, shown, newest);
  const value = packet.sections.get(SECTION);
  RECORD(value);
  need(packet.author === authors[authors.length - 1]?.member, "bad_signature");
  const said = value as { kind: string; value: JsonObject };
  const facts = { handoff: shown.id, manifest: newest.hash, attachments: packet.attachments, authors };
  return { ...facts, kind: said.kind, value: said.value, began: first.at, at: last.at };
}

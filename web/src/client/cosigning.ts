/**
 * The second signature: a prepared statement waits as an own record until another member has read and signed it. The twin
 * of `hub/client/cosigning.py`.
 *
 * A submission on vital interest, an offer and an acceptance of a transfer: whatever two members of one agency sign.
 */

import { readEnvelope } from "../rcp/dsse.ts";
import { parseJson, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import { MANIFEST_TYPE } from "../rcp/packet.ts";
import type { Statement } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { kindOf } from "./bodies.ts";
import { send } from "./handoffs.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import type { Sealed } from "./seal.ts";
import { keepCopy } from "./sent.ts";
import { fail } from "./session.ts";
import * as says from "./statements.ts";

export const KIND = "cosign";
/** What sends a packet to another agency on a basis, so that a copy of it is kept. */
const ENTRUSTING = ["referral.submit", "transfer.offer"];
const MANIFEST = "manifest.dsse.json";
const REQUEST = a.atLeast({ statement: a.atLeast({}), copy: a.atLeast({}) });

/** A statement that waits for a signature; `copy` is what would be sent, for the second signer to read. */
export interface Waiting {
  readonly record: string;
  readonly type: string;
  readonly handoff: string;
  /** The member who is named to sign, and who signed first. */
  readonly second: string;
  readonly first: string;
  readonly at: number;
  readonly done: boolean;
  readonly copy: JsonObject;
  readonly statement: Statement;
  readonly envelope: Json;
}

/** Keep a statement, with its packet's parts as attachments, until it is co-signed; return the record. */
export function hold(
  member: Member,
  said: { readonly value: JsonObject },
  part: Sealed,
  copy: JsonObject,
): Promise<string> {
  const attachments = new Map([...part.parts].map(([name, data]) => [kept(name), data]));
  return records.put(member, KIND, { statement: said.value, copy, done: false }, { attachments });
}

/** The statements that still wait for a signature, the newest first. */
export async function waiting(member: Member): Promise<Waiting[]> {
  const found = await records.ofForm(member, KIND, REQUEST);
  return found.map(read).filter(({ done }) => !done);
}

/** One of them, signed or not. */
export const get = async (member: Member, record: string): Promise<Waiting> =>
  read(await records.get(member, record, KIND));

/** Sign second and submit; return the handoff as the hub now shows it. */
export async function cosign(member: Member, record: string): Promise<JsonObject> {
  const found = await records.get(member, record, KIND);
  const item = read(found);
  if (item.done) fail("conflict");
  if (item.second !== member.id) fail("forbidden");
  const part = packetOf(found.attachments);
  const signed = member.coSign(item.envelope);
  const keys = await member.trust.keys(member.agency);
  says.verifyStatement(signed.value, keys, member.now(), true);
  need(says.manifestOf(signed.statement) === part.hash, "bad_signature");
  if (ENTRUSTING.includes(item.type)) await keepCopy(member, item.copy);
  const handoff = await send(member, pathOf(item), signed, part);
  await records.put(member, KIND, { statement: signed.value, copy: item.copy, done: true }, { handoff: record });
  return handoff;
}

function read(record: Listed): Waiting {
  const { value } = record;
  REQUEST(value);
  const envelope = value["statement"]!;
  const { statement } = says.readUnverified(envelope);
  const [first, second] = statement.by.filter(says.isMember);
  need(first !== undefined && second !== undefined && second.agency === first.agency, "malformed");
  return {
    record: record.handoff,
    type: statement.type,
    handoff: statement.handoff,
    second: second.member,
    first: first.member,
    at: statement.at,
    done: value["done"] === true,
    copy: value["copy"] as JsonObject,
    statement,
    envelope,
  };
}

/** Where a statement goes: what begins a handoff, and what is about one. */
function pathOf({ type, handoff, copy }: Waiting): string {
  const begins = copy["begins"] ?? kindOf(type).first;
  return begins ? "/api/v1/handoffs" : `/api/v1/handoffs/${handoff}/statements`;
}

const kept = (part: string): string => {
  const attached = /^att-(\d+)$/.exec(part);
  return part === "manifest" ? MANIFEST : attached ? `${attached[1]}.age` : `${part}.age`;
};

function packetOf(files: ReadonlyMap<string, Bytes>): Sealed {
  const manifest = files.get(MANIFEST) ?? fail("not_found");
  const envelope = readEnvelope(parseJson(manifest), MANIFEST_TYPE);
  const rest = [...files].filter(([name]) => name !== MANIFEST);
  const parts = rest.map(([name, data]): [string, Bytes] => {
    const number = /^([1-9]\d*)\.age$/.exec(name);
    return [number ? `att-${number[1]}` : name.replace(/\.age$/, ""), data];
  });
  return {
    packet: String(envelope.value["packet"]),
    hash: envelope.hash,
    parts: new Map([["manifest", manifest], ...parts]),
  };
}

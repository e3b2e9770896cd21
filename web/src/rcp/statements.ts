/** Statements and receipts (docs/protocol.md §7): their grammar, who signed them, and what a hub's receipt proves. */

import { readEnvelope, signEnvelope, verifiedBy, type Envelope, type Signer } from "./dsse.ts";
import { fromB64u, type Bytes, type Json, type JsonObject } from "./encoding.ts";
import { need } from "./errors.ts";
import { checkInclusion } from "./log.ts";
import { CHECKPOINT, type Checkpoint } from "./packet.ts";
import * as a from "./shapes.ts";

export const TYPE = "application/vnd.rcp.statement+json;v=1";
const MEMBER = a.objectOf({ agency: a.agency, member: a.identifier, role: a.string });
const HUB = a.objectOf({ hub: a.host });
const STATEMENT = a.objectOf({
  v: a.integer(1, 1),
  type: a.matches(/^[a-z]+\.[a-z_]+$/),
  handoff: a.identifier,
  heads: a.listOf(a.hash, 16),
  by: a.listOf((value) => (typeof value === "object" && value !== null && "hub" in value ? HUB : MEMBER)(value), 8, 1),
  at: a.seconds,
  grade: a.oneOf("signed", "link", "code_verified", "reported", "hub"),
  body: a.atLeast({}),
  parts: a.listOf(a.hash, 1),
});
const RECEIPT = a.objectOf({
  statement: a.hash,
  log: CHECKPOINT,
  index: a.integer(),
  salt: a.hash,
  proof: a.listOf(a.hash, 64),
  position: a.nullOr(a.integer()),
  state: a.nullOr(a.string),
  chan: a.nullOr(a.atLeast({})),
});

export interface Actor {
  agency: string;
  member: string;
  role: string;
}

export interface Statement {
  v: 1;
  type: string;
  handoff: string;
  heads: string[];
  by: (Actor | { hub: string })[];
  at: number;
  grade: string;
  body: JsonObject;
  parts: string[];
}

export interface Receipt {
  readonly log: Checkpoint;
  readonly index: number;
  readonly position: number | null;
  readonly state: string | null;
}

export interface Read {
  readonly envelope: Envelope;
  readonly statement: Statement;
}

/** What an envelope says; no signature is verified. */
export function readStatement(value: Json): Read {
  const envelope = readEnvelope(value, TYPE);
  STATEMENT(envelope.value);
  return { envelope, statement: envelope.value as unknown as Statement };
}

/** Return the receipt of the hub at `host` for a statement, its signature and its proof checked; null if it is another word. */
export function readReceipt(value: Json, about: Read, host: string, key: Bytes): Receipt | null {
  const { envelope, statement } = readStatement(value);
  if (statement.type !== "hub.receipt" || (statement.by[0] as { hub?: string }).hub !== host) return null;
  verifiedBy(envelope, [key]);
  RECEIPT(statement.body);
  const body = statement.body as unknown as Receipt & { statement: string; salt: string; proof: string[] };
  need(body.statement === about.envelope.hash && statement.handoff === about.statement.handoff, "bad_signature");
  need(body.log.origin === host && body.index < body.log.size, "bad_signature");
  const nodes = body.proof.map((node) => fromB64u(node, 32));
  checkInclusion(
    about.envelope.document,
    fromB64u(body.salt),
    body.index,
    nodes,
    body.log.size,
    fromB64u(body.log.root),
  );
  return body;
}

export function signStatement(said: Omit<Statement, "v">, signer: Signer): JsonObject {
  const statement = { v: 1, ...said, heads: [...said.heads].sort() };
  return signEnvelope(TYPE, statement as unknown as JsonObject, signer);
}

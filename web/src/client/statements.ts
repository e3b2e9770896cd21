/**
 * Statements whole: grammar, every signature, receipts (docs/protocol.md §7). The twin of `hub/statements`.
 *
 * `web/src/rcp/statements.ts` has the values; here is what a client with pins checks of them.
 */

import {
  checkPublicKey,
  readEnvelope,
  signEnvelope,
  verifiedBy,
  pae,
  type Envelope,
  type Signer,
} from "../rcp/dsse.ts";
import { b64, fromB64u, isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { readReceipt, TYPE, type Actor, type Read, type Receipt, type Statement } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { byProxy, checkBody, GRADES, KINDS, kindOf, REPORTABLE } from "./bodies.ts";
import { ROLES } from "./documents.ts";

export const ASSUME = "transfer.assume";
const BIND = "referral.bind";
const AHEAD = 600;
const OLDEST = 400 * 86_400;

const MEMBER = a.objectOf({ agency: a.agency, member: a.identifier, role: a.oneOf(...ROLES) });
const HUB = a.objectOf({ hub: a.host });
const STATEMENT = a.objectOf({
  v: a.integer(1, 1),
  type: a.oneOf(...KINDS.keys()),
  handoff: a.identifier,
  heads: a.listOf(a.hash, 16),
  by: a.listOf((value) => (isObject(value) && "hub" in value ? HUB : MEMBER)(value), 8, 1),
  at: a.seconds,
  grade: a.oneOf(...GRADES),
  body: a.atLeast({}),
  parts: a.listOf(a.hash, 1),
});

/** Who may sign: `TrustedKeys`, or what a test knows. */
export interface Signers {
  memberKey(agency: string, member: string, role: string, keyid: string, at: number): Bytes;
  hubKey(host: string, keyid: string): Bytes;
}

/** The links of a handoff, by which people without an account sign. */
export interface Links {
  linkKey(statement: Statement, keyid: string): Bytes;
}

export const isMember = (actor: Actor | { hub: string }): actor is Actor => "member" in actor;

export const agencyOf = ({ by }: Statement): string | null => (isMember(by[0]!) ? by[0].agency : null);

export const hubOf = ({ by }: Statement): string | null => (isMember(by[0]!) ? null : by[0]!.hub);

export const manifestOf = ({ parts }: Statement): string | null => parts[0] ?? null;

/** The statement that a JSON object is, of the grammar; nothing is verified. */
export function readStatement(value: JsonObject): Statement {
  need(value["v"] === 1, "unsupported_version");
  kindOf(value["type"]);
  STATEMENT(value);
  const said = value as unknown as Statement;
  const { byHub, first } = kindOf(said.type);
  const sorted = [...new Set(said.heads)].sort();
  need(sorted.length === said.heads.length && sorted.every((head, i) => head === said.heads[i]), "malformed");
  need(first || sorted.length > 0, "malformed");
  checkSigners(said, byHub);
  need((said.grade === "hub") === byHub, "malformed");
  need(!byProxy(said.grade) || (REPORTABLE.includes(said.type) && said.by.length === 1), "malformed");
  const alone = said.by.length === 1 && isMember(said.by[0]!) && said.by[0].role === "provider";
  need(said.grade !== "link" || alone, "malformed");
  need(said.type !== BIND || said.grade === "link", "malformed");
  checkBody(said.type, said.grade, said.body, said.parts.length);
  return said;
}

function checkSigners({ type, by }: Statement, byHub: boolean): void {
  const members = by.filter(isMember);
  if (byHub) {
    need(members.length === 0 && by.length === 1, "malformed");
    return;
  }
  const agencies = new Set(members.map(({ agency }) => agency)).size;
  need(members.length === by.length && agencies === (type === ASSUME ? 2 : 1), "malformed");
  need(new Set(members.map(({ member }) => member)).size === members.length, "malformed");
}

/** Return the statement of an envelope, with nothing verified. */
export function readUnverified(value: Json): Read {
  const envelope = readEnvelope(value, TYPE);
  return { envelope, statement: readStatement(envelope.value) };
}

/**
 * Return the statement of an envelope, all of its signatures verified. `first` is false when one is read again that was
 * accepted before: then its age does not matter. `links` gives the keys of a statement of grade `link`.
 */
export function verifyStatement(value: Json, signers: Signers, now: number, first: boolean, links?: Links): Read {
  const read = readUnverified(value);
  const { envelope, statement } = read;
  const keyids = envelope.signatures.map(({ keyid }) => keyid);
  need(keyids.length === statement.by.length && new Set(keyids).size === keyids.length, "bad_signature");
  const keys =
    statement.grade === "link"
      ? [checkPublicKey((links ?? refuse("unknown_signer")).linkKey(statement, keyids[0]!))]
      : statement.by.map((actor, i) => keyOf(actor, keyids[i]!, statement.at, signers));
  verifiedBy(envelope, keys);
  need(statement.at <= now + AHEAD && (!first || statement.at >= now - OLDEST), "expired");
  return read;
}

function keyOf(actor: Actor | { hub: string }, keyid: string, at: number, signers: Signers): Bytes {
  if (!isMember(actor)) return signers.hubKey(actor.hub, keyid);
  return signers.memberKey(actor.agency, actor.member, actor.role, keyid, at);
}

/** A hub's signed word on a statement: a receipt with its proof checked, or a refusal. */
export interface Word {
  readonly host: string;
  readonly at: number;
  readonly receipt: Receipt | null;
  /** State and position at which the ordering hub refused it. */
  readonly refused: { readonly state: string; readonly position: number } | null;
}

export function readWord(answer: Json, about: Read, signers: Signers, now: number): Word {
  const { statement, envelope } = verifyStatement(answer, signers, now, false);
  const { at, body } = statement;
  const host = hubOf(statement) ?? refuse("bad_signature");
  if (statement.type !== "hub.refused") {
    const key = signers.hubKey(host, envelope.signatures[0]!.keyid);
    const receipt = readReceipt(answer, about, host, key) ?? refuse("bad_signature");
    return { host, at, receipt, refused: null };
  }
  need(body["statement"] === about.envelope.hash, "bad_signature");
  const refused = { state: String(body["state"]), position: Number(body["position"]) };
  return { host, at, receipt: null, refused };
}

/** What a member says; `at` and who signs come from the client. */
export type Said = Omit<Statement, "v">;

/** Return the statement signed by the first of its `by`; it is of the grammar, or refused. */
export function sign(said: Said, signer: Signer): Read & { readonly value: JsonObject } {
  const statement = { v: 1, ...said, heads: [...said.heads].sort() } as unknown as JsonObject;
  readStatement(statement);
  const value = signEnvelope(TYPE, statement, signer);
  return { value, ...readUnverified(value) };
}

/** Return an envelope with the signature of the next of its `by`. */
export function coSign(value: Json, signer: Signer): JsonObject {
  const { envelope, statement } = readUnverified(value);
  need(envelope.signatures.length < statement.by.length, "malformed");
  const mine = { keyid: signer.kid, sig: b64(signer.sign(messageOf(envelope))) };
  const signatures = (value as JsonObject)["signatures"] as Json[];
  return { ...(value as JsonObject), signatures: [...signatures, mine] };
}

const messageOf = ({ type, payload }: Envelope): Bytes => pae(type, payload);

/** The place in a log that a receipt claims; `readWord` proves it before it counts. */
export function claimedPlace(answer: Json): { host: string; index: number } | null {
  const { type, body } = readUnverified(answer).statement;
  const log = body["log"];
  return type === "hub.receipt" && isObject(log) ? { host: String(log["origin"]), index: Number(body["index"]) } : null;
}

export const keyBytes = (text: Json | undefined): Bytes => fromB64u(text, 32);

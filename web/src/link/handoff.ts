/**
 * A handoff as a link may see it: verified here, or not shown (docs/protocol.md §4.4 and §7.8).
 *
 * The chain: the sender's member, under a certificate of its agency's root, signed a statement that names this link's keys
 * and this packet; it stands in the log of the sender's hub. What this page cannot judge is whether that root is the one
 * that people know: it shows its fingerprint.
 */

import { formatRecipient, parseRecipient } from "../rcp/age.ts";
import { fingerprint, verifiedBy, type Signer } from "../rcp/dsse.ts";
import { b64u, canonical, fromB64u, isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import { hostOf, readAgency, replyTo, type Agency } from "../rcp/keys.ts";
import { seal, verify, type Checkpoint, type Packet, type Sealed } from "../rcp/packet.ts";
import * as a from "../rcp/shapes.ts";
import { readReceipt, readStatement, type Actor, type Read, type Receipt } from "../rcp/statements.ts";
import type { LinkKeys } from "./secret.ts";

const ROW = a.atLeast({ hash: a.hash, envelope: a.atLeast({}), answer: a.atLeast({}), words: a.listOf(a.atLeast({ envelope: a.atLeast({}) }), 100) });
const VIEW = a.atLeast({
  id: a.identifier,
  from_agency: a.agency,
  to_agency: a.agency,
  statements: a.listOf(ROW, 100_000, 1),
  packets: a.listOf(a.atLeast({ manifest: a.hash, envelope: a.atLeast({}) }), 100_000),
  possible: a.listOf(a.string, 100),
  keys: a.atLeast({}),
  hubs: a.atLeast({}),
  names: a.atLeast({}),
});
const LINK = a.objectOf({ id: a.identifier, sign: a.hash, recipient: a.ageRecipient, until: a.seconds, code: a.nullOr(a.hash) });
const GIVES_LINK = new Set(["referral.submit", "referral.link"]);
const REPLY_LIFE = 180 * 86_400;

interface View {
  id: string;
  from_agency: string;
  to_agency: string;
  state?: string | null;
  grade?: string | null;
  urgency?: string | null;
  due?: number | null;
  being_confirmed?: boolean;
  statements: { hash: string; envelope: Json; answer: Json; words: { envelope: Json }[] }[];
  packets: { manifest: string; envelope: Json }[];
  possible: string[];
  keys: { [agency: string]: Json };
  hubs: { [host: string]: Json };
  names: { [agency: string]: Json };
}

export interface Shown {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly state: string | null;
  readonly grade: string | null;
  /** Codes of what is asked for. */
  readonly needs: readonly string[];
  readonly urgency: string | null;
  readonly due: number | null;
  /** The last second of the link. */
  readonly until: number;
  readonly possible: readonly string[];
  readonly heads: readonly string[];
  /** Whether the sender's hub has yet to confirm what was said here last. */
  readonly confirming: boolean;
  /** What was said by this link, in the order in which the own hub took it. */
  readonly said: readonly { readonly type: string; readonly at: number }[];
  /** The referral, and what the sender answered since. */
  readonly packets: readonly Packet[];
  readonly signedAt: number;
  readonly fingerprint: string;
  readonly sender: Agency;
  readonly author: string;
  /** The manifest of the submission: what a reply answers. */
  readonly answers: string;
  /** A checkpoint of the own hub's log. */
  readonly log: Checkpoint;
}

export interface Ask {
  readonly keys: LinkKeys;
  readonly device: Signer;
  readonly now: number;
  readonly seen: { readonly [packet: string]: string };
  fetch(manifest: string, file: string): Promise<Bytes>;
}

interface Line extends Read {
  readonly words: readonly Json[];
}

/** Return what a hub shows of the link's handoff if all of it verifies. */
export async function verifyHandoff(value: JsonObject, ask: Ask): Promise<Shown> {
  VIEW(value);
  const view = value as unknown as View;
  const { from_agency: from, to_agency: to } = view;
  const hubKey = (agency: string): Bytes => fromB64u(view.hubs[hostOf(agency)], 32);
  const sender = readAgency(from, view.keys[from] ?? null, hubKey(from));
  const home = readAgency(to, view.keys[to] ?? null, hubKey(to));
  const lines = view.statements.map((row) => lineOf(row, view.id));
  const receiptOf = (line: Line, agency: string): Receipt | null =>
    line.words.map((word) => readReceipt(word, line, hostOf(agency), hubKey(agency))).find((found) => found !== null) ?? null;

  const giving = lines.filter(({ statement }) => GIVES_LINK.has(statement.type) && linkOf(statement.body)?.["id"] === ask.keys.id).pop();
  need(giving !== undefined, "wrong_recipient");
  const link = linkOf(giving.statement.body)!;
  need(link["sign"] === b64u(ask.keys.signer.publicKey) && link["recipient"] === formatRecipient(ask.keys.identity.recipient), "wrong_recipient");

  const bound = lines.find(({ statement }) => isBind(statement.type, statement.by[0] as Actor, statement.body, to, ask));
  const bindReceipt = bound ? receiptOf(bound, to) : null;
  need(bindReceipt !== null, "bad_signature");

  const said = lines.filter((line) => line === giving || (line.statement.type === "referral.answer" && lines.indexOf(line) > lines.indexOf(giving)));
  const packets: Packet[] = [];
  for (const line of said) {
    const hash = line.statement.parts[0];
    const listed = view.packets.find((row) => row.manifest === hash);
    if (!listed && line !== giving) continue; // sealed to somebody else
    need(listed !== undefined && hash !== undefined, "malformed");
    const signers = signersOf(line, sender, receiptOf(line, from));
    const packet = verify({
      manifest: canonical(listed.envelope),
      files: new Map([["body", await ask.fetch(hash, "body")]]),
      identities: [ask.keys.identity],
      me: to,
      senderKey: (agency, keyid) => {
        need(agency === from && signers.has(keyid), "unknown_signer");
        return signers.get(keyid)!;
      },
      seen: null,
      now: ask.now,
      first: false,
      rewraps: [],
    });
    const known = ask.seen[packet.manifest.packet];
    need(packet.hash === hash && (known === undefined || known === hash), "replayed");
    need(known !== undefined || packet.manifest.expires > ask.now, "expired");
    need(packet.manifest.files.every((file) => file.member === ask.keys.id), "wrong_recipient");
    need(packet.manifest.grant?.country === home.entry.country, "bad_signature");
    packets.push(packet);
  }
  const [first] = giving.statement.by as Actor[];
  const name = view.names[from];
  return {
    id: view.id,
    from,
    to,
    name: typeof name === "string" ? name : from,
    state: stateOf(view, lines, (line) => receiptOf(line, from)),
    grade: view.grade ?? null,
    needs: needsOf(packets[0]!.sections.get("request")),
    urgency: view.urgency ?? null,
    due: view.due ?? null,
    until: link["until"] as number,
    possible: view.possible,
    heads: headsOf(lines),
    confirming: view.being_confirmed === true,
    said: lines.filter(({ statement }) => statement.type !== "referral.bind" && isMine(statement.by[0] as Actor, to, ask)).map(({ statement: { type, at } }) => ({ type, at })),
    packets,
    signedAt: giving.statement.at,
    fingerprint: fingerprint(fromB64u(sender.entry.root)),
    sender,
    author: first!.member,
    answers: lines[0]!.statement.parts[0] ?? packets[0]!.hash,
    log: bindReceipt.log,
  };
}

/** Return words for the sender, sealed to it: a reply (§4.3). */
export function sealReply(shown: Shown, keys: LinkKeys, device: Signer, words: JsonObject, now: number): Sealed {
  const target = replyTo(shown.sender, shown.author, now);
  return seal(
    {
      from: shown.to,
      to: shown.from,
      inbox: shown.sender.entry.inboxes[0] ?? "",
      author: keys.id,
      created: now,
      expires: now + REPLY_LIFE,
      log: { origin: shown.log.origin, size: shown.log.size, root: shown.log.root },
      country: shown.sender.entry.country,
      until: shown.packets[0]!.manifest.grant!.until,
      excerpt: { v: 1, basis: "reply", to: shown.from, in_reply_to: shown.answers, categories: ["reply"] },
      recipients: target.recipients.map(parseRecipient),
      epoch: target.epoch,
      member: target.member,
      sections: { reply: { v: 1, ...words } },
    },
    device,
  );
}

function needsOf(request: Json | undefined): string[] {
  const needs = isObject(request) ? request["needs"] : [];
  return Array.isArray(needs) ? needs.filter((need): need is string => typeof need === "string") : [];
}

function lineOf(row: View["statements"][number], handoff: string): Line {
  const read = readStatement(row.envelope);
  need(read.envelope.hash === row.hash && read.statement.handoff === handoff, "bad_signature");
  return { ...read, words: [row.answer, ...row.words.map((word) => word.envelope)] };
}

function linkOf(body: JsonObject): JsonObject | null {
  const link = body["link"];
  if (!isObject(link)) return null;
  LINK(link);
  return link;
}

function isBind(type: string, by: Actor, body: JsonObject, to: string, ask: Ask): boolean {
  return type === "referral.bind" && isMine(by, to, ask) && body["sign"] === b64u(ask.device.publicKey);
}

const isMine = (by: Actor, to: string, ask: Ask): boolean => by.agency === to && by.member === ask.keys.id;

/** The members who signed a statement of the sender, by key, as its home log shows them. */
function signersOf({ statement, envelope }: Read, sender: Agency, receipt: Receipt | null): Map<string, { member: string; key: Uint8Array }> {
  need(receipt !== null && envelope.signatures.length === statement.by.length, "bad_signature");
  const found = envelope.signatures.map(({ keyid }, i) => {
    const { key, cert } = sender.senderKey(keyid, receipt.index);
    const { agency, member, role } = statement.by[i] as Actor;
    const fits = agency === cert.agency && member === cert.member && cert.roles.includes(role);
    need(fits && cert.from <= statement.at && statement.at <= cert.until, "bad_signature");
    return [keyid, { member, key }] as const;
  });
  need((statement.by[0] as Actor).role === "caseworker", "bad_signature");
  verifiedBy(
    envelope,
    found.map(([, { key }]) => key),
  );
  return new Map(found);
}

/** The state after the highest position that the ordering hub has signed; what the hub says must be that. */
function stateOf(view: View, lines: readonly Line[], receiptOf: (line: Line) => Receipt | null): string | null {
  const signed = lines.map(receiptOf).filter((found) => found?.position != null) as Receipt[];
  const last = signed.sort((one, other) => one.position! - other.position!).pop();
  const state = view.state ?? null;
  need(!last || state === null || last.state === state, "bad_signature");
  return state;
}

function headsOf(lines: readonly Line[]): string[] {
  const named = new Set(lines.flatMap(({ statement }) => statement.heads));
  return lines.map(({ envelope }) => envelope.hash).filter((hash) => !named.has(hash)).slice(-16);
}

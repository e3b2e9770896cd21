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
import { need, refuse } from "../rcp/errors.ts";
import { hostOf, readAgency, replyTo, type Agency } from "../rcp/keys.ts";
import { seal, verify, type Checkpoint, type Packet, type Sealed } from "../rcp/packet.ts";
import * as a from "../rcp/shapes.ts";
import { readReceipt, readStatement, type Actor, type Read, type Receipt } from "../rcp/statements.ts";
import type { LinkKeys } from "./secret.ts";

const ROW = a.atLeast({
  hash: a.hash,
  envelope: a.atLeast({}),
  answer: a.atLeast({}),
  words: a.listOf(a.atLeast({ envelope: a.atLeast({}) }), 100),
});
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
const LINK = a.objectOf({
  id: a.identifier,
  sign: a.hash,
  recipient: a.ageRecipient,
  until: a.seconds,
  code: a.nullOr(a.hash),
});
const GIVES_LINK = new Set(["referral.submit", "referral.link"]);
const BIND = "referral.bind";
const ANSWER = "referral.answer";
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
  /** The day from which help is needed, as the sender signed it. */
  readonly neededFrom: string | null;
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
  const reader = new Reader(value as unknown as View, ask);
  const [giving, link] = reader.giving();
  const log = reader.bound();
  const packets = await reader.packets(giving);
  return reader.shown(giving, link, log, packets);
}

class Reader {
  private readonly view: View;
  private readonly ask: Ask;
  private readonly sender: Agency;
  private readonly home: Agency;
  private readonly lines: readonly Line[];

  constructor(view: View, ask: Ask) {
    const { from_agency: from, to_agency: to } = view;
    this.view = view;
    this.ask = ask;
    this.sender = readAgency(from, view.keys[from] ?? null, this.hubKey(from));
    this.home = readAgency(to, view.keys[to] ?? null, this.hubKey(to));
    this.lines = view.statements.map((row) => lineOf(row, view.id));
  }

  /** The newest statement that names this link, whose keys must be those of the secret. */
  giving(): [Line, JsonObject] {
    const { id, signer, identity } = this.ask.keys;
    const names = ({ statement }: Line) => GIVES_LINK.has(statement.type) && linkOf(statement.body)?.["id"] === id;
    const giving = this.lines.filter(names).pop() ?? refuse("wrong_recipient");
    const link = linkOf(giving.statement.body)!;
    need(link["sign"] === b64u(signer.publicKey), "wrong_recipient");
    need(link["recipient"] === formatRecipient(identity.recipient), "wrong_recipient");
    need((link["until"] as number) >= this.ask.now, "expired");
    return [giving, link];
  }

  /** The own hub's log, once it is proven to hold the statement that binds this device. */
  bound(): Checkpoint {
    const device = b64u(this.ask.device.publicKey);
    const bind = this.mine().find(({ statement }) => statement.type === BIND && statement.body["sign"] === device);
    const receipt = bind ? this.receipt(bind, this.view.to_agency) : null;
    return receipt?.log ?? refuse("bad_signature");
  }

  /** The packet that came with the link, and those with the sender's later answers that are sealed to it. */
  async packets(giving: Line): Promise<Packet[]> {
    const later = this.lines.slice(this.lines.indexOf(giving) + 1);
    const listed = new Set(this.view.packets.map((row) => row.manifest));
    const answers = later.filter(({ statement }) => statement.type === ANSWER && listed.has(statement.parts[0] ?? ""));
    const opened: Packet[] = [];
    for (const line of [giving, ...answers]) opened.push(await this.open(line));
    return opened;
  }

  shown(giving: Line, link: JsonObject, log: Checkpoint, packets: readonly Packet[]): Shown {
    const { id, from_agency: from, to_agency: to, possible } = this.view;
    const said = this.mine().filter(({ statement }) => statement.type !== BIND);
    const name = this.view.names[from];
    return {
      id,
      from,
      to,
      possible,
      packets,
      log,
      name: typeof name === "string" ? name : from,
      state: this.state(),
      grade: this.view.grade ?? null,
      needs: needsOf(packets[0]!.sections.get("request")),
      urgency: this.view.urgency ?? null,
      due: this.view.due ?? null,
      neededFrom: this.neededFrom(),
      until: link["until"] as number,
      heads: headsOf(this.lines),
      confirming: said.length > 0 && this.view.being_confirmed === true,
      said: said.map(({ statement: { type, at } }) => ({ type, at })),
      signedAt: giving.statement.at,
      fingerprint: fingerprint(fromB64u(this.sender.entry.root)),
      sender: this.sender,
      author: (giving.statement.by[0] as Actor).member,
      answers: this.lines[0]!.statement.parts[0] ?? packets[0]!.hash,
    };
  }

  private neededFrom(): string | null {
    const submission = this.lines.find(({ statement }) => statement.type === "referral.submit") ?? refuse("malformed");
    signersOf(submission, this.sender, this.receipt(submission, this.view.from_agency));
    const day = submission.statement.body["needed_from"];
    return typeof day === "string" ? day : null;
  }

  private async open(line: Line): Promise<Packet> {
    const hash = line.statement.parts[0];
    const listed = this.view.packets.find((row) => row.manifest === hash) ?? refuse("malformed");
    const signers = signersOf(line, this.sender, this.receipt(line, this.view.from_agency));
    const packet = verify({
      manifest: canonical(listed.envelope),
      files: new Map([["body", await this.ask.fetch(listed.manifest, "body")]]),
      identities: [this.ask.keys.identity],
      me: this.view.to_agency,
      senderKey: (agency, keyid) =>
        (agency === this.view.from_agency && signers.get(keyid)) || refuse("unknown_signer"),
      seen: null,
      now: this.ask.now,
      first: false,
      rewraps: [],
    });
    const known = this.ask.seen[packet.manifest.packet];
    const ours = packet.manifest.files.every((file) => file.member === this.ask.keys.id);
    need(packet.hash === hash && (known === undefined || known === hash), "replayed");
    need(known !== undefined || packet.manifest.expires > this.ask.now, "expired");
    need(ours, "wrong_recipient");
    need(packet.manifest.grant?.country === this.home.entry.country, "bad_signature");
    return packet;
  }

  /** The state after the highest position that the ordering hub has signed; what the hub says must be that. */
  private state(): string | null {
    const { from_agency: from, state = null } = this.view;
    const host = hostOf(from);
    const words = this.lines.flatMap((line) => line.words.map((word) => ({ line, word, at: positionOf(word, host) })));
    const last = words.reduce<(typeof words)[number] | null>(
      (top, one) => (one.at > (top?.at ?? -1) ? one : top),
      null,
    );
    const receipt = last && readReceipt(last.word, last.line, host, this.hubKey(from));
    need(last === null || (receipt !== null && (state === null || receipt.state === state)), "bad_signature");
    return state;
  }

  private mine(): Line[] {
    const { view, ask } = this;
    const by = ({ statement }: Line) => statement.by[0] as Actor;
    return this.lines.filter((line) => by(line).agency === view.to_agency && by(line).member === ask.keys.id);
  }

  private receipt(line: Line, agency: string): Receipt | null {
    const words = line.words.map((word) => readReceipt(word, line, hostOf(agency), this.hubKey(agency)));
    return words.find((found) => found !== null) ?? null;
  }

  private hubKey(agency: string): Bytes {
    return fromB64u(this.view.hubs[hostOf(agency)], 32);
  }
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
      log: shown.log,
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

/** The members who signed a statement of the sender, by key, as its home log shows them. */
function signersOf(
  { statement, envelope }: Read,
  sender: Agency,
  receipt: Receipt | null,
): Map<string, { member: string; key: Uint8Array }> {
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

/** The position that a hub's receipt claims; -1 for any other word. */
function positionOf(word: Json, host: string): number {
  const { statement } = readStatement(word);
  const position =
    statement.type === "hub.receipt" &&
    (statement.by[0] as { hub?: string }).hub === host &&
    statement.body["position"];
  return typeof position === "number" ? position : -1;
}

function headsOf(lines: readonly Line[]): string[] {
  const named = new Set(lines.flatMap(({ statement }) => statement.heads));
  return lines
    .map(({ envelope }) => envelope.hash)
    .filter((hash) => !named.has(hash))
    .slice(-16);
}

/**
 * Reading handoffs and taking steps in them: every statement, receipt and packet that is shown was verified here first.
 *
 * The twin of `hub/client/reading.py`. Believes nothing that the hub merely says: a state counts if the ordering hub
 * signed for it at that position, a statement if its signers' certificates stand in their home log, a packet if all of
 * docs/protocol.md §4.4 holds. Who has the ball and by when is the hub's arithmetic over those and is shown as such.
 */

import { systemRandom } from "../rcp/age.ts";
import { readEnvelope, type Envelope } from "../rcp/dsse.ts";
import { canonical, isObject, parseJson, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import { MANIFEST_TYPE, readManifest, verify } from "../rcp/packet.ts";
import type { Manifest, Packet, Rewrap } from "../rcp/packet.ts";
import type { Read, Receipt, Statement } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { Chain } from "./links.ts";
import type { Member } from "./member.ts";
import type { TrustedKeys } from "./pins.ts";
import type { Sealed } from "./seal.ts";
import { expect, fail, HubError } from "./session.ts";
import * as says from "./statements.ts";
import type { Word } from "./statements.ts";

const FREEZE = "consent.freeze";
const REWRAP = "packet.rewrap";
/** Said to the own home hub alone: no head of a later statement. */
const AT_HOME = [REWRAP, "record.destroy"];
/** The statements after which nobody is to keep the packets: consent was withdrawn, or they were sent by mistake. */
export const GIVES_UP = ["consent.withdraw", "referral.mark_error"];
const CUSTODY = [...GIVES_UP, FREEZE, "consent.unfreeze"];
const SUCCESSION = "succession";
/** How files that are not those of the packet's manifest are refused. */
const DOUBTED = ["bad_signature", "malformed"];
/** The states of a succession to which the holder's hub has given no place. */
const UNCOUNTED = ["claimed", "refused"];
const MAX_HEADER = 16 * 1024;
const MAX_HEADS = 16;
const PAGE = 100;
const ROW = a.atLeast({
  hash: a.hash,
  envelope: a.atLeast({}),
  answer: a.atLeast({}),
  words: a.listOf(a.atLeast({ envelope: a.atLeast({}) }), 10_000),
  standing: a.string,
});
const LISTED = a.atLeast({ manifest: a.hash, envelope: a.atLeast({}), destroyed: a.flag });
const VIEW = a.atLeast({
  id: a.identifier,
  kind: a.string,
  from_agency: a.agency,
  to_agency: a.agency,
  statements: a.listOf(ROW, 100_000),
  packets: a.listOf(LISTED, 100_000),
});
const REWRAPPED = a.atLeast({ n: a.string, hsha256: a.hash, kids: a.listOf(a.identifier, 32, 1) });
const BOX = a.atLeast({ items: a.listOf(a.atLeast({ id: a.identifier, touched: a.integer() }), PAGE) });

interface Row {
  readonly hash: string;
  readonly envelope: Json;
  readonly answer: Json;
  readonly words: readonly { readonly envelope: Json }[];
  readonly standing: string;
}

interface View {
  readonly id: string;
  readonly kind: string;
  readonly from_agency: string;
  readonly to_agency: string;
  readonly state?: string | null;
  readonly grade?: string | null;
  readonly urgency?: string | null;
  readonly ball?: string | null;
  readonly due?: number | null;
  readonly being_confirmed?: boolean;
  readonly possible?: readonly string[];
  /** What the hub reckons of a withdrawal; `custody.ts` reads it out of what was signed. */
  readonly custody?: { readonly hubs?: readonly { readonly host: string }[]; readonly due?: number | null } | null;
  readonly statements: readonly Row[];
  readonly packets: readonly { manifest: string; envelope: Json; destroyed: boolean }[];
}

/** One verified statement of a handoff, with what the hubs signed about it. */
export class Line {
  readonly hash: string;
  readonly statement: Statement;
  readonly words: readonly Word[];
  readonly standing: string;
  /** The host of the hub that gives positions; no other one's word about them counts. */
  readonly ordering: string;

  constructor(read: Read, words: readonly Word[], standing: string, ordering: string) {
    this.hash = read.envelope.hash;
    this.statement = read.statement;
    this.words = words;
    this.standing = standing;
    this.ordering = ordering;
  }

  /** Its place among the effective statements. */
  get position(): number | null {
    return this.ordered().find(({ position }) => position !== null)?.position ?? null;
  }

  /** The state after it. */
  get state(): string | null {
    return this.ordered().find(({ state }) => state !== null)?.state ?? null;
  }

  /** Whether the ordering hub signed that it refused it. */
  get refused(): boolean {
    return this.position === null && this.words.some(({ refused, host }) => refused && host === this.ordering);
  }

  private ordered(): Receipt[] {
    return this.words.flatMap(({ receipt, host }) => (receipt && host === this.ordering ? [receipt] : []));
  }
}

/** A packet of a handoff as it is listed; nothing of it is opened. */
export interface Listed {
  readonly hash: string;
  readonly manifest: Manifest;
  readonly destroyed: boolean;
  readonly envelope: Envelope;
}

/** A handoff, verified. `ball`, `due` and `possible` are what the hub reckons from it. */
export class Shown {
  readonly view: View;
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly lines: readonly Line[];
  readonly packets: readonly Listed[];

  constructor(view: View, lines: readonly Line[], packets: readonly Listed[]) {
    this.view = view;
    this.id = view.id;
    this.from = view.from_agency;
    this.to = view.to_agency;
    this.lines = lines;
    this.packets = packets;
  }

  get state(): string | null {
    return this.view.state ?? null;
  }

  /** The hashes that the next statement names: those that no other one has named yet. */
  get heads(): string[] {
    const spoken = this.lines.filter(({ statement }) => !AT_HOME.includes(statement.type));
    const named = new Set(spoken.flatMap(({ statement }) => statement.heads));
    const latest = spoken.map(({ hash }) => hash).filter((hash) => !named.has(hash));
    return latest.slice(-MAX_HEADS).sort();
  }

  /** The links by which people without an account sign, in the order that the ordering hub has signed. */
  get chain(): Chain {
    const place = (line: Line) => line.position ?? Number.MAX_SAFE_INTEGER;
    const lines = [...this.lines].sort((one, other) => place(one) - place(other));
    return lines.reduce((chain, line) => chain.after(line.statement, line.refused), new Chain(this.to));
  }

  /** Whether it stands still at the wish of the giver of the consent, by what the ordering hub signed. */
  get frozen(): boolean {
    const said = this.lines.filter(({ statement, position }) => position !== null && CUSTODY.includes(statement.type));
    const newest = said.sort((one, other) => one.position! - other.position!).pop();
    return newest?.statement.type === FREEZE;
  }

  /** Whether its packets are not to be given out: consent was withdrawn, they were sent by mistake, or it is frozen. */
  get halted(): boolean {
    const gone = this.lines.some(({ statement, refused }) => !refused && GIVES_UP.includes(statement.type));
    return gone || this.frozen;
  }

  /** A packet that is still here, by its manifest's hash. */
  packet(manifest: string | null): Listed {
    return this.packets.find(({ hash, destroyed }) => hash === manifest && !destroyed) ?? fail("not_found");
  }

  /** The packet of the last statement that has one: what an own record now says. */
  newestPacket(): Listed {
    const hashes = this.lines.flatMap(({ statement }) => statement.parts);
    return this.packet(hashes[hashes.length - 1] ?? null);
  }

  /** The line of the statement beside which a packet travelled. */
  lineOf(manifest: string): Line {
    return this.lines.find(({ statement }) => says.manifestOf(statement) === manifest) ?? fail("not_found");
  }
}

/** The rows of a box, newest first, as the hub says them: a list to choose from, not evidence. */
export async function* pages(member: Member, kind: string, box: "in" | "out"): AsyncGenerator<JsonObject> {
  let before: string | null = null;
  do {
    const query: { [name: string]: string | number } = {
      box,
      kind,
      limit: PAGE,
      ...(before === null ? {} : { before }),
    };
    const page: Json = await member.hub.get("/api/v1/handoffs", query);
    BOX(page);
    const { items, next } = page as { items: JsonObject[]; next: Json };
    yield* items;
    before = typeof next === "string" ? next : null;
  } while (before !== null);
}

/** Return a handoff with all of its statements and receipts verified. */
export async function show(member: Member, handoff: string): Promise<Shown> {
  const view = await member.hub.get(`/api/v1/handoffs/${handoff}`);
  try {
    return await shown(member, handoff, view);
  } catch (error) {
    if (!(error instanceof PacketError && error.code === "unknown_signer")) throw error;
    member.trust.forget(); // somebody may have been certified since
    return shown(member, handoff, view);
  }
}

async function shown(member: Member, handoff: string, value: Json): Promise<Shown> {
  VIEW(value);
  const view = value as unknown as View;
  if (view.kind === "case" && view.statements.length === 0) fail("not_found"); // its leg says how it began
  expect(view.id === handoff && view.statements.length > 0);
  const lines = await linesOf(member, view);
  expect(lines.every(({ statement }) => statement.handoff === handoff));
  expect(begunFor(lines[0]!.statement) === view.from_agency);
  checkState(view, lines);
  for (const { words } of lines) words.forEach(({ receipt }) => receipt && member.trust.compare(receipt.log));
  return new Shown(view, lines, packetsOf(view, lines));
}

async function linesOf(member: Member, view: View): Promise<Line[]> {
  const parties = new Set([view.from_agency, view.to_agency]);
  if (view.kind === SUCCESSION) {
    const { by } = says.readUnverified(view.statements[0]!.envelope).statement;
    by.filter(says.isMember).forEach(({ agency }) => parties.add(agency)); // a coordinator of a third agency signs
  }
  const keys = await member.trust.keys(...parties);
  const lines: Line[] = [];
  let chain = new Chain(view.to_agency);
  for (const row of view.statements) {
    const line = lineOf(row, keys, chain, hostOf(view.from_agency), member.now());
    const { statement, refused } = line;
    need(statement.grade !== "link" || refused || chain.lets(statement), "bad_signature");
    chain = chain.after(statement, refused);
    lines.push(line);
  }
  return lines;
}

function lineOf(row: Row, keys: TrustedKeys, chain: Chain, ordering: string, now: number): Line {
  const said = [row.answer, ...row.words.map(({ envelope }) => envelope)];
  const agency = says.agencyOf(says.readUnverified(row.envelope).statement);
  const places = said.map(says.claimedPlace);
  const home = agency === null ? null : (places.filter((place) => place?.host === hostOf(agency)).pop() ?? null);
  const signers = home ? keys.standingAt(home.host, home.index) : keys;
  const read = says.verifyStatement(row.envelope, signers, now, false, chain);
  expect(read.envelope.hash === row.hash);
  const words = said.map((answer) => says.readWord(answer, read, keys, now));
  const proven = words.some(({ receipt, host }) => host === home?.host && receipt?.index === home.index);
  need(home === null || proven, "bad_signature");
  return new Line(read, words, row.standing, ordering);
}

/** Whom a handoff is from by the statement that began it: its signer, or whom that one speaks for. */
function begunFor(said: Statement): string | null {
  const host = says.hubOf(said);
  if (host !== null) {
    const to = String(said.body["to"]);
    return hostOf(to) === host ? to : null;
  }
  return said.type === says.ASSUME ? String(said.body["of"]) : says.agencyOf(said);
}

/**
 * The state shown must be the one after the highest position for which the ordering hub has signed. Where it has signed
 * for none, a hub's word stands alone: it is believed only that a succession does not count yet.
 */
function checkState({ kind, state = null }: View, lines: readonly Line[]): void {
  const placed = lines.filter(({ position }) => position !== null);
  const last = placed.sort((one, other) => one.position! - other.position!).pop();
  const alone = kind === SUCCESSION && UNCOUNTED.includes(state ?? "");
  expect(state === null || (last ? last.state === state : alone));
}

/** The packets in the order of the statements that name them: what was said last comes last. */
function packetsOf(view: View, lines: readonly Line[]): Listed[] {
  const order = lines.map(({ statement }) => says.manifestOf(statement));
  const listed = view.packets.map(({ manifest, envelope, destroyed }) => {
    const read = readEnvelope(envelope, MANIFEST_TYPE);
    expect(read.hash === manifest && order.includes(manifest));
    return { hash: manifest, manifest: readManifest(read.value), destroyed, envelope: read };
  });
  // whom the handoff is to stands in the packet that began it
  expect(listed.every((one) => one.hash !== order[0] || one.manifest.to === view.to_agency));
  return listed.sort((one, other) => order.lastIndexOf(one.hash) - order.lastIndexOf(other.hash));
}

/** Download a packet, files of attachments too, and return it once every step of §4.4 holds and who sealed it said so. */
export async function open(member: Member, shown: Shown, listed: Listed): Promise<Packet> {
  try {
    return await opened(member, shown, listed);
  } catch (error) {
    const again = member.letGo && error instanceof PacketError && DOUBTED.includes(error.code);
    if (!again) throw error;
    await member.letGo!([listed.hash]); // it may be kept under the header that it had before, or as a line spoilt it once
    return opened(member, shown, listed);
  }
}

async function opened(member: Member, shown: Shown, listed: Listed): Promise<Packet> {
  const { manifest, hash, envelope } = listed;
  const rewraps = rewrapsOf(shown, listed);
  if (shown.halted) await member.letGo?.([hash]);
  const files = new Map<string, Bytes>();
  for (const { n, plen } of manifest.files) {
    files.set(n, await member.hub.file(`/api/v1/packets/${hash}/files/${n}`, plen + MAX_HEADER));
  }
  const epochs = manifest.files.map(({ n, epoch }) => rewraps.find((row) => row.n === n)?.epoch ?? epoch);
  const known = member.kept.accepted.get(manifest.packet) ?? null;
  const senders = await sendersOf(member, shown, listed);
  const packet = verify({
    manifest: envelope.document,
    files,
    identities: await member.identities(epochs),
    me: member.agency,
    senderKey: (agency, keyid) => senders.senderKey(agency, keyid),
    seen: known,
    now: member.now(),
    first: known === null && manifest.from !== manifest.to,
    rewraps,
  });
  const { by } = shown.lineOf(hash).statement;
  need(
    by.filter(says.isMember).some((actor) => actor.member === packet.author),
    "bad_signature",
  );
  member.kept.accepted.set(manifest.packet, hash);
  return packet;
}

/** The keys as they were when the packet's statement entered its home log; a link's are in the handoff. */
async function sendersOf(member: Member, shown: Shown, { hash, manifest }: Listed): Promise<TrustedKeys | Chain> {
  const line = shown.lineOf(hash);
  if (line.statement.grade === "link") return shown.chain;
  const keys = await member.trust.keys(shown.from, shown.to);
  const host = hostOf(manifest.from);
  const receipt = line.words.find((word) => word.receipt && word.host === host)?.receipt;
  return receipt ? keys.standingAt(host, receipt.index) : keys;
}

/** The newest re-wrap of a packet by the agency that holds it (§4.5). */
export function rewrapsOf(shown: Shown, { hash, manifest }: Listed): Rewrap[] {
  const ours = shown.lines.filter(
    ({ statement }) =>
      statement.type === REWRAP && says.agencyOf(statement) === manifest.to && statement.body["manifest"] === hash,
  );
  const rows = ours.pop()?.statement.body["files"] ?? [];
  a.listOf(REWRAPPED, 65)(rows);
  return rows as unknown as Rewrap[];
}

/**
 * Send a statement and the packet beside it; return the hub's view of the handoff once its receipt is proven. Without a
 * line it is kept where the member's device keeps such things, and the answer says `queued`.
 */
export async function send(
  member: Member,
  path: string,
  said: ReturnType<Member["statement"]>,
  part: Sealed | null = null,
): Promise<JsonObject> {
  const parts = new Map([["statement", canonical(said.value)], ...(part?.parts ?? [])]);
  try {
    return await deliver(member, path, parts);
  } catch (error) {
    if (!(error instanceof HubError && error.code === "peer_unreachable" && member.later)) throw error;
    await member.later(path, parts);
    return { id: said.statement.handoff, queued: true };
  }
}

/** Send what was signed and sealed before. The same statement gets the same answer, however often it is sent. */
export async function deliver(
  member: Member,
  path: string,
  parts: ReadonlyMap<string, Uint8Array>,
): Promise<JsonObject> {
  const answer = await member.hub.submit(path, parts);
  expect(isObject(answer) && isObject(answer["receipt"]) && isObject(answer["handoff"]));
  const said = says.readUnverified(parseJson(parts.get("statement") ?? fail("invalid_request")));
  const keys = await member.trust.keys(member.agency);
  const { receipt } = says.readWord(answer["receipt"], said, keys, member.now());
  need(receipt?.log.origin === hostOf(member.agency), "bad_signature");
  member.trust.compare(receipt.log);
  return answer["handoff"];
}

/** Sign and send a step in a role that may take it; the hub may refuse the step. */
export async function say(
  member: Member,
  shown: Shown,
  type: string,
  body: JsonObject,
  { roles, part = null, grade = "signed" }: { roles?: readonly string[]; part?: Sealed | null; grade?: string } = {},
): Promise<JsonObject> {
  const by = [await member.me(roles)];
  const said = member.statement({ type, handoff: shown.id, heads: shown.heads, by, body }, part, grade);
  return send(member, `/api/v1/handoffs/${shown.id}/statements`, said, part);
}

/** Seal words back to the sender of a referral: their basis is that they answer what was sent (§4.3). */
export async function sealReply(member: Member, shown: Shown, words: JsonObject): Promise<Sealed> {
  if (member.agency !== shown.to) fail("forbidden");
  const { statement } = shown.lines[0]!;
  const answers = says.manifestOf(statement) ?? refuse("wrong_recipient");
  const first = shown.packets.find(({ hash }) => hash === answers);
  const until = first?.manifest.grant?.until ?? refuse("wrong_recipient");
  const sender = await member.trust.agency(shown.from);
  const [person] = statement.by.filter(says.isMember);
  const single = sender.entry.enc.length === 0 && person ? { person: person.member } : {};
  const basis = { key: systemRandom(32), excerpt: replyExcerpt(shown), country: sender.entry.country, until };
  return member.seal(member.target(sender, single), { sections: { reply: { v: 1, ...words } }, basis });
}

/** What a reply says of its basis: that it answers what was sent in this handoff. */
export function replyExcerpt({ from, lines }: Shown): JsonObject {
  return { v: 1, basis: "reply", to: from, in_reply_to: says.manifestOf(lines[0]!.statement), categories: ["reply"] };
}

/**
 * Packets: manifest grammar, the verify order of docs/protocol.md §4.4, and sealing a reply. The twin of `hub/packets`.
 *
 * In memory: what a phone opens is small. The text's file may be verified first and attachments later, each before it is
 * shown; the manifest names the bytes of all.
 */

import {
  checkPolicy,
  headerSize,
  openPayload,
  readHeader,
  sealFile,
  systemRandom,
  unwrap,
  type Header,
  type Identity,
  type Random,
} from "./age.ts";
import { kid, readEnvelope, signEnvelope, verifiedBy, type Signer } from "./dsse.ts";
import {
  ascii,
  b64u,
  blake2b,
  canonical,
  concat,
  fromB64u,
  hkdf,
  parseJson,
  same,
  sha256,
  type Bytes,
  type Json,
  type JsonObject,
} from "./encoding.ts";
import { need } from "./errors.ts";
import * as a from "./shapes.ts";
import { readTar, writeTar, type Entry } from "./tar.ts";

export const MANIFEST_TYPE = "application/vnd.rcp.packet+json;v=1";
export const SUITE = "age1+ed25519";
const MAX_MANIFEST = 64 * 1024;
const MAX_PACKET = 2 ** 30;
const MAX_TEXT = 4 * 2 ** 20;
const MAX_LIFE = 400 * 86_400;
const AHEAD = 600;
const MIN_PAYLOAD = 16 + 10 * 1024 + 16;
const ATTACHMENT = "attachments/";

export interface File {
  n: string;
  hsha256: string;
  psha256: string;
  plen: number;
  kids: string[];
  epoch: number | null;
  member: string | null;
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: string;
}

export interface Manifest {
  v: number;
  suite: string;
  packet: string;
  from: string;
  to: string;
  inbox: string;
  created: number;
  expires: number;
  log: Checkpoint;
  grant: { country: string; until: string; commit: string } | null;
  files: File[];
}

export type Rewrap = Pick<File, "n" | "hsha256" | "kids" | "epoch">;

const HEADER = { hsha256: a.hash, kids: a.distinct(a.listOf(a.identifier, 32, 1)), epoch: a.nullOr(a.integer(1)) };
const FILE = { ...HEADER, psha256: a.hash, plen: a.integer(MIN_PAYLOAD), n: a.string, member: a.nullOr(a.identifier) };
const GRANT = { country: a.country, until: a.matches(/^20[2-9][0-9]-(?:0[1-9]|1[0-2])$/), commit: a.hash };
export const CHECKPOINT = a.objectOf({ origin: a.host, size: a.integer(), root: a.hash });
const MANIFEST = a.objectOf({
  v: a.integer(),
  suite: a.string,
  packet: a.identifier,
  from: a.agency,
  to: a.agency,
  inbox: a.identifier,
  created: a.seconds,
  expires: a.seconds,
  log: CHECKPOINT,
  grant: a.nullOr(a.objectOf(GRANT)),
  files: a.listOf(a.objectOf(FILE), MAX_MANIFEST, 1),
});
const BASIS = a.objectOf({ v: a.integer(1, 1), key: a.hash, excerpt: a.atLeast({}) });

/** Who signs: the member, and the device key that its agency certified. */
export interface SenderKey {
  readonly member: string;
  readonly key: Uint8Array;
}

export interface Question {
  /** The envelope as JSON text. */
  readonly manifest: Bytes;
  /** The age files that are here; those that are not are verified when they come (`openAttachment`). */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly identities: readonly Identity[];
  readonly me: string;
  senderKey(agency: string, keyid: string): SenderKey;
  /** The manifest's hash under which this packet id was taken before. */
  readonly seen: string | null;
  readonly now: number;
  readonly first: boolean;
  readonly rewraps: readonly Rewrap[];
}

export interface Packet {
  readonly manifest: Manifest;
  readonly hash: string;
  readonly author: string;
  readonly sections: ReadonlyMap<string, Json>;
  readonly excerpt: JsonObject | null;
  /** The key under which the statement beside the packet commits to what the gates found. */
  readonly basisKey: Bytes | null;
  readonly attachments: ReadonlyMap<string, Bytes>;
}

/** Return the packet if all of §4.4 holds for the files that are here. */
export function verify(asked: Question): Packet {
  // 1. Size. 2. Grammar. 3. Signature. 4. Certificate.
  need(asked.manifest.length <= MAX_MANIFEST, "too_large");
  const envelope = readEnvelope(parseJson(asked.manifest), MANIFEST_TYPE);
  need(envelope.signatures.length === 1, "malformed");
  const signed = readManifest(envelope.value);
  const sender = asked.senderKey(signed.from, envelope.signatures[0]!.keyid);
  verifiedBy(envelope, [sender.key]);
  // 5. Suite. 6. Times. 7. Replay. 8. Addressed to me.
  need(signed.suite === SUITE, "unsupported_version");
  need(signed.created <= asked.now + AHEAD && (!asked.first || signed.expires > asked.now), "expired");
  need(asked.seen === null || asked.seen === envelope.hash, "replayed");
  const manifest = rewrapped(signed, asked.rewraps);
  need(manifest.to === asked.me, "wrong_recipient");
  // 9. Header hashes. 10. File keys and MACs. 11. Payloads. 12. What is inside.
  const present = [...asked.files.keys()];
  need(present.includes("body") && present.every((n) => manifest.files.some((file) => file.n === n)), "malformed");
  const rows = manifest.files.map((file, index) => ({ file, index, data: asked.files.get(file.n) }));
  const here = rows.flatMap(({ file, index, data }) => (data ? [{ file, index, parts: split(file, data) }] : []));
  const keys = here.map(({ file, parts }) => fileKey(file, parts.header, asked.identities));
  const plain = here.map(({ file, parts }, i) => openFile(file, parts.payload, keys[i]!));
  const found = here.map(({ index }, i) => contents(signed, index, sender.member, plain[i]!));
  const texts = found[0]!.texts;
  const attachments = new Map<string, Bytes>();
  for (const row of found) {
    for (const [name, content] of row.attachments) {
      need(!attachments.has(name), "malformed");
      attachments.set(name, content);
    }
  }
  need(attachments.size > 0 || [...texts.keys()].some((name) => name !== "basis.json"), "malformed");
  const given = basis(manifest, texts.get("basis.json"));
  texts.delete("basis.json");
  const sections = new Map(
    [...texts].map(([name, text]) => [name.slice("sections/".length, -".json".length), parseJson(text)]),
  );
  const { excerpt, basisKey } = given ?? { excerpt: null, basisKey: null };
  return { manifest, hash: envelope.hash, author: sender.member, sections, excerpt, basisKey, attachments };
}

/** Return the attachment in one more file of a packet that was verified, by the same steps. */
export function openAttachment(
  packet: Packet,
  n: string,
  data: Uint8Array,
  identities: readonly Identity[],
): [string, Bytes] {
  const index = packet.manifest.files.findIndex((file) => file.n === n);
  const file = packet.manifest.files[index];
  need(file !== undefined && index > 0, "malformed");
  const { header, payload } = split(file, data);
  const plain = openFile(file, payload, fileKey(file, header, identities));
  const [found] = contents(packet.manifest, index, packet.author, plain).attachments;
  need(found !== undefined && !packet.attachments.has(found[0]), "malformed");
  return found;
}

export function readManifest(value: JsonObject): Manifest {
  need(typeof value["v"] !== "number" || value["v"] === 1, "unsupported_version");
  MANIFEST(value);
  const found = value as unknown as Manifest;
  need((found.from === found.to) === (found.grant === null), "malformed");
  need(found.expires > found.created && found.expires - found.created <= MAX_LIFE, "malformed");
  need(found.log.size > 0 || fromB64u(found.log.root).every((byte) => byte === 0), "malformed");
  need(found.files.length <= 65 && found.files.reduce((size, file) => size + file.plen, 0) <= MAX_PACKET, "too_large");
  need(
    found.files.every((file, i) => file.n === name(i) && (file.epoch === null) !== (file.member === null)),
    "malformed",
  );
  return found;
}

export function commitment(excerpt: JsonObject, key: Uint8Array): string {
  return b64u(blake2b(canonical(excerpt), "rcp/1/commit", 32, key));
}

const name = (index: number): string => (index ? `att/${index}` : "body");

function rewrapped(manifest: Manifest, rewraps: readonly Rewrap[]): Manifest {
  const rows = new Map(rewraps.map(({ n, hsha256, kids, epoch }) => [n, { hsha256, kids, epoch }]));
  return { ...manifest, files: manifest.files.map((file) => ({ ...file, ...rows.get(file.n) })) };
}

function split(file: File, data: Uint8Array): { header: Header; payload: Uint8Array } {
  const size = headerSize(data);
  const head = data.subarray(0, size);
  need(b64u(sha256(head)) === file.hsha256, "bad_signature");
  const header = readHeader(head);
  checkPolicy(header, file.kids.length);
  return { header, payload: data.subarray(size) };
}

const fileKey = (file: File, header: Header, identities: readonly Identity[]): Bytes =>
  unwrap(
    header,
    identities.filter((identity) => file.kids.includes(identity.kid)),
  );

function openFile(file: File, payload: Uint8Array, key: Bytes): Bytes {
  need(payload.length === file.plen && b64u(sha256(payload)) === file.psha256, "bad_signature");
  return openPayload(payload, key);
}

function contents(
  manifest: Manifest,
  index: number,
  author: string,
  plain: Bytes,
): { texts: Map<string, Bytes>; attachments: [string, Bytes][] } {
  const entries = readTar(plain);
  need(entries[0]?.name === "meta.json", "malformed");
  need(same(entries[0].content, meta(manifest, index, author)), "bad_signature");
  const rest = entries.slice(1);
  const attachments = rest.filter(({ name }) => name.startsWith(ATTACHMENT));
  const texts = rest.filter(({ name }) => !name.startsWith(ATTACHMENT));
  need(
    texts.every(({ name }) => name === "basis.json" || /^sections\/.*\.json$/.test(name)),
    "malformed",
  );
  need(index === 0 || (texts.length === 0 && attachments.length === 1), "malformed");
  need(texts.reduce((size, { content }) => size + content.length, 0) <= MAX_TEXT, "too_large");
  return {
    texts: new Map(texts.map(({ name, content }) => [name, content])),
    attachments: attachments.map(({ name, content }) => [name.slice(ATTACHMENT.length), content]),
  };
}

function meta(manifest: Manifest, index: number, author: string): Bytes {
  const { packet, from, to } = manifest;
  return canonical({ v: 1, packet, file: name(index), from, to, author, kids: manifest.files[index]!.kids });
}

function basis(manifest: Manifest, data: Bytes | undefined): { excerpt: JsonObject; basisKey: Bytes } | null {
  if (manifest.grant === null) {
    need(data === undefined, "malformed");
    return null;
  }
  need(data !== undefined, "bad_signature");
  const value = parseJson(data);
  BASIS(value);
  const { key, excerpt } = value as { key: string; excerpt: JsonObject };
  const basisKey = fromB64u(key);
  need(commitment(excerpt, basisKey) === manifest.grant.commit, "bad_signature");
  return { excerpt, basisKey };
}

/** A packet to be sealed: one file, no attachments. */
export interface Plan {
  readonly from: string;
  readonly to: string;
  readonly inbox: string;
  readonly author: string;
  readonly created: number;
  readonly expires: number;
  readonly log: Checkpoint;
  readonly country: string;
  readonly until: string;
  readonly excerpt: JsonObject;
  readonly recipients: readonly Bytes[];
  readonly epoch: number | null;
  readonly member: string | null;
  readonly sections: { readonly [name: string]: Json };
}

export interface Sealed {
  readonly manifest: JsonObject;
  readonly hash: string;
  readonly body: Bytes;
}

export function seal(plan: Plan, signer: Signer, random: Random = systemRandom): Sealed {
  const packet = b64u(random(16));
  const key = hkdf(random(32), concat(ascii("rcp/1/commit\0"), fromB64u(packet), ascii(plan.to)));
  const { from, to, inbox, created, expires, log, country, until, excerpt } = plan;
  const grant = { country, until, commit: commitment(excerpt, key) };
  const head = { packet, from, to, inbox, created, expires, log, grant };
  const archive = [basisOf(key, plan.excerpt), ...textsOf(plan.sections)];
  const { files, ...rest } = sealFiles(head, plan, [archive], signer, random);
  return { ...rest, body: files[0]! };
}

export const basisOf = (key: Bytes, excerpt: JsonObject): Entry => ({
  name: "basis.json",
  content: canonical({ v: 1, key: b64u(key), excerpt }),
});

export const textsOf = (sections: Plan["sections"]): Entry[] =>
  Object.keys(sections)
    .sort()
    .map((n) => ({ name: `sections/${n}.json`, content: canonical(sections[n]!) }));

/** Seal archives, each a file of one packet, to the same recipients; the manifest is parsed before it is signed. */
export function sealFiles(
  head: Omit<Manifest, "v" | "suite" | "files">,
  { recipients, epoch, member, author }: Pick<Plan, "recipients" | "epoch" | "member" | "author">,
  archives: readonly (readonly Entry[])[],
  signer: Signer,
  random: Random,
): { manifest: JsonObject; hash: string; files: Bytes[] } {
  const row = { hsha256: "", psha256: "", plen: 0, kids: recipients.map(kid), epoch, member };
  const manifest: Manifest = { ...head, v: 1, suite: SUITE, files: archives.map((_, i) => ({ n: name(i), ...row })) };
  const files = archives.map((entries, i) => {
    const inside = [{ name: "meta.json", content: meta(manifest, i, author) }, ...entries];
    const { header, payload } = sealFile(recipients, writeTar(inside), random);
    Object.assign(manifest.files[i]!, {
      hsha256: b64u(sha256(header)),
      psha256: b64u(sha256(payload)),
      plen: payload.length,
    });
    return concat(header, payload);
  });
  const value = readManifest(manifest as unknown as JsonObject) as unknown as JsonObject;
  const envelope = signEnvelope(MANIFEST_TYPE, value, signer);
  return { manifest: envelope, hash: readEnvelope(envelope, MANIFEST_TYPE).hash, files };
}

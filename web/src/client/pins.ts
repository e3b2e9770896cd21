/**
 * What a client trusts, and how it comes to trust more (docs/protocol.md §6). The twin of `hub/keys/pins.py`.
 *
 * Does not fetch. Every change gives new `Pins`, which the client keeps in its vault. No key without a place in a log
 * whose checkpoint the home hub signed; no chain with a hole; nothing older than was seen; two certifiers or a
 * fingerprint for a first contact and for every change of identity.
 */

import { fingerprint, kid, verifiedBy } from "../rcp/dsse.ts";
import { b64u, fromB64u, isObject, sha256, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import { checkGrown, checkInclusion, verifyNote } from "../rcp/log.ts";
import { CHECKPOINT, type Checkpoint, type SenderKey } from "../rcp/packet.ts";
import * as a from "../rcp/shapes.ts";
import * as docs from "./documents.ts";
import type { Document, KeyEntry, MemberCert, Revocation } from "./documents.ts";

/** Why an agency's keys are believed; the screen says it. `first_seen`: not believed, nothing is sealed to it. */
export type How = "pinned" | "certified" | "fingerprint" | "first_seen";

export interface Pin {
  readonly root: string;
  readonly seq: number;
  readonly hash: string;
  readonly how: How;
  /** The place in its home log of the newest key document that was seen. */
  readonly newest: number;
  /** One hash over all of them. */
  readonly documents: string;
}

type Named<T> = { readonly [name: string]: T };

/** As the vault keeps them: certifiers, hub keys by host, agencies, and the newest checkpoint seen of each log. */
export interface Pins {
  readonly certifiers: readonly string[];
  readonly hubs: Named<string>;
  readonly agencies: Named<Pin>;
  readonly checkpoints: Named<Checkpoint>;
}

const PIN = a.objectOf({
  root: a.hash,
  seq: a.integer(),
  hash: a.hash,
  how: a.oneOf("pinned", "certified", "fingerprint", "first_seen"),
  newest: a.integer(),
  documents: a.hash,
});
const PINS = a.objectOf({
  certifiers: a.listOf(a.hash, 1000),
  hubs: recordOf(a.hash),
  agencies: recordOf(PIN),
  checkpoints: recordOf(CHECKPOINT),
});
const PROVEN = a.objectOf({
  index: a.integer(),
  salt: a.hash,
  proof: a.listOf(a.hash, 64),
  document: a.atLeast({}),
});
const SERVED = a.atLeast({ checkpoint: a.string, entries: a.listOf(PROVEN, 100_000) });

function recordOf(inner: a.Check): a.Check {
  return (value) => {
    need(isObject(value), "malformed");
    Object.values(value).forEach(inner);
  };
}

/** What is kept under a name, and nothing that every object has. */
export const named = <T>(record: Named<T>, name: string): T | undefined =>
  Object.prototype.hasOwnProperty.call(record, name) ? record[name] : undefined;

/** Return the pins out of a vault. */
export function readPins(value: Json): Pins {
  PINS(value);
  return value as unknown as Pins;
}

/** What two copies of one member's pins believe together: of an agency and of a log the newer, and a comparison by phone. */
export function mergePins(one: Pins, other: Pins): Pins {
  const agencies: { [name: string]: Pin } = { ...one.agencies };
  for (const [name, pin] of Object.entries(other.agencies)) {
    const known = named(one.agencies, name) ?? pin;
    const later = known.newest > pin.newest ? known : pin;
    const compared = known.seq === pin.seq && [known.how, pin.how].includes("fingerprint");
    agencies[name] = compared ? { ...later, how: "fingerprint" } : later;
  }
  const checkpoints: { [host: string]: Checkpoint } = { ...one.checkpoints };
  for (const [host, head] of Object.entries(other.checkpoints)) {
    if ((named(one.checkpoints, host)?.size ?? -1) < head.size) checkpoints[host] = head;
  }
  const certifiers = [...new Set([...one.certifiers, ...other.certifiers])].sort();
  return { certifiers, hubs: { ...other.hubs, ...one.hubs }, agencies, checkpoints };
}

/** Return pins with a hub's key, whose fingerprint a person compared. */
export function trustHub(pins: Pins, host: string, key: Bytes, digits: string): Pins {
  const known = named(pins.hubs, host);
  need(sameDigits(fingerprint(key), digits), "bad_signature");
  const text = b64u(key);
  need(known === undefined || known === text, "bad_signature");
  return { ...pins, hubs: { ...pins.hubs, [host]: text } };
}

/** Return the checkpoint in a note and the pins that have seen it; `proof` shows that the log only grew. */
export function seeCheckpoint(
  pins: Pins,
  note: string,
  host: string,
  proof: readonly Bytes[],
): { head: Checkpoint; pins: Pins } {
  const head = verifyNote(note, host, hubKey(pins, host));
  const seen = named(pins.checkpoints, host);
  if (seen) checkGrown(seen, head, proof);
  return { head, pins: { ...pins, checkpoints: { ...pins.checkpoints, [host]: head } } };
}

export const hubKey = (pins: Pins, host: string): Bytes =>
  fromB64u(named(pins.hubs, host) ?? refuse("unknown_signer"), 32);

/** A certified device key: where its certificate and its revocation stand in the home hub's log. */
export interface Device {
  readonly cert: MemberCert;
  readonly index: number;
  readonly revoked: { readonly index: number; readonly at: number } | null;
}

/** An agency as its own log shows it, and why it is believed. */
export interface TrustedAgency {
  readonly entry: KeyEntry;
  readonly how: How;
  readonly devices: readonly Device[];
  /** All of its key documents with their places in its home log. */
  readonly documents: readonly { readonly index: number; readonly document: Document<JsonObject> }[];
}

/** The certificates that are good now. */
export const membersOf = (agency: TrustedAgency, now: number): MemberCert[] =>
  agency.devices
    .filter(({ cert, revoked }) => revoked === null && cert.from <= now && now <= cert.until)
    .map(({ cert }) => cert);

/** Devices that lost their case roles since the newest epoch: their old key is still alive (§5). */
export function oldKeyHolders({ documents }: TrustedAgency): MemberCert[] {
  let epoch: number | null = null;
  const may = new Map<string, MemberCert>();
  const gone = new Map<string, MemberCert>();
  for (const { kind, value } of documents.map(({ document }) => document)) {
    const keyid = typeof value["sign"] === "string" ? docs.keyidOf({ sign: value["sign"] }) : "";
    const cert = value as unknown as MemberCert;
    if (kind === "key-entry") {
      const newest = (value as unknown as KeyEntry).enc.slice(-1)[0]?.epoch ?? null;
      if (newest !== epoch) gone.clear();
      epoch = newest;
    } else if (kind === "member-cert" && cert.roles.some((role) => docs.CASE_ROLES.includes(role))) {
      may.set(keyid, cert);
      gone.delete(keyid);
    } else if (["member-cert", "revocation"].includes(kind) && may.has(keyid)) {
      gone.set(keyid, may.get(keyid)!);
      may.delete(keyid);
    }
  }
  return epoch === null ? [] : [...gone.values()];
}

/**
 * Return an agency out of the key documents that its home hub serves under `head`, which `seeCheckpoint` gave, and the
 * pins afterwards; `digits` is the fingerprint of the root key that a person compared.
 */
export function acceptAgency(
  pins: Pins,
  agency: string,
  served: Json,
  head: Checkpoint,
  digits = "",
): { agency: TrustedAgency; pins: Pins } {
  const own = named(pins.checkpoints, head.origin);
  need(head.origin === hostOf(agency) && own?.size === head.size && own.root === head.root, "bad_signature");
  SERVED(served);
  const rows = (served as unknown as { entries: Proven[] }).entries;
  const reader = new Reader(agency);
  for (const row of [...rows].sort((one, other) => one.index - other.index)) reader.read(row, head);
  const newest = reader.entries[reader.entries.length - 1] ?? refuse("bad_signature");
  const pin = named(pins.agencies, agency);
  need(!pin || pin.newest >= head.size || sumOf(reader, pin.newest) === pin.documents, "bad_signature");
  const how = howOf(pins, reader.entries, pin, digits);
  const devices = [...reader.devices.values()];
  const found = { entry: newest.value, how, devices, documents: reader.documents };
  if (how === "first_seen") return { agency: found, pins };
  const { root, seq } = newest.value;
  const last = reader.documents[reader.documents.length - 1]!.index;
  const seen = { newest: last, documents: sumOf(reader, last) };
  const kept = { root, seq, hash: newest.hash, how: pin && how === "pinned" ? pin.how : how, ...seen };
  return { agency: found, pins: { ...pins, agencies: { ...pins.agencies, [agency]: kept } } };
}

/** One hash over the key documents up to a place in the log. */
const sumOf = ({ documents }: Reader, last: number): string =>
  b64u(sha256(...documents.filter(({ index }) => index <= last).map(({ document }) => fromB64u(document.hash, 32))));

interface Proven {
  readonly document: Json;
  readonly index: number;
  readonly salt: string;
  readonly proof: string[];
}

/** Reads the documents of one agency in the order of the log. */
class Reader {
  readonly entries: Document<KeyEntry>[] = [];
  readonly devices = new Map<string, Device>();
  readonly documents: { index: number; document: Document<JsonObject> }[] = [];
  private readonly agency: string;

  constructor(agency: string) {
    this.agency = agency;
  }

  read({ document, index, salt, proof }: Proven, head: Checkpoint): void {
    const found = docs.readDocument(document);
    const nodes = proof.map((node) => fromB64u(node));
    checkInclusion(found.envelope.document, fromB64u(salt), index, nodes, head.size, fromB64u(head.root));
    this.take(found, index);
    this.documents.push({ index, document: found });
  }

  private take(found: Document<JsonObject>, index: number): void {
    const newest = this.entries[this.entries.length - 1];
    if (found.kind === "key-entry") {
      const entry = docs.verifyChain(found, newest ?? null);
      need(entry.value.agency === this.agency, "bad_signature");
      this.entries.push(entry);
      return;
    }
    need(newest !== undefined, "bad_signature");
    if (found.kind === "member-cert") this.certify(docs.verifyByRoot(found, newest.value), index);
    else if (found.kind === "revocation") this.revoke(docs.verifyByRoot(found, newest.value), index);
    else if (found.kind === "recovery-key") docs.verifyByRoot(found, newest.value);
    else if (found.kind === "recovery-use") verifiedBy(found.envelope, [fromB64u(found.value["sign"])]);
  }

  private certify(cert: MemberCert, index: number): void {
    const keyid = docs.keyidOf(cert);
    const known = this.devices.get(keyid);
    need(!known || (known.revoked === null && known.cert.member === cert.member), "bad_signature");
    this.devices.set(keyid, { cert, index, revoked: null });
  }

  private revoke(word: Revocation, index: number): void {
    const keyid = docs.keyidOf(word);
    const known = this.devices.get(keyid);
    if (known && known.revoked === null) this.devices.set(keyid, { ...known, revoked: { index, at: word.at } });
  }
}

function howOf(pins: Pins, entries: readonly Document<KeyEntry>[], pin: Pin | undefined, digits: string): How {
  const newest = entries[entries.length - 1]!.value;
  const compared = digits !== "" && sameDigits(fingerprint(fromB64u(newest.root)), digits);
  if (pin) {
    const known = entries.find(({ value, hash }) => value.seq === pin.seq && hash === pin.hash);
    need(known !== undefined, "bad_signature");
    if (docs.sameIdentity(known.value, newest)) return compared ? "fingerprint" : "pinned";
  }
  const barred = named(pins.hubs, hostOf(newest.agency));
  const certified = docs.certified(newest, pins.certifiers, barred === undefined ? [] : [barred]);
  if (compared || certified) return compared ? "fingerprint" : "certified";
  return pin ? refuse("bad_signature") : "first_seen";
}

const sameDigits = (one: string, other: string): boolean => one === other.trim().split(/\s+/).join(" ");

/** Accepted agencies and pinned hubs: who may sign statements and packets. */
export class TrustedKeys {
  private readonly agencies: ReadonlyMap<string, TrustedAgency>;
  private readonly pins: Pins;
  private readonly standing: { host: string; index: number } | null;

  constructor(agencies: ReadonlyMap<string, TrustedAgency>, pins: Pins, standing?: { host: string; index: number }) {
    this.agencies = agencies;
    this.pins = pins;
    this.standing = standing ?? null;
  }

  /** The keys as they were for a document at `index` of the log of `host`. */
  standingAt(host: string, index: number): TrustedKeys {
    return new TrustedKeys(this.agencies, this.pins, { host, index });
  }

  /** A member's device key, if its certificate gives this member this role at that time. */
  memberKey(agency: string, member: string, role: string, keyid: string, at: number): Bytes {
    const cert = this.cert(agency, keyid);
    need(cert.member === member && cert.roles.includes(role), "bad_signature");
    need(cert.from <= at && at <= cert.until, "bad_signature");
    return fromB64u(cert.sign);
  }

  senderKey(agency: string, keyid: string): SenderKey {
    const cert = this.cert(agency, keyid);
    return { member: cert.member, key: fromB64u(cert.sign) };
  }

  hubKey(host: string, keyid: string): Bytes {
    const key = hubKey(this.pins, host);
    need(kid(key) === keyid, "unknown_signer");
    return key;
  }

  private cert(agency: string, keyid: string): MemberCert {
    const known = this.agencies.get(agency);
    const devices = known && known.how !== "first_seen" ? known.devices : [];
    const { cert, index, revoked } =
      devices.find((device) => docs.keyidOf(device.cert) === keyid) ?? refuse("unknown_signer");
    if (revoked) {
      const standing = this.standing?.host === hostOf(agency) ? this.standing.index : -1;
      need(index < standing && standing < revoked.index, "bad_signature");
    }
    return cert;
  }
}

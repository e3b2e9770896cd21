/**
 * An agency out of its key documents (docs/protocol.md §6), each proven to stand in its home hub's log.
 *
 * What a page without pins cannot check: that the certifiers are ones that it trusts. Its own hub did, before it took the
 * agency in; the fingerprint of the root is there for people to compare.
 */

import { checkPublicKey, kid, readEnvelope, typeOf, verifiedBy, type Envelope } from "./dsse.ts";
import { fromB64u, isObject, type Bytes, type Json } from "./encoding.ts";
import { need, refuse } from "./errors.ts";
import { checkInclusion, verifyNote } from "./log.ts";
import type { SenderKey } from "./packet.ts";
import * as a from "./shapes.ts";

const KEY_ENTRY = "application/vnd.rcp.key-entry+json;v=1";
const MEMBER_CERT = "application/vnd.rcp.member-cert+json;v=1";
const REVOCATION = "application/vnd.rcp.revocation+json;v=1";
const ONE = a.integer(1, 1);
const SUITE = a.oneOf("age1+ed25519");
const EPOCH = a.atLeast({ epoch: a.integer(1), recipient: a.ageRecipient, suite: a.string });
const ENTRY = a.atLeast({
  v: ONE,
  agency: a.agency,
  kind: a.string,
  country: a.country,
  root: a.hash,
  seq: a.integer(),
  prev: a.nullOr(a.hash),
  enc: a.listOf(EPOCH, 1000),
  inboxes: a.listOf(a.identifier, 1000),
  hub: a.host,
});
const CERT = a.atLeast({
  v: ONE,
  agency: a.agency,
  member: a.identifier,
  roles: a.listOf(a.string, 16),
  sign: a.hash,
  recipient: a.ageRecipient,
  from: a.seconds,
  until: a.seconds,
});
const REVOKED = a.atLeast({ v: ONE, agency: a.agency, member: a.identifier, sign: a.hash, at: a.seconds });
const PROVEN = a.atLeast({ document: a.atLeast({}), index: a.integer(), salt: a.hash, proof: a.listOf(a.hash, 64) });
const DOCUMENTS = a.atLeast({ checkpoint: a.string, entries: a.listOf(PROVEN, 100_000, 1) });

export interface Entry {
  readonly agency: string;
  readonly kind: string;
  readonly country: string;
  readonly root: string;
  readonly seq: number;
  readonly prev: string | null;
  readonly enc: { epoch: number; recipient: string; suite: string }[];
  readonly inboxes: string[];
  readonly hub: string;
}

interface Cert {
  readonly agency: string;
  readonly member: string;
  readonly roles: string[];
  readonly sign: string;
  readonly recipient: string;
  readonly from: number;
  readonly until: number;
}

export interface Device {
  readonly cert: Cert;
  readonly index: number;
  readonly revoked: number | null;
}

export const hostOf = (agency: string): string => agency.slice(agency.lastIndexOf("@") + 1);

export class Agency {
  readonly entry: Entry;
  readonly devices: ReadonlyMap<string, Device>;

  constructor(entry: Entry, devices: ReadonlyMap<string, Device>) {
    this.entry = entry;
    this.devices = devices;
  }

  /** Whose device key this is, as it was when a document entered the home log at `index`. */
  senderKey(keyid: string, index: number): SenderKey & { cert: Cert } {
    const device = this.devices.get(keyid) ?? refuse("unknown_signer");
    need(device.revoked === null || (device.index < index && index < device.revoked), "bad_signature");
    return { member: device.cert.member, key: fromB64u(device.cert.sign), cert: device.cert };
  }

  /** The keys of one member's devices that are good now, as recipients. */
  recipientsOf(member: string, now: number): string[] {
    const good = [...this.devices.values()].filter(
      ({ cert, revoked }) => revoked === null && cert.from <= now && now <= cert.until,
    );
    return good.filter(({ cert }) => cert.member === member).map(({ cert }) => cert.recipient);
  }
}

/** Return the agency if every document stands in the log, the entries are an unbroken chain, and its root signed the rest. */
export function readAgency(agency: string, documents: Json, hubKey: Bytes): Agency {
  DOCUMENTS(documents);
  const { checkpoint, entries } = documents as unknown as {
    checkpoint: string;
    entries: { document: Json; index: number; salt: string; proof: string[] }[];
  };
  const head = verifyNote(checkpoint, hostOf(agency), hubKey);
  const devices = new Map<string, Device>();
  let entry: (Entry & { hash: string }) | null = null;
  for (const { document, index, salt, proof } of [...entries].sort((one, other) => one.index - other.index)) {
    const envelope = readEnvelope(document, typeOf(document));
    const nodes = proof.map((node) => fromB64u(node, 32));
    checkInclusion(envelope.document, fromB64u(salt), index, nodes, head.size, fromB64u(head.root));
    need(isObject(envelope.value) && envelope.value["agency"] === agency, "bad_signature");
    if (envelope.type === KEY_ENTRY) entry = next(envelope, entry);
    else takeMember(envelope, entry ?? refuse("bad_signature"), index, devices);
  }
  return new Agency(entry ?? refuse("bad_signature"), devices);
}

function next(envelope: Envelope, before: (Entry & { hash: string }) | null): Entry & { hash: string } {
  ENTRY(envelope.value);
  const entry = envelope.value as unknown as Entry;
  verifiedBy(envelope, [checkPublicKey(fromB64u(entry.root))]);
  const follows =
    before === null
      ? entry.seq === 0 && entry.prev === null
      : entry.seq === before.seq + 1 && entry.prev === before.hash;
  need(follows && entry.hub === hostOf(entry.agency), "bad_signature");
  return { ...entry, hash: envelope.hash };
}

function takeMember(envelope: Envelope, entry: Entry, index: number, devices: Map<string, Device>): void {
  const revocation = envelope.type === REVOCATION;
  need(revocation || envelope.type === MEMBER_CERT, "malformed");
  (revocation ? REVOKED : CERT)(envelope.value);
  verifiedBy(envelope, [fromB64u(entry.root)]);
  const cert = envelope.value as unknown as Cert;
  const name = kid(checkPublicKey(fromB64u(cert.sign)));
  const known = devices.get(name);
  if (revocation) {
    if (known && known.revoked === null) devices.set(name, { ...known, revoked: index });
    return;
  }
  need(!known || (known.revoked === null && known.cert.member === cert.member), "bad_signature");
  devices.set(name, { cert, index, revoked: null });
}

/** Whom to seal a reply to: the newest epoch, or where there is none the member who sent. */
export function replyTo(
  agency: Agency,
  member: string,
  now: number,
): { recipients: string[]; epoch: number | null; member: string | null } {
  const newest = agency.entry.enc[agency.entry.enc.length - 1];
  if (newest) {
    SUITE(newest.suite);
    return { recipients: [newest.recipient], epoch: newest.epoch, member: null };
  }
  const recipients = agency.recipientsOf(member, now);
  need(recipients.length > 0, "wrong_recipient");
  return { recipients, epoch: null, member };
}

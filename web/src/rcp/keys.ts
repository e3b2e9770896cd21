/**
 * An agency out of its key documents (docs/protocol.md §6), each proven to stand in its home hub's log.
 *
 * What a page without pins cannot check: that the certifiers are ones that it trusts. Its own hub did, before it took the
 * agency in; the fingerprint of the root is there for people to compare.
 */

import { checkPublicKey, kid, readEnvelope, typeOf, verifiedBy, type Envelope } from "./dsse.ts";
import { fromB64u, type Bytes, type Json } from "./encoding.ts";
import { need, refuse } from "./errors.ts";
import { checkInclusion, verifyNote } from "./log.ts";
import type { Checkpoint, SenderKey } from "./packet.ts";
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

interface Device {
  readonly cert: Cert;
  readonly index: number;
  readonly revoked: number | null;
}

export const hostOf = (agency: string): string => agency.slice(agency.lastIndexOf("@") + 1);

/** A key document whose place in the log, and whose signature, are checked when somebody needs it: phones are slow. */
interface Listed {
  readonly envelope: Envelope;
  readonly index: number;
  readonly salt: Bytes;
  readonly proof: readonly Bytes[];
}

type Chained = Entry & { readonly hash: string; readonly index: number };

export class Agency {
  /** The newest of its key entries. */
  readonly entry: Entry;
  private readonly entries: readonly Chained[];
  private readonly members: readonly Listed[];
  private readonly head: Checkpoint;

  constructor(entries: readonly Chained[], members: readonly Listed[], head: Checkpoint) {
    this.entry = entries[entries.length - 1] ?? refuse("bad_signature");
    this.entries = entries;
    this.members = members;
    this.head = head;
  }

  /** Whose device key this is, as it was when a document entered the home log at `index`. */
  senderKey(keyid: string, index: number): SenderKey & { cert: Cert } {
    const device = this.device(keyid) ?? refuse("unknown_signer");
    need(device.revoked === null || (device.index < index && index < device.revoked), "bad_signature");
    return { member: device.cert.member, key: fromB64u(device.cert.sign), cert: device.cert };
  }

  /** The keys of one member's devices that are good now, as recipients. */
  recipientsOf(member: string, now: number): string[] {
    const named = this.members.filter(({ envelope }) => envelope.value["member"] === member);
    const devices = [...new Set(named.map(keyOf))].map((keyid) => this.device(keyid));
    const good = (found: Device) => found.revoked === null && found.cert.from <= now && now <= found.cert.until;
    return devices.filter((found): found is Device => found !== null && good(found)).map(({ cert }) => cert.recipient);
  }

  private device(keyid: string): Device | null {
    return this.members.filter((listed) => keyOf(listed) === keyid).reduce(this.after, null);
  }

  /** A device after one more document about its key. */
  private readonly after = (known: Device | null, listed: Listed): Device | null => {
    checkListed(listed, this.head);
    const by = this.entries.filter((entry) => entry.index < listed.index).pop() ?? refuse("bad_signature");
    verifiedBy(listed.envelope, [fromB64u(by.root)]);
    const cert = listed.envelope.value as unknown as Cert;
    if (listed.envelope.type === REVOCATION) {
      return known && known.revoked === null ? { ...known, revoked: listed.index } : known;
    }
    checkPublicKey(fromB64u(cert.sign));
    need(!known || (known.revoked === null && known.cert.member === cert.member), "bad_signature");
    return { cert, index: listed.index, revoked: null };
  };
}

/** Return the agency if its entries stand in the log, are an unbroken chain, and are signed by its root. */
export function readAgency(agency: string, documents: Json, hubKey: Bytes): Agency {
  DOCUMENTS(documents);
  const { checkpoint, entries } = documents as unknown as { checkpoint: string; entries: Proven[] };
  const head = verifyNote(checkpoint, hostOf(agency), hubKey);
  const listed = entries.map((row) => listedOf(row, agency)).sort((one, other) => one.index - other.index);
  const chain: Chained[] = [];
  for (const row of listed.filter(({ envelope }) => envelope.type === KEY_ENTRY)) {
    checkListed(row, head);
    chain.push(next(row, chain[chain.length - 1] ?? null));
  }
  const members = listed.filter(({ envelope }) => envelope.type !== KEY_ENTRY);
  return new Agency(chain, members, head);
}

interface Proven {
  document: Json;
  index: number;
  salt: string;
  proof: string[];
}

function listedOf({ document, index, salt, proof }: Proven, agency: string): Listed {
  const envelope = readEnvelope(document, typeOf(document));
  const shape = { [KEY_ENTRY]: ENTRY, [MEMBER_CERT]: CERT, [REVOCATION]: REVOKED }[envelope.type];
  (shape ?? refuse("malformed"))(envelope.value);
  need(envelope.value["agency"] === agency, "bad_signature");
  return { envelope, index, salt: fromB64u(salt), proof: proof.map((node) => fromB64u(node, 32)) };
}

const keyOf = ({ envelope }: Listed): string => kid(fromB64u(envelope.value["sign"]));

function checkListed({ envelope, index, salt, proof }: Listed, head: Checkpoint): void {
  checkInclusion(envelope.document, salt, index, proof, head.size, fromB64u(head.root));
}

function next({ envelope, index }: Listed, before: Chained | null): Chained {
  const entry = envelope.value as unknown as Entry;
  verifiedBy(envelope, [checkPublicKey(fromB64u(entry.root))]);
  const follows = before === null ? entry.prev === null : entry.prev === before.hash;
  need(follows && entry.seq === (before?.seq ?? -1) + 1 && entry.hub === hostOf(entry.agency), "bad_signature");
  return { ...entry, hash: envelope.hash, index };
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

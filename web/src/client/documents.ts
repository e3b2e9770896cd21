/**
 * Key documents: what agencies, members and hubs are, and who says so (docs/protocol.md §6). The twin of
 * `hub/keys/certificates.py`: pure values and rules, with unknown members kept as they are.
 */

import { parseRecipient } from "../rcp/age.ts";
import {
  checkPublicKey,
  fingerprint,
  kid,
  pae,
  readEnvelope,
  signEnvelope,
  typeOf,
  verifiedBy,
  verifySignature,
} from "../rcp/dsse.ts";
import type { Envelope, Signer } from "../rcp/dsse.ts";
import { canonical, concat, fromB64u, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import * as a from "../rcp/shapes.ts";

const IDENTITY = "application/vnd.rcp.agency-identity+json;v=1";
export const SUITE = "age1+ed25519";
/** Kinds that never receive anything, whatever anybody consents to (R07). */
export const NEVER_RECEIVE = ["migration_authority", "immigration_enforcement", "border_police", "detention", "police"];
/** The kind without epochs: its packets are sealed to one named member (R16). */
export const PERSON_ONLY = "community_structure";
export const KINDS = [
  ...NEVER_RECEIVE,
  ...["shelter", "ngo", "io", "authority", "local_government", "municipality", "health", "school", "livelihood"],
  ...["legal", "helpline", "court_panel", "child_home", PERSON_ONLY],
];
/** In the order in which a member with several of them acts. */
export const ROLES = [
  ...["caseworker", "provider", "supervisor", "focal_point", "deputy"],
  ...["coordinator", "data_officer", "agency_admin", "auditor"],
];
/** Roles whose devices may hold an epoch secret (§5). */
export const CASE_ROLES: readonly string[] = ROLES.slice(0, 5);
const CERTIFIERS_NEEDED = 2;
/** What a key entry lists: older epochs go when nothing is sealed to them any more. */
export const MAX_EPOCHS = 16;

const publicKey: a.Check = (value) => void checkPublicKey(fromB64u(value, 32));
const recipient: a.Check = (value) => {
  a.string(value);
  parseRecipient(value as string);
};
const roles = a.distinct(a.listOf(a.oneOf(...ROLES), ROLES.length, 1));
const IDENTITY_SHAPE = {
  agency: a.agency,
  kind: a.oneOf(...KINDS),
  country: a.country,
  parent: a.nullOr(a.text),
  operator: a.text,
  root: publicKey,
};
const EPOCH = { epoch: a.integer(1), suite: a.text, recipient };
const CERTIFICATION = { certifier: a.hash, at: a.seconds, sig: a.bytes(64) };
const KEY_ENTRY = {
  ...IDENTITY_SHAPE,
  seq: a.integer(),
  prev: a.nullOr(a.hash),
  enc: a.listOf(a.atLeast(EPOCH), MAX_EPOCHS),
  inboxes: a.listOf(a.identifier, 16),
  deputy: a.nullOr(a.text),
  duty: a.listOf(a.text, 8),
  successor: a.nullOr(a.text),
  hub: a.host,
  certs: a.distinctBy(a.listOf(a.atLeast(CERTIFICATION), 8), "certifier"),
};
const DEVICE = { agency: a.agency, member: a.identifier, sign: publicKey };
const HUB_ENTRY = {
  host: a.host,
  operator: a.text,
  kind: a.oneOf(...KINDS),
  country: a.country,
  sign: publicKey,
  seq: a.integer(),
  prev: a.nullOr(a.hash),
};
const RECOVERY_KEY = {
  agency: a.agency,
  sign: publicKey,
  recipient,
  held: a.listOf(a.text, 3, 3),
  at: a.seconds,
};
const SHAPES: { readonly [type: string]: a.Members } = {
  "key-entry": KEY_ENTRY,
  "member-cert": { ...DEVICE, roles, recipient, from: a.seconds, until: a.seconds },
  revocation: { ...DEVICE, at: a.seconds },
  "hub-entry": HUB_ENTRY,
  "recovery-key": RECOVERY_KEY,
  "recovery-use": { ...DEVICE, at: a.seconds },
};

export interface Identity {
  readonly agency: string;
  readonly kind: string;
  readonly country: string;
  readonly parent: string | null;
  readonly operator: string;
  readonly root: string;
}

export interface Epoch {
  readonly epoch: number;
  readonly suite: string;
  readonly recipient: string;
}

export interface KeyEntry extends Identity {
  readonly seq: number;
  readonly prev: string | null;
  readonly enc: readonly Epoch[];
  readonly inboxes: readonly string[];
  readonly deputy: string | null;
  readonly duty: readonly string[];
  readonly successor: string | null;
  readonly hub: string;
  readonly certs: readonly { certifier: string; at: number; sig: string }[];
}

export interface MemberCert {
  readonly agency: string;
  readonly member: string;
  readonly roles: readonly string[];
  readonly sign: string;
  readonly recipient: string;
  readonly from: number;
  readonly until: number;
}

export interface Revocation {
  readonly agency: string;
  readonly member: string;
  readonly sign: string;
  readonly at: number;
}

export interface HubEntry {
  readonly host: string;
  readonly operator: string;
  readonly kind: string;
  readonly country: string;
  readonly sign: string;
  readonly seq: number;
  readonly prev: string | null;
}

/** A key document of the grammar, with its name; whether anybody signed it is for the functions below. */
export interface Document<T> {
  readonly kind: string;
  readonly value: T;
  readonly hash: string;
  readonly envelope: Envelope;
}

/** Return the key document of any type that an envelope is; no signature is verified, but its keys and grammar are. */
export function readDocument(value: Json): Document<JsonObject> {
  const type = typeOf(value);
  const kind = /^application\/vnd\.rcp\.([a-z-]+)\+json;v=1$/.exec(type)?.[1] ?? refuse("malformed");
  const shape = Object.keys(SHAPES).includes(kind) ? SHAPES[kind]! : refuse("malformed");
  const envelope = readEnvelope(value, type);
  need(envelope.value["v"] === 1, "unsupported_version");
  a.atLeast(shape)(envelope.value);
  CHECKS[kind]?.(envelope.value);
  return { kind, value: envelope.value, hash: envelope.hash, envelope };
}

/** Return a key document, signed; it is of the grammar, or refused. */
export function signDocument(kind: string, value: JsonObject, signer: Signer): JsonObject {
  const signed = signEnvelope(`application/vnd.rcp.${kind}+json;v=1`, { ...value, v: 1 }, signer);
  readDocument(signed);
  return signed;
}

const CHECKS: { readonly [kind: string]: (value: JsonObject) => void } = {
  "key-entry": (value) => {
    const entry = value as unknown as KeyEntry;
    need(entry.hub === hostOf(entry.agency), "malformed");
    need(
      entry.enc.every(({ epoch }, i) => i === 0 || entry.enc[i - 1]!.epoch < epoch),
      "malformed",
    );
    need(entry.kind !== PERSON_ONLY || entry.enc.length === 0, "malformed");
    need(!NEVER_RECEIVE.includes(entry.kind) || entry.enc.length + entry.inboxes.length === 0, "malformed");
  },
  "member-cert": (value) => {
    const cert = value as unknown as MemberCert;
    need(cert.from < cert.until, "malformed");
  },
  "recovery-key": (value) => {
    const bodies = (value["held"] as string[]).map((name) => name.toLowerCase().trim().split(/\s+/).join(" "));
    need(new Set(bodies).size > 1, "malformed");
  },
};

/** What certifiers certify. */
export const identityOf = ({ agency, kind, country, parent, operator, root }: Identity): JsonObject => ({
  v: 1,
  ...{ agency, kind, country, parent, operator, root },
});

export const sameIdentity = (one: Identity, other: Identity): boolean =>
  Object.entries(identityOf(one)).every(([name, value]) => value === identityOf(other)[name]);

/** Whether two of the trusted certifiers, the root and `barred` keys aside, certified this identity; a wrong one refuses. */
export function certified(entry: KeyEntry, certifiers: readonly string[], barred: readonly string[]): boolean {
  const message = pae(IDENTITY, canonical(identityOf(entry)));
  for (const { certifier, sig } of entry.certs) verifySignature(fromB64u(certifier), message, fromB64u(sig));
  const count = entry.certs.filter(
    ({ certifier }) => certifiers.includes(certifier) && ![entry.root, ...barred].includes(certifier),
  );
  return count.length >= CERTIFIERS_NEEDED;
}

/** Return the key entry that a document is if its root signed it and it follows `previous`. */
export function verifyChain(document: Document<JsonObject>, previous: Document<KeyEntry> | null): Document<KeyEntry> {
  const found = document as unknown as Document<KeyEntry>;
  const entry = found.value;
  verifiedBy(document.envelope, [fromB64u(entry.root)]);
  const follows = previous
    ? entry.agency === previous.value.agency && entry.seq === previous.value.seq + 1 && entry.prev === previous.hash
    : entry.seq === 0 && entry.prev === null;
  need(follows, "bad_signature");
  return found;
}

/** Return what a document says if the root of this agency signed it. */
export function verifyByRoot<T>(document: Document<JsonObject>, entry: KeyEntry): T {
  need(document.value["agency"] === entry.agency, "bad_signature");
  verifiedBy(document.envelope, [fromB64u(entry.root)]);
  return document.value as unknown as T;
}

/** Return the hub entry if it is signed by its key, and by the old one when that changes, and follows `previous`. */
export function verifyHubEntry(
  document: Document<JsonObject>,
  previous: Document<HubEntry> | null,
): Document<HubEntry> {
  const found = document as unknown as Document<HubEntry>;
  const [entry, known] = [found.value, previous?.value];
  need(document.kind === "hub-entry", "malformed");
  if (known) {
    need(entry.host === known.host && entry.seq === known.seq + 1 && entry.prev === previous!.hash, "bad_signature");
  }
  const keys = known && known.sign !== entry.sign ? [entry.sign, known.sign] : [entry.sign];
  verifiedBy(
    document.envelope,
    keys.map((key) => fromB64u(key)),
  );
  return found;
}

/** Which paper shares recover an agency: its newest recovery key. */
export interface RecoveryKey {
  readonly agency: string;
  readonly sign: string;
  readonly recipient: string;
  readonly held: readonly string[];
  readonly at: number;
}

/** The epoch to seal to. */
export function newestEpoch(entry: KeyEntry): Epoch {
  const newest = entry.enc[entry.enc.length - 1] ?? refuse("malformed");
  need(newest.suite === SUITE, "unsupported_version");
  return newest;
}

export const keyidOf = ({ sign }: { readonly sign: string }): string => kid(fromB64u(sign));

/** The sixty digits of a device: of its signing and its encryption key together. */
export const deviceFingerprint = (device: DeviceKey): string => fingerprint(deviceKey(device));

/** Both keys of a device as one, to be compared. */
export const deviceKey = ({ sign, recipient }: DeviceKey): Bytes => concat(fromB64u(sign), parseRecipient(recipient));

export type DeviceKey = Pick<MemberCert, "sign" | "recipient">;

/** DSSE envelopes over Ed25519 (docs/protocol.md §3), by libsodium's rules. The twin of `hub/packets/dsse.py`. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import {
  ascii,
  b64,
  b64u,
  blake2b,
  canonical,
  concat,
  fromB64,
  parseCanonical,
  sha256,
  type Bytes,
  type Json,
  type JsonObject,
} from "./encoding.ts";
import { need, refuse } from "./errors.ts";
import * as a from "./shapes.ts";

const MAX_ENVELOPE = 256 * 1024;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const ENVELOPE = a.objectOf({
  payload: a.string,
  payloadType: a.string,
  signatures: a.listOf(a.objectOf({ keyid: a.identifier, sig: a.string }), 8, 1),
});

export interface Envelope {
  readonly type: string;
  readonly payload: Bytes;
  readonly value: JsonObject;
  readonly signatures: readonly { keyid: string; sig: Bytes }[];
  /** SHA-256 of the PAE: the document's name. */
  readonly hash: string;
  /** The canonical bytes of the envelope: what logs hold. */
  readonly document: Bytes;
}

export class Signer {
  readonly publicKey: Bytes;
  readonly kid: string;
  private readonly seed: Uint8Array;

  constructor(seed: Uint8Array) {
    this.seed = seed;
    this.publicKey = ed25519.getPublicKey(seed) as Bytes;
    this.kid = kid(this.publicKey);
  }

  sign(message: Uint8Array): Bytes {
    return ed25519.sign(message, this.seed) as Bytes;
  }
}

export const kid = (key: Uint8Array): string => b64u(blake2b(key, "rcp/1/kid", 16));

/** A key as twelve groups of five digits, for people to compare (§2). */
export function fingerprint(key: Uint8Array): string {
  const digest = blake2b(key, "rcp/1/fpr", 64);
  const groups = Array.from(
    { length: 12 },
    (_, i) => digest.subarray(5 * i, 5 * i + 5).reduce((n, byte) => n * 256 + byte, 0) % 100_000,
  );
  return groups.map((group) => String(group).padStart(5, "0")).join(" ");
}

export const pae = (type: string, payload: Uint8Array): Bytes =>
  concat(ascii(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload);

/** Return if a signature is good by libsodium's rules. */
export let verifySignature = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): void => {
  // Canonical S, canonical key and R, neither of small order, and R computed again byte for byte (no cofactor).
  need(key.length === 32 && signature.length === 64, "bad_signature");
  const s = number(signature.subarray(32));
  need(s < ORDER, "bad_signature");
  const point = decoded(key);
  need(point !== null && !point.isSmallOrder(), "bad_signature");
  const k = number(sha512(concat(signature.subarray(0, 32), key, message))) % ORDER;
  const r = ed25519.Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(k));
  const bytes = r.toBytes();
  need(bytes.every((byte, i) => byte === signature[i]) && !r.isSmallOrder(), "bad_signature");
};

/** Return a public key that may be registered: a point of the prime-order group. */
export let checkPublicKey = (key: Bytes): Bytes => {
  const point = key.length === 32 ? decoded(key) : null;
  need(point !== null && !point.isSmallOrder() && point.isTorsionFree(), "malformed");
  return key;
};

/** Check signatures and keys with these from now on: they come to the same verdicts, faster. */
export function checkWith(signature: typeof verifySignature, key: typeof checkPublicKey): void {
  verifySignature = signature;
  checkPublicKey = key;
}

/** Return an envelope of `type`, whose payload must be a JCS object; nothing is verified. */
export function readEnvelope(value: Json, type: string): Envelope {
  ENVELOPE(value);
  const row = value as unknown as {
    payload: string;
    payloadType: string;
    signatures: { keyid: string; sig: string }[];
  };
  const document = canonical(value);
  need(document.length <= MAX_ENVELOPE, "too_large");
  need(row.payloadType === type, "malformed");
  const payload = fromB64(row.payload);
  const signatures = row.signatures.map(({ keyid, sig }) => ({ keyid, sig: fromB64(sig) }));
  need(
    signatures.every(({ sig }) => sig.length === 64),
    "malformed",
  );
  return {
    type,
    payload,
    value: parseCanonical(payload),
    signatures,
    hash: b64u(sha256(pae(type, payload))),
    document,
  };
}

/** Return if signature i is good under key i, for all of them, and no key stands twice. */
export function verifiedBy(envelope: Envelope, keys: readonly Uint8Array[]): void {
  const names = keys.map(kid);
  need(keys.length === envelope.signatures.length && new Set(names).size === names.length, "bad_signature");
  const message = pae(envelope.type, envelope.payload);
  envelope.signatures.forEach(({ keyid, sig }, i) => {
    need(keyid === names[i], "bad_signature");
    verifySignature(keys[i]!, message, sig);
  });
}

/** Return an envelope over the JCS form of `value`, as JSON. */
export function signEnvelope(type: string, value: JsonObject, signer: Signer): JsonObject {
  const payload = canonical(value);
  return {
    payload: b64(payload),
    payloadType: type,
    signatures: [{ keyid: signer.kid, sig: b64(signer.sign(pae(type, payload))) }],
  };
}

function decoded(key: Uint8Array): InstanceType<typeof ed25519.Point> | null {
  try {
    return ed25519.Point.fromBytes(key, false);
  } catch {
    return null;
  }
}

function number(littleEndian: Uint8Array): bigint {
  let found = 0n;
  for (let i = littleEndian.length - 1; i >= 0; i--) found = (found << 8n) | BigInt(littleEndian[i]!);
  return found;
}

export const typeOf = (value: Json): string => {
  const type = (value as JsonObject | null)?.["payloadType"];
  return typeof type === "string" ? type : refuse("malformed");
};

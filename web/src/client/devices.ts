/**
 * The keys on a member's device, and how an agency's epoch secret gets there (docs/protocol.md §5): the twin of
 * `hub/keys/devices.py`. Keeps nothing: a client puts `toValue` into its vault.
 */

import { formatRecipient, Identity, parseRecipient, systemRandom } from "../rcp/age.ts";
import { kid, Signer } from "../rcp/dsse.ts";
import { b64u, fromB64u, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { CASE_ROLES, SUITE, type Epoch, type MemberCert } from "./documents.ts";
import { openSealed, sealTo } from "./sodium.ts";

const DEVICE = a.objectOf({ seed: a.hash, identity: a.hash });
const GRANT = a.objectOf({ epoch: a.integer(1), member: a.identifier, kid: a.identifier, wrapped: a.bytes(80) });

/** An epoch secret, sealed to one device: the server keeps it and cannot open it. */
export type Grant = { epoch: number; member: string; kid: string; wrapped: string };

/** An X25519 key with its secret: what opens packets. */
export class SecretKey extends Identity {
  readonly bytes: Bytes;

  constructor(bytes: Bytes) {
    super(bytes);
    this.bytes = bytes;
  }

  static generate(): SecretKey {
    return new SecretKey(systemRandom(32));
  }
}

/** A device's signing seed and its age identity. */
export class DeviceKeys {
  readonly signer: Signer;
  readonly identity: SecretKey;
  private readonly seed: Bytes;

  constructor(seed: Bytes, identity: SecretKey) {
    this.seed = seed;
    this.signer = new Signer(seed);
    this.identity = identity;
  }

  static generate(): DeviceKeys {
    return new DeviceKeys(systemRandom(32), SecretKey.generate());
  }

  static fromValue(value: Json): DeviceKeys {
    DEVICE(value);
    const row = value as { seed: string; identity: string };
    return new DeviceKeys(fromB64u(row.seed, 32), new SecretKey(fromB64u(row.identity, 32)));
  }

  toValue(): JsonObject {
    return { seed: b64u(this.seed), identity: b64u(this.identity.bytes) };
  }
}

export const publicEpoch = (epoch: number, secret: SecretKey): Epoch => ({
  epoch,
  recipient: formatRecipient(secret.recipient),
  suite: SUITE,
});

export function readGrants(value: Json): Grant[] {
  a.listOf(GRANT, 10_000)(value);
  return value as Grant[];
}

/** Return an epoch secret sealed to a certified device, whose member must have a role that opens cases. */
export function grantTo(cert: MemberCert, epoch: number, secret: SecretKey): Grant {
  need(
    cert.roles.some((role) => CASE_ROLES.includes(role)),
    "wrong_recipient",
  );
  const device = parseRecipient(cert.recipient);
  return { epoch, member: cert.member, kid: kid(device), wrapped: b64u(sealTo(secret.bytes, device)) };
}

/** Return the epoch secret in a grant, if it is the one that the agency has published. */
export function openGrant(grant: Grant, device: DeviceKeys, published: readonly Epoch[]): SecretKey {
  const { recipient, bytes } = device.identity;
  const secret = openSealed(fromB64u(grant.wrapped), recipient, bytes) ?? refuse("bad_signature");
  need(secret.length === 32, "bad_signature");
  const opened = new SecretKey(secret);
  const mine = publicEpoch(grant.epoch, opened);
  const same = (row: Epoch) => row.epoch === mine.epoch && row.recipient === mine.recipient && row.suite === mine.suite;
  need(published.some(same), "bad_signature");
  return opened;
}

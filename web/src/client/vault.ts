/**
 * Vaults: what a member's client keeps sealed at the hub, under a passphrase and a device secret (docs/protocol.md §5).
 *
 * The twin of `hub/keys/vault.py`. Both secrets are needed: a stolen database is no target for guessing passphrases, a
 * stolen device needs the passphrase too. Does no I/O; `ready` of `sodium.ts` comes before.
 */

import { systemRandom } from "../rcp/age.ts";
import {
  ascii,
  b64u,
  canonical,
  concat,
  fromB64u,
  hkdf,
  isObject,
  parseJson,
  same,
  sha256,
  type Bytes,
  type Json,
  type JsonObject,
} from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { openSecret, sealSecret, stretch } from "./sodium.ts";

const ALGORITHM = "argon2id13";
const MEMORY_FLOOR = 64 * 2 ** 20;
const OPS_FLOOR = 3;
/** Above these a server could freeze a client. */
const MEMORY_CEILING = 2 ** 30;
const OPS_CEILING = 16;
const CODE = 20;
const CHECK = 5;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const KDF = a.objectOf({ alg: a.string, mem: a.integer(), ops: a.integer(), salt: a.identifier });
const STORED = a.objectOf({ version: a.integer(1), kdf: KDF, vault: a.bytes(), recovery: a.nullOr(a.bytes()) });

/** How a passphrase is stretched. It stands in the vault's associated data, so a server cannot change it. */
export type Kdf = { alg: string; mem: number; ops: number; salt: string };

/** What two secrets give: `auth` goes to the server to sign in, `kek` stays. */
export interface VaultKeys {
  readonly auth: Bytes;
  readonly kek: Bytes;
}

/** A vault as the hub keeps it, with the wrap that the recovery code opens. */
export interface Stored {
  readonly version: number;
  readonly kdf: Kdf;
  readonly vault: Bytes;
  readonly recovery: Bytes | null;
}

/** The parameters of whoever holds a device secret: no hub is asked, so none tells who has a login. */
export const kdfOf = (device: Bytes): Kdf => ({
  alg: ALGORITHM,
  mem: MEMORY_FLOOR,
  ops: OPS_FLOOR,
  salt: b64u(hkdf(device, "rcp/1/salt").subarray(0, 16)),
});

/** Return the parameters that a hub names, if a client may use them: never less work than the floor. */
export function readKdf(value: Json): Kdf {
  KDF(value);
  const kdf = value as Kdf;
  need(kdf.alg === ALGORITHM, "unsupported_version");
  need(MEMORY_FLOOR <= kdf.mem && kdf.mem <= MEMORY_CEILING, "unsupported_version");
  need(OPS_FLOOR <= kdf.ops && kdf.ops <= OPS_CEILING, "unsupported_version");
  return kdf;
}

/** Return the vault in a hub's answer. */
export function readStored(value: Json): Stored {
  STORED(value);
  const row = value as { version: number; kdf: Json; vault: string; recovery: string | null };
  const recovery = row.recovery === null ? null : fromB64u(row.recovery);
  return { version: row.version, kdf: readKdf(row.kdf), vault: fromB64u(row.vault), recovery };
}

export function derive(passphrase: string, device: Bytes, kdf: Kdf): VaultKeys {
  readKdf(kdf);
  need(device.length === 16, "malformed");
  const stretched = stretch(ascii(passphrase.normalize("NFC")), fromB64u(kdf.salt, 16), kdf.ops, kdf.mem);
  const root = hkdf(concat(stretched, device), "rcp/1/2skd");
  return { auth: hkdf(root, "rcp/1/auth"), kek: hkdf(root, "rcp/1/kek") };
}

/** Return the sealed bytes of the vault; `version` rises with every change. */
export const sealVault = (content: JsonObject, keys: VaultKeys, login: string, version: number, kdf: Kdf): Bytes =>
  sealSecret(canonical(content), keys.kek, aadOf(login, version, kdf));

/** Return the content of a vault, unless it is older than the newest that this client has `seen`: a rollback. */
export function openVault(stored: Stored, keys: VaultKeys, login: string, seen: number): JsonObject {
  need(stored.version >= seen, "bad_signature");
  const plain = openSecret(stored.vault, keys.kek, aadOf(login, stored.version, stored.kdf));
  const content = parseJson(plain ?? refuse("bad_signature"));
  need(isObject(content), "malformed");
  return content;
}

const aadOf = (login: string, version: number, kdf: Kdf): Bytes => canonical({ kdf, user: login, version });

// What opens the vault without passphrase and device: 160 bits on paper

export const freshCode = (): Bytes => systemRandom(CODE);

/** What is printed: ten groups of four; the last bytes are a checksum. */
export const formatCode = (code: Bytes): string => base32(withCheck(code)).replace(/(.{4})(?!$)/g, "$1-");

/** The code that somebody typed: case, spaces and hyphens do not matter, 0, 1 and 8 are read as O, I, B. */
export function parseCode(text: string): Bytes {
  const plain = text.toUpperCase().replace(/[\s-]/g, "");
  const letters = plain.replace(/[018]/g, (digit) => ({ 0: "O", 1: "I", 8: "B" })[digit as "0" | "1" | "8"]);
  need(/^[A-Z2-7]{40}$/.test(letters), "malformed");
  const data = fromBase32(letters);
  const code = data.subarray(0, CODE);
  need(same(withCheck(code), data), "malformed");
  return code;
}

/** The vault's key sealed to a recovery code. */
export const wrapForRecovery = (keys: VaultKeys, code: Bytes, login: string): Bytes =>
  sealSecret(keys.kek, recoveryKey(code), canonical({ user: login }));

/** The keys that open the vault, from a recovery code; they do not sign in: `auth` is empty. */
export function recover(wrapped: Bytes, code: Bytes, login: string): VaultKeys {
  const kek = openSecret(wrapped, recoveryKey(code), canonical({ user: login }));
  need(kek?.length === 32, "bad_signature");
  return { auth: new Uint8Array(), kek };
}

const recoveryKey = (code: Bytes): Bytes => hkdf(code, "rcp/1/recovery");

const withCheck = (code: Bytes): Bytes => concat(code, sha256(ascii("rcp/1/recovery-check"), code).subarray(0, CHECK));

// What a client keeps on its own machine

/** Bytes for this machine, sealed with the vault's key; `name` says what they are. */
export const sealLocal = (data: Uint8Array, keys: VaultKeys, login: string, name: string): Bytes =>
  sealSecret(data, localKey(keys), canonical({ name, user: login }));

export const openLocal = (sealed: Bytes, keys: VaultKeys, login: string, name: string): Bytes =>
  openSecret(sealed, localKey(keys), canonical({ name, user: login })) ?? refuse("bad_signature");

const localKey = (keys: VaultKeys): Bytes => hkdf(keys.kek, "rcp/1/local");

function base32(data: Uint8Array): string {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.replace(/.{5}/g, (five) => BASE32[parseInt(five, 2)]!);
}

function fromBase32(letters: string): Bytes {
  const bits = [...letters].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from(bits.match(/.{8}/g)!, (eight) => parseInt(eight, 2));
}

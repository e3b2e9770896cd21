/**
 * A passkey as another way to open the vault that this browser keeps: what the authenticator derives (WebAuthn `prf`)
 * seals the vault's keys, here and nowhere else. No hub hears of it, and the passphrase goes on working.
 *
 * Asks the browser, keeps nothing. Whoever holds the authenticator and may use it opens the vault of this browser, so the
 * authenticator has to verify its user.
 */

import { b64u, canonical, concat, hkdf, type Bytes } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { systemRandom } from "../rcp/age.ts";
import { openSecret, sealSecret } from "./sodium.ts";
import type { VaultKeys } from "./vault.ts";

const INFO = "rcp/1/passkey";
const KEY = 32;
const PATIENCE = 120_000;
/** Ed25519, P-256, RSA: no signature of a passkey is ever checked, so any will do. */
const KINDS = [-8, -7, -257];

/** What a browser keeps of a passkey: which, what it is asked for, and the keys sealed under the answer. */
export interface Wrap {
  readonly id: Bytes;
  readonly salt: Bytes;
  readonly sealed: Bytes;
  readonly made: number;
}

export const available = (): boolean => typeof globalThis.PublicKeyCredential === "function";

/** Make a passkey for this browser; fails with `unsupported_version` where the authenticator derives nothing. */
export async function makePasskey(keys: VaultKeys, login: string, now: number): Promise<Wrap> {
  const salt = systemRandom(KEY);
  const made = (await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: "Handover" },
        user: { id: systemRandom(16), name: login, displayName: login },
        challenge: systemRandom(KEY),
        pubKeyCredParams: KINDS.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        timeout: PATIENCE,
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )) as PublicKeyCredential;
  const id = new Uint8Array(made.rawId);
  const given = made.getClientExtensionResults().prf;
  need(given?.enabled === true || given?.results !== undefined, "unsupported_version");
  const secret = given?.results ? bytesOf(given.results.first) : await derived([{ id, salt }]);
  return { id, salt, sealed: sealKeys(keys, secret, login), made: now };
}

/** The vault's keys out of whichever passkey of this browser its owner shows. */
export async function openWithPasskey(wraps: readonly Wrap[], login: string): Promise<VaultKeys> {
  let shown = "";
  const secret = await derived(wraps, (id) => (shown = b64u(id)));
  const wrap = wraps.find(({ id }) => b64u(id) === shown) ?? refuse("bad_signature");
  return openKeys(wrap.sealed, secret, login);
}

/** The vault's keys, sealed under what an authenticator derived. */
export const sealKeys = ({ auth, kek }: VaultKeys, secret: Uint8Array, login: string): Bytes =>
  sealSecret(concat(auth, kek), hkdf(secret, INFO), canonical({ user: login }));

export function openKeys(sealed: Bytes, secret: Uint8Array, login: string): VaultKeys {
  const plain = openSecret(sealed, hkdf(secret, INFO), canonical({ user: login }));
  need(plain?.length === 2 * KEY, "bad_signature");
  return { auth: plain.slice(0, KEY), kek: plain.slice(KEY) };
}

async function derived(
  wraps: readonly Pick<Wrap, "id" | "salt">[],
  shown: (id: Bytes) => unknown = () => undefined,
): Promise<Bytes> {
  const salts = wraps.map(({ id, salt }) => [b64u(id), { first: salt as BufferSource }]);
  const found = (await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: systemRandom(KEY),
        allowCredentials: wraps.map(({ id }) => ({ type: "public-key", id: id as BufferSource })),
        userVerification: "required",
        timeout: PATIENCE,
        extensions: { prf: { evalByCredential: Object.fromEntries(salts) } },
      },
    }),
  )) as PublicKeyCredential;
  shown(new Uint8Array(found.rawId));
  const first = found.getClientExtensionResults().prf?.results?.first;
  need(first !== undefined, "unsupported_version");
  return bytesOf(first);
}

const bytesOf = (data: BufferSource): Bytes =>
  data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array((data as ArrayBufferView).buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/** The person may say no, and the browser may not let us ask. */
async function asked(ask: () => Promise<Credential | null>): Promise<Credential> {
  try {
    return (await ask()) ?? refuse("bad_signature");
  } catch (error) {
    if (error instanceof DOMException) throw new PasskeyRefused();
    throw error;
  }
}

/** Nothing was shown: the person said no, waited too long, or this browser has no authenticator. */
export class PasskeyRefused extends Error {}

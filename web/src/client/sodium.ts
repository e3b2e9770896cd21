/**
 * What only libsodium gives in good time: Argon2id, XChaCha20-Poly1305, sealed boxes, and fast checks of signatures.
 *
 * `ready` comes first, once; from then on `web/src/rcp` checks signatures with it too. Knows no document and keeps no key.
 */

import sodium from "libsodium-wrappers-sumo";
import { checkWith } from "../rcp/dsse.ts";
import { concat, type Bytes } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";

const NONCE = 24;

/** Return when the rest of this module may be called. */
export async function ready(): Promise<void> {
  await sodium.ready;
  checkWith(
    (key, message, signature) => need(verified(key, message, signature), "bad_signature"),
    (key) => {
      need(key.length === 32 && sodium.crypto_core_ed25519_is_valid_point(key), "malformed");
      return key;
    },
  );
}

/** Argon2id, version 1.3, one lane: 32 bytes. `memory` in bytes. */
export function stretch(passphrase: Uint8Array, salt: Uint8Array, passes: number, memory: number): Bytes {
  return sodium.crypto_pwhash(32, passphrase, salt, passes, memory, sodium.crypto_pwhash_ALG_ARGON2ID13) as Bytes;
}

/** XChaCha20-Poly1305 under a fresh nonce, which comes first. */
export function sealSecret(plain: Uint8Array, key: Uint8Array, aad: Uint8Array): Bytes {
  const nonce = sodium.randombytes_buf(NONCE);
  return concat(nonce, sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, null, nonce, key));
}

export function openSecret(sealed: Uint8Array, key: Uint8Array, aad: Uint8Array): Bytes | null {
  const [nonce, rest] = [sealed.subarray(0, NONCE), sealed.subarray(NONCE)];
  return tried(() => sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, rest, aad, nonce, key));
}

/** A sealed box: only the owner of the key opens it, and nobody sees who made it. */
export const sealTo = (plain: Uint8Array, recipient: Uint8Array): Bytes =>
  sodium.crypto_box_seal(plain, recipient) as Bytes;

export const openSealed = (sealed: Uint8Array, recipient: Uint8Array, secret: Uint8Array): Bytes | null =>
  tried(() => sodium.crypto_box_seal_open(sealed, recipient, secret));

function verified(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return key.length === 32 && signature.length === 64 && sodium.crypto_sign_verify_detached(signature, message, key);
}

function tried(open: () => Uint8Array): Bytes | null {
  try {
    return open() as Bytes;
  } catch {
    return null;
  }
}

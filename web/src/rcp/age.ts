/**
 * age v1 files with X25519 recipients (C2SP `age`; docs/protocol.md §4.2): keys, headers, payloads, in memory.
 *
 * The twin of `hub/packets/age.py`, `bech32.py` and `stream.py`. No armor, no passphrase, no other stanza.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { kid } from "./dsse.ts";
import { ascii, b64, concat, fromB64, hkdf, same, type Bytes } from "./encoding.ts";
import { need, refuse } from "./errors.ts";

export type Random = (size: number) => Bytes;
export const systemRandom: Random = (size) => crypto.getRandomValues(new Uint8Array(size));

const MAX_HEADER = 16 * 1024;
const MAX_STANZAS = 32;
const CHUNK = 64 * 1024;
const TAG = 16;
const VERSION = "age-encryption.org/v1\n";
const LABEL = "age-encryption.org/v1/X25519";
const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

export class Identity {
  readonly recipient: Bytes;
  readonly kid: string;
  private readonly secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.secret = secret;
    this.recipient = x25519.getPublicKey(secret) as Bytes;
    this.kid = kid(this.recipient);
  }

  /** The file key in a stanza, or null if it is for somebody else. */
  unwrap(share: Bytes, body: Bytes): Bytes | null {
    const key = hkdf(exchange(this.secret, share), LABEL, concat(share, this.recipient));
    return opened(key, new Uint8Array(12), body);
  }
}

interface Stanza {
  readonly kind: string;
  readonly args: string[];
  readonly body: Bytes;
}

export interface Header {
  readonly stanzas: Stanza[];
  readonly mac: Bytes;
  /** What the MAC is over. */
  readonly signed: Bytes;
}

// Keys as text

export const formatRecipient = (key: Uint8Array): string => bech32("age", key);

export const parseRecipient = (text: string): Bytes => fromBech32(text, "age");

export const parseIdentity = (text: string): Identity => {
  need(text === text.toUpperCase(), "malformed");
  return new Identity(fromBech32(text.toLowerCase(), "age-secret-key-"));
};

function bech32(prefix: string, data: Uint8Array): string {
  const values = regroup([...data], 8, 5, true);
  const check = polymod([...expand(prefix), ...values, 0, 0, 0, 0, 0, 0]) ^ 1;
  const sum = [0, 1, 2, 3, 4, 5].map((i) => (check >>> (5 * (5 - i))) & 31);
  return `${prefix}1${[...values, ...sum].map((value) => ALPHABET[value]).join("")}`;
}

function fromBech32(text: string, prefix: string): Bytes {
  const at = text.lastIndexOf("1");
  const values = [...text.slice(at + 1)].map((letter) => ALPHABET.indexOf(letter));
  need(text.slice(0, at) === prefix && values.length > 6 && !values.includes(-1), "malformed");
  need(polymod([...expand(prefix), ...values]) === 1, "malformed");
  const data = Uint8Array.from(regroup(values.slice(0, -6), 5, 8, false));
  need(data.length === 32, "malformed");
  return data;
}

const expand = (prefix: string): number[] => {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
};

function polymod(values: number[]): number {
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = (((check & 0x1ffffff) << 5) ^ value) >>> 0;
    GENERATOR.forEach((term, i) => {
      if ((top >> i) & 1) check = (check ^ term) >>> 0;
    });
  }
  return check;
}

function regroup(values: number[], size: number, wide: number, pad: boolean): number[] {
  const out: number[] = [];
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = (held << size) | value;
    bits += size;
    while (bits >= wide) {
      bits -= wide;
      out.push((held >> bits) & ((1 << wide) - 1));
    }
    held &= (1 << bits) - 1;
  }
  if (pad && bits) out.push((held << (wide - bits)) & ((1 << wide) - 1));
  else need(pad || (bits < size && held === 0), "malformed");
  return out;
}

// Headers

/** Where the header of a file ends: behind the newline after the MAC. */
export function headerSize(file: Uint8Array): number {
  const text = String.fromCharCode(...file.subarray(0, MAX_HEADER + 1));
  checkVersion(text);
  const mac = text.indexOf("\n---");
  const end = mac < 0 ? -1 : text.indexOf("\n", mac + 1);
  if (end < 0) return refuse(file.length > MAX_HEADER ? "too_large" : "malformed");
  need(end < MAX_HEADER, "too_large");
  return end + 1;
}

export function readHeader(data: Uint8Array): Header {
  need(data.length <= MAX_HEADER, "too_large");
  const text = String.fromCharCode(...data);
  checkVersion(text);
  const lines = text.slice(VERSION.length).split("\n");
  const end = lines.pop();
  const last = lines.pop();
  need(end === "" && last !== undefined && last.startsWith("--- "), "malformed");
  const mac = decode(last.slice(4));
  const found = stanzas(lines);
  need(mac.length === 32 && found.length > 0, "malformed");
  return { stanzas: found, mac, signed: ascii(text.slice(0, text.length - last.length - 1) + "---") };
}

function checkVersion(text: string): void {
  if (text.startsWith(VERSION)) return;
  refuse(/^(?:age-encryption\.org\/|-----BEGIN AGE)/.test(text) ? "unsupported_version" : "malformed");
}

function stanzas(lines: string[]): Stanza[] {
  const found: Stanza[] = [];
  for (let i = 0; i < lines.length;) {
    const head = /^-> ([\x21-\x7e]+(?: [\x21-\x7e]+)*)$/.exec(lines[i++]!);
    let body = "";
    let line: string | undefined;
    do {
      line = lines[i++];
      need(head !== null && line !== undefined && line.length <= 64, "malformed");
      body += line;
    } while (line.length === 64);
    const [kind, ...args] = head![1]!.split(" ");
    found.push({ kind: kind!, args, body: decode(body) });
  }
  return found;
}

/** A header may have `count` X25519 stanzas and nothing else (§4.2). */
export function checkPolicy(header: Header, count: number): void {
  need(
    header.stanzas.every((stanza) => stanza.kind === "X25519"),
    "unsupported_version",
  );
  need(header.stanzas.length === count, "malformed");
  header.stanzas.forEach(share);
}

/** The file key by the first identity that fits, with the header's MAC checked. */
export function unwrap(header: Header, identities: readonly Identity[]): Bytes {
  const ours = header.stanzas.filter((stanza) => stanza.kind === "X25519");
  for (const [theirs, body] of ours.map((stanza) => [share(stanza), stanza.body] as const)) {
    for (const identity of identities) {
      const key = identity.unwrap(theirs, body);
      if (key === null) continue;
      need(same(macOf(header.signed, key), header.mac), "bad_signature");
      return key;
    }
  }
  return refuse("wrong_recipient");
}

/** The header that gives a file key to these recipients. */
export function makeHeader(recipients: readonly Bytes[], fileKey: Bytes, random: Random = systemRandom): Bytes {
  need(recipients.length >= 1 && recipients.length <= MAX_STANZAS, "malformed");
  const rows = recipients.map((recipient) => {
    const secret = random(32);
    const mine = x25519.getPublicKey(secret) as Bytes;
    const key = hkdf(exchange(secret, recipient), LABEL, concat(mine, recipient));
    return `-> X25519 ${encode(mine)}\n${encode(sealed(key, new Uint8Array(12), fileKey))}\n`;
  });
  const signed = ascii(`${VERSION}${rows.join("")}---`);
  return concat(signed, ascii(` ${encode(macOf(signed, fileKey))}\n`));
}

const macOf = (signed: Uint8Array, fileKey: Uint8Array): Bytes =>
  hmac(sha256, hkdf(fileKey, "header"), signed) as Bytes;

function share(stanza: Stanza): Bytes {
  need(stanza.args.length === 1 && stanza.body.length === 32, "malformed");
  const found = decode(stanza.args[0]!);
  need(found.length === 32, "malformed");
  return found;
}

function exchange(secret: Uint8Array, theirs: Uint8Array): Bytes {
  try {
    return x25519.getSharedSecret(secret, theirs) as Bytes;
  } catch {
    return refuse("malformed"); // a share of low order
  }
}

const encode = (data: Uint8Array): string => b64(data).replace(/=+$/, "");

const decode = (text: string): Bytes => {
  need(!text.includes("="), "malformed");
  return fromB64(text + "=".repeat(-text.length & 3));
};

// Payloads

/** The plaintext's length for a payload's length, nonce included. */
export const plainSize = (payload: number): number =>
  payload - 16 - TAG * Math.max(1, Math.ceil((payload - 16) / (CHUNK + TAG)));

/** The whole plaintext of a payload, each byte of it authentic. */
export function openPayload(payload: Uint8Array, fileKey: Uint8Array): Bytes {
  need(payload.length >= 16, "bad_signature");
  const key = hkdf(fileKey, "payload", payload.subarray(0, 16));
  const body = payload.subarray(16);
  const count = Math.max(1, Math.ceil(body.length / (CHUNK + TAG)));
  const tail = body.length - (count - 1) * (CHUNK + TAG);
  need(tail >= TAG && (tail > TAG || count === 1), "bad_signature");
  const out = new Uint8Array(body.length - count * TAG);
  for (let i = 0; i < count; i++) {
    const chunk = opened(key, nonce(i, i + 1 === count), body.subarray(i * (CHUNK + TAG), (i + 1) * (CHUNK + TAG)));
    out.set(chunk ?? refuse("bad_signature"), i * CHUNK);
  }
  return out;
}

/** An age file over `plain`, as header and payload. */
export function sealFile(
  recipients: readonly Bytes[],
  plain: Uint8Array,
  random: Random = systemRandom,
): { header: Bytes; payload: Bytes } {
  const fileKey = random(16);
  const header = makeHeader(recipients, fileKey, random);
  const salt = random(16);
  const key = hkdf(fileKey, "payload", salt);
  const count = Math.max(1, Math.ceil(plain.length / CHUNK));
  const chunks = Array.from({ length: count }, (_, i) =>
    sealed(key, nonce(i, i + 1 === count), plain.subarray(i * CHUNK, (i + 1) * CHUNK)),
  );
  return { header, payload: concat(salt, ...chunks) };
}

function nonce(counter: number, last: boolean): Bytes {
  const found = new Uint8Array(12);
  new DataView(found.buffer).setUint32(7, counter);
  found[11] = last ? 1 : 0;
  return found;
}

const sealed = (key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Bytes =>
  chacha20poly1305(key, iv).encrypt(plain) as Bytes;

function opened(key: Uint8Array, iv: Uint8Array, body: Uint8Array): Bytes | null {
  try {
    return chacha20poly1305(key, iv).decrypt(body) as Bytes;
  } catch {
    return null;
  }
}

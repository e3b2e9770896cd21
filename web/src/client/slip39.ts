/**
 * One secret of 32 bytes in three lines of 33 words, any two of which give it back: SLIP-0039 with one group and no
 * passphrase, as on an agency's recovery papers (docs/protocol.md §6). Each line's last words check the others.
 *
 * Python's `shamir-mnemonic` is the oracle. Does no I/O but to load the list of words.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { systemRandom } from "../rcp/age.ts";
import { ascii, concat, same, type Bytes } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";

const [SHARES, NEEDED, SIZE, LENGTH] = [3, 2, 32, 33];
const [RADIX, CHECK, DIGEST] = [10, 3, 4];
/** Where the polynomial is the secret, and where its digest. */
const [AT_SECRET, AT_DIGEST] = [255, 254];
const [ROUNDS, ITERATIONS, EXPONENT] = [4, 10_000, 1];
const MAX_EXPONENT = 6;
const [PLAIN, EXTENDABLE] = ["shamir", "shamir_extendable"];
const GENERATOR = [
  ...[0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009],
  ...[0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890, 0x3f3f120],
];

interface Common {
  readonly identifier: number;
  readonly extendable: boolean;
  readonly exponent: number;
}

interface Share extends Common {
  readonly index: number;
  readonly value: Bytes;
}

/** Return three lines of words for a secret. */
export async function split(secret: Bytes): Promise<string[]> {
  need(secret.length === SIZE, "malformed");
  const words = await wordList();
  const [high = 0, low = 0] = systemRandom(2);
  const common = { identifier: ((high << 8) | low) & 0x7fff, extendable: true, exponent: EXPONENT };
  const locked = await feistel(secret, common, [0, 1, 2, 3]);
  const random = systemRandom(SIZE - DIGEST);
  const known = new Map([
    [AT_DIGEST, concat(digestOf(random, locked), random)],
    [AT_SECRET, locked],
  ]);
  return Array.from({ length: SHARES }, (_, index) => {
    const indices = indicesOf({ ...common, index, value: interpolate(known, index) });
    return indices.map((index) => words[index]).join(" ");
  });
}

/** Return the secret of which two of these lines are shares; spaces and case do not matter. */
export async function combine(lines: readonly string[]): Promise<Bytes> {
  const words = await wordList();
  const typed = lines.map((line) => line.toLowerCase().trim().split(/\s+/).join(" "));
  const [one, other] = [...new Set(typed)].sort().map((line) => readShare(line, words));
  if (!one || !other) return refuse("malformed");
  const alike = one.identifier === other.identifier && one.exponent === other.exponent;
  need(alike && one.extendable === other.extendable && one.index !== other.index, "malformed");
  const known = new Map([one, other].map(({ index, value }) => [index, value]));
  const locked = interpolate(known, AT_SECRET);
  const proof = interpolate(known, AT_DIGEST);
  need(same(proof.subarray(0, DIGEST), digestOf(proof.subarray(DIGEST), locked)), "malformed");
  return feistel(locked, one, [3, 2, 1, 0]);
}

/** The words that lines are made of, in the order of their numbers. */
export const wordList = async (): Promise<readonly string[]> =>
  (await import("../../../hub/keys/slip39.json", { with: { type: "json" } })).default;

const digestOf = (random: Uint8Array, secret: Uint8Array): Bytes =>
  hmac(sha256, random, secret).slice(0, DIGEST) as Bytes;

/** Four rounds over two halves; backwards they undo themselves. */
async function feistel(data: Bytes, { identifier, extendable, exponent }: Common, rounds: number[]): Promise<Bytes> {
  const salt = extendable ? ascii("") : concat(ascii(PLAIN), Uint8Array.of(identifier >> 8, identifier & 255));
  const half = data.length / 2;
  let [left, right] = [data.subarray(0, half), data.subarray(half)];
  for (const round of rounds) {
    const c = (ITERATIONS << exponent) / ROUNDS;
    const mask = await pbkdf2Async(sha256, Uint8Array.of(round), concat(salt, right), { c, dkLen: half });
    [left, right] = [right, left.map((byte, i) => byte ^ mask[i]!)];
  }
  return concat(right, left);
}

// A share as words: what all have in common, which it is, its value, and three words that check them

function indicesOf({ identifier, extendable, exponent, index, value }: Share): number[] {
  const head = (BigInt(identifier) << 5n) | (extendable ? 16n : 0n) | BigInt(exponent);
  const which = (BigInt(index) << 4n) | BigInt(NEEDED - 1); // one group, of which one is needed
  const number = value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const values = LENGTH - CHECK - 4;
  const data = [...digits(head, 2), ...digits(which, 2), ...digits(number, values)];
  return [...data, ...checksum(data, extendable ? EXTENDABLE : PLAIN)];
}

function readShare(line: string, words: readonly string[]): Share {
  const indices = line.split(" ").map((word) => words.indexOf(word));
  need(indices.length === LENGTH && !indices.includes(-1), "malformed");
  const head = (indices[0]! << RADIX) | indices[1]!;
  const [identifier, extendable, exponent] = [head >> 5, (head & 16) !== 0, head & 15];
  const custom = ascii(extendable ? EXTENDABLE : PLAIN);
  need(polymod([...custom, ...indices]) === 1 && exponent <= MAX_EXPONENT, "malformed");
  const which = (indices[2]! << RADIX) | indices[3]!;
  need(which >> 8 === 0 && (which & 15) === NEEDED - 1, "malformed"); // one group; two of its shares
  const number = indices.slice(4, -CHECK).reduce((sum, index) => (sum << 10n) | BigInt(index), 0n);
  need(number >> BigInt(8 * SIZE) === 0n, "malformed");
  const value = Uint8Array.from({ length: SIZE }, (_, i) => Number((number >> BigInt(8 * (SIZE - 1 - i))) & 255n));
  return { identifier, extendable, exponent, index: which >> 4, value };
}

const digits = (number: bigint, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Number((number >> BigInt(RADIX * (count - 1 - i))) & 1023n));

function checksum(data: readonly number[], custom: string): number[] {
  const sum = polymod([...ascii(custom), ...data, ...Array<number>(CHECK).fill(0)]) ^ 1;
  return [2, 1, 0].map((i) => (sum >> (RADIX * i)) & 1023);
}

function polymod(values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const top = sum >>> 20;
    const next = ((sum & 0xfffff) << RADIX) ^ value;
    return GENERATOR.reduce((found, term, i) => ((top >> i) & 1 ? found ^ term : found), next);
  }, 1);
}

// Polynomials over GF(256), as in AES

const [EXP, LOG] = tables();

function tables(): [Uint8Array, Uint8Array] {
  const [exp, log] = [new Uint8Array(255), new Uint8Array(256)];
  for (let i = 0, power = 1; i < 255; i++) {
    exp[i] = power;
    log[power] = i;
    power = (power << 1) ^ power;
    if (power & 0x100) power ^= 0x11b;
  }
  return [exp, log];
}

/** The value at `x` of the polynomial through these points. */
function interpolate(points: ReadonlyMap<number, Bytes>, x: number): Bytes {
  const found = points.get(x);
  if (found) return found;
  const all = [...points.keys()].reduce((sum, at) => sum + LOG[at ^ x]!, 0);
  const out = new Uint8Array(SIZE);
  for (const [at, value] of points) {
    const between = [...points.keys()].reduce((sum, other) => sum + (other === at ? 0 : LOG[at ^ other]!), 0);
    const basis = (((all - LOG[at ^ x]! - between) % 255) + 255) % 255;
    value.forEach((byte, i) => (out[i]! ^= byte ? EXP[(LOG[byte]! + basis) % 255]! : 0));
  }
  return out;
}

/** Proofs that something stands in a hub's log (docs/protocol.md §8): RFC 6962 paths, C2SP notes. Keeps nothing. */

import { verifySignature } from "./dsse.ts";
import { ascii, b64u, concat, fromB64, fromB64u, same, sha256, type Bytes } from "./encoding.ts";
import { need } from "./errors.ts";
import type { Checkpoint } from "./packet.ts";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const ENTRY = Uint8Array.of(0x52);

/** Return if the document stands at `index` of the log whose root this is. */
export function checkInclusion(
  document: Bytes,
  salt: Bytes,
  index: number,
  proof: readonly Bytes[],
  size: number,
  root: Bytes,
): void {
  need(index < size, "bad_signature");
  const found = climb(index, size, proof, sha256(LEAF, sha256(ENTRY, salt, document)));
  need(found !== null && same(found, root), "bad_signature");
}

function climb(index: number, size: number, proof: readonly Bytes[], leaf: Bytes): Bytes | null {
  if (size === 1) return proof.length ? null : leaf;
  const sibling = proof[proof.length - 1];
  if (!sibling) return null;
  let half = 1;
  while (half * 2 < size) half *= 2;
  const right = index >= half;
  const below = right
    ? climb(index - half, size - half, proof.slice(0, -1), leaf)
    : climb(index, half, proof.slice(0, -1), leaf);
  return below && (right ? sha256(NODE, sibling, below) : sha256(NODE, below, sibling));
}

/** Return if `proof` shows that nothing of the older tree was changed in the newer one (RFC 6962 §2.1.2). */
export function checkGrown(old: Checkpoint, now: Checkpoint, proof: readonly Bytes[]): void {
  const [before, after] = [fromB64u(old.root, 32), fromB64u(now.root, 32)];
  need(old.origin === now.origin && old.size <= now.size, "bad_signature");
  if (old.size === now.size || old.size === 0) {
    need(proof.length === 0 && same(before, old.size === now.size ? after : sha256()), "bad_signature");
    return;
  }
  let [place, last] = [old.size - 1, now.size - 1];
  while (place % 2) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  const steps = place ? [...proof] : [before, ...proof];
  const first = steps.shift();
  need(first !== undefined, "bad_signature");
  let [low, high] = [first, first];
  for (const step of steps) {
    need(last > 0, "bad_signature");
    if (place % 2 || place === last) {
      [low, high] = [sha256(NODE, step, low), sha256(NODE, step, high)];
      while (place && place % 2 === 0) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    } else high = sha256(NODE, high, step);
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  need(last === 0 && same(low, before) && same(high, after), "bad_signature");
}

/** The checkpoint of the log `origin` in a note that `key` has signed. */
export function verifyNote(note: string, origin: string, key: Bytes): Checkpoint {
  const cut = note.lastIndexOf("\n\n");
  need(cut > 0 && note.endsWith("\n") && note.length <= 128 * 1024, "malformed");
  const text = note.slice(0, cut + 1);
  const mine = sha256(ascii(`${origin}\n`), concat(Uint8Array.of(1), key)).subarray(0, 4);
  const signatures = note
    .slice(cut + 2, -1)
    .split("\n")
    .map((line) => /^\u2014 (\S+) (\S+)$/.exec(line))
    .filter((found) => found?.[1] === origin)
    .map((found) => fromB64(found![2]))
    .filter((data) => same(data.subarray(0, 4), mine));
  need(signatures.length > 0, "bad_signature");
  signatures.forEach((data) => verifySignature(key, ascii(text), data.subarray(4)));
  const [named, size, root] = text.split("\n");
  need(named === origin && /^(?:0|[1-9][0-9]{0,14})$/.test(size!), "bad_signature");
  const hash = fromB64(root);
  need(hash.length === 32, "malformed");
  return { origin, size: Number(size), root: b64u(hash) };
}

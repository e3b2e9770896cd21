/**
 * Six words for a device's keys, for two people to compare (docs/protocol.md §2). The twin of `hub/keys/words.py`.
 *
 * Six words of 2048 are 66 bits, which is few for a key: so each try at other keys with the same words costs one Argon2id.
 * The list is loaded when somebody compares.
 */

import { ascii, blake2b, type Bytes } from "../rcp/encoding.ts";
import { deviceFingerprint, deviceKey, type DeviceKey } from "./documents.ts";
import { stretch } from "./sodium.ts";

const WORDS = 6;
const BITS = 11;
const SALT = ascii("rcp/1/six-words\0");
const PASSES = 3;
const MEMORY = 64 * 2 ** 20;

export async function wordList(): Promise<readonly string[]> {
  return (await import("../../../hub/keys/words.json", { with: { type: "json" } })).default;
}

/** The six words of a key, or of several put together. */
export async function sixWords(key: Bytes): Promise<string> {
  const slow = stretch(blake2b(key, "rcp/1/fpr", 64), SALT, PASSES, MEMORY);
  const bits = [...slow].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const list = await wordList();
  const places = Array.from({ length: WORDS }, (_, i) => parseInt(bits.slice(i * BITS, (i + 1) * BITS), 2));
  return places.map((place) => list[place]).join(" ");
}

export const deviceWords = (device: DeviceKey): Promise<string> => sixWords(deviceKey(device));

/** Whether what a person said or scanned is a device's: its six words, or its sixty digits. */
export async function isDevice(device: DeviceKey, said: string): Promise<boolean> {
  const plain = said.trim().toLowerCase();
  if (/^[\d\s]+$/.test(plain)) return plain.replace(/\s/g, "") === deviceFingerprint(device).replace(/\s/g, "");
  return plain.split(/[\s,.-]+/).join(" ") === (await deviceWords(device));
}

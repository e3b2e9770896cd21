/** The archive inside a packet's file (docs/protocol.md §4.2): there is one way to write an entry, and no other is read. */

import { ascii, concat, same, type Bytes } from "./encoding.ts";
import { need } from "./errors.ts";

export type Entry = { readonly name: string; readonly content: Bytes };

const BLOCK = 512;
const FLOOR = 10 * 1024;
const MAX_ENTRIES = 1024;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,79})?$/;

/** The entries of an archive of which every byte is as it should be. */
export function readTar(data: Bytes): Entry[] {
  const entries: Entry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (;;) {
    const block = take(data, at, BLOCK);
    at += BLOCK;
    if (block.every((byte) => byte === 0)) break;
    const text = String.fromCharCode(...block);
    const name = text.slice(0, 100).replace(/\0+$/, "");
    const size = /^[0-7]{11}\0$/.test(text.slice(124, 136)) ? parseInt(text.slice(124, 135), 8) : -1;
    need(size >= 0 && size <= data.length - at && checked(name) && same(block, header(name, size)), "malformed");
    need(!names.has(name) && names.size < MAX_ENTRIES, "malformed");
    names.add(name);
    entries.push({ name, content: take(data, at, size) });
    at += size;
    const filler = -size & (BLOCK - 1);
    need(zeros(take(data, at, filler)), "malformed");
    at += filler;
  }
  need(padded(at + BLOCK) === data.length && zeros(data.subarray(at)), "malformed");
  return entries;
}

export function writeTar(entries: readonly Entry[]): Bytes {
  const parts: Bytes[] = [];
  for (const { name, content } of entries) {
    need(checked(name), "malformed");
    parts.push(header(name, content.length), content, new Uint8Array(-content.length & (BLOCK - 1)));
  }
  const length = parts.reduce((size, part) => size + part.length, 0);
  return concat(...parts, new Uint8Array(padded(length + 2 * BLOCK) - length));
}

/** Padmé of an archive's length, at least 10 KiB: a size says little about what is inside. */
export function padded(length: number): number {
  const exponent = Math.floor(Math.log2(length));
  const step = 2 ** Math.max(0, exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.max(FLOOR, Math.ceil(length / step) * step);
}

const checked = (name: string): boolean => name.length <= 100 && NAME.test(name);

const zeros = (data: Uint8Array): boolean => data.every((byte) => byte === 0);

function take(data: Bytes, at: number, size: number): Bytes {
  need(at + size <= data.length, "malformed");
  return data.subarray(at, at + size);
}

function header(name: string, size: number): Bytes {
  const block = new Uint8Array(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.set(ascii(name));
  block.set(
    ascii(`0000600\u00000000000\u00000000000\u0000${octal(size, 11)}\u0000${"0".repeat(11)}\u0000        0`),
    100,
  );
  block.set(ascii("ustar\u000000"), 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(ascii(`${octal(sum, 6)}\u0000 `), 148);
  return block;
}

/**
 * Base64, JSON and hashes as docs/protocol.md §2 has them: strict in, canonical out. The twin of `hub/packets/encoding.py`.
 *
 * Every parser here is total: it returns a value or throws `PacketError`. Does no I/O and knows no message.
 */

import { blake2b as blake } from "@noble/hashes/blake2.js";
import { hkdf as noble } from "@noble/hashes/hkdf.js";
import { sha256 as sha } from "@noble/hashes/sha2.js";
import { need, refuse } from "./errors.ts";

export type Bytes = Uint8Array<ArrayBuffer>;
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

const MAX_DEPTH = 16;
const NUMBER = /-?(?:0|[1-9][0-9]*)/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPED: { [letter: string]: string } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

export const ascii = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

/** Text out of UTF-8; anything else is refused, and a byte order mark is a character like others. */
export function utf8(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return refuse("malformed");
  }
}

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whether two byte strings are the same; takes as long for any two of one length. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  let found = one.length ^ other.length;
  for (let i = 0; i < Math.min(one.length, other.length); i++) found |= one[i]! ^ other[i]!;
  return found === 0;
}

export function b64(data: Uint8Array): string {
  let text = "";
  for (let i = 0; i < data.length; i += 0x8000) text += String.fromCharCode(...data.subarray(i, i + 0x8000));
  return btoa(text);
}

export const b64u = (data: Uint8Array): string => b64(data).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The bytes of canonical standard base64. */
export function fromB64(text: unknown): Bytes {
  need(typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "malformed");
  const data = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  need(b64(data) === text, "malformed");
  return data;
}

/** The bytes of canonical unpadded base64url, `size` of them where given. */
export function fromB64u(text: unknown, size?: number): Bytes {
  need(typeof text === "string" && /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1, "malformed");
  const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat(-text.length & 3);
  const data = fromB64(padded);
  need(size === undefined || data.length === size, "malformed");
  return data;
}

export const sha256 = (...parts: Uint8Array[]): Bytes => sha(concat(...parts)) as Bytes;

/** HKDF-SHA256 (RFC 5869), 32 bytes. */
export const hkdf = (secret: Uint8Array, info: Uint8Array | string, salt?: Uint8Array): Bytes =>
  noble(sha, secret, salt, typeof info === "string" ? ascii(info) : info, 32) as Bytes;

/** BLAKE2b with a person, padded with zeros to 16 bytes. */
export function blake2b(data: Uint8Array, person: string, size: number, key?: Uint8Array): Bytes {
  const personalization = new Uint8Array(16);
  personalization.set(ascii(person));
  return blake(data, { dkLen: size, personalization, ...(key ? { key } : {}) }) as Bytes;
}

/** The RFC 8785 form of a JSON value without floats. Keys sort by UTF-16 units, which is how JavaScript compares. */
export function canonical(value: Json): Bytes {
  return ascii(written(value, 0));
}

function written(value: Json, depth: number): string {
  need(depth <= MAX_DEPTH, "malformed");
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    need(Number.isSafeInteger(value) && !Object.is(value, -0), "malformed");
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => written(item, depth + 1)).join(",")}]`;
  if (value === null || typeof value === "boolean") return String(value);
  need(typeof value === "object", "malformed");
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${text(name)}:${written(value[name]!, depth + 1)}`).join(",")}}`;
}

function text(value: string): string {
  need(whole(value), "malformed");
  return JSON.stringify(value);
}

const whole = (value: string): boolean =>
  !/[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/.test(value);

/** The value of strict JSON: no key twice, no floats, bounded integers and depth, no lone surrogates. */
export function parseJson(data: Uint8Array | string): Json {
  const reader = new Reader(typeof data === "string" ? data : utf8(data));
  return reader.whole();
}

/** The object whose JCS form `data` is, byte for byte. */
export function parseCanonical(data: Uint8Array): JsonObject {
  const value = parseJson(data);
  need(isObject(value) && same(canonical(value), data), "malformed");
  return value;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

class Reader {
  private at = 0;
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  whole(): Json {
    const value = this.value(0);
    this.space();
    need(this.at === this.source.length, "malformed");
    return value;
  }

  private value(depth: number): Json {
    need(depth <= MAX_DEPTH, "malformed");
    this.space();
    switch (this.source[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  private object(depth: number): JsonObject {
    const found: JsonObject = Object.create(null);
    this.at++;
    if (this.next("}")) return found;
    do {
      this.space();
      need(this.source[this.at] === '"', "malformed");
      const name = this.string();
      need(!(name in found) && this.next(":"), "malformed");
      found[name] = this.value(depth + 1);
    } while (this.next(","));
    need(this.next("}"), "malformed");
    return found;
  }

  private array(depth: number): Json[] {
    const found: Json[] = [];
    this.at++;
    if (this.next("]")) return found;
    do found.push(this.value(depth + 1));
    while (this.next(","));
    need(this.next("]"), "malformed");
    return found;
  }

  private string(): string {
    let found = "";
    this.at++;
    for (;;) {
      found += this.match(PLAIN);
      const end = this.source[this.at++];
      if (end === '"') break;
      need(end === "\\", "malformed");
      found += this.escape();
    }
    need(whole(found), "malformed");
    return found;
  }

  private escape(): string {
    const letter = this.source[this.at++] ?? "";
    if (letter !== "u") return ESCAPED[letter] ?? refuse("malformed");
    const digits = this.source.slice(this.at, this.at + 4);
    need(/^[0-9a-fA-F]{4}$/.test(digits), "malformed");
    this.at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  private number(): number {
    const found = this.match(NUMBER);
    const value = Number(found);
    need(
      found !== "" && found !== "-0" && Number.isSafeInteger(value) && !/[.eE]/.test(this.source[this.at] ?? ""),
      "malformed",
    );
    return value;
  }

  private word<T>(name: string, value: T): T {
    need(this.source.startsWith(name, this.at), "malformed");
    this.at += name.length;
    return value;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private next(letter: string): boolean {
    this.space();
    const found = this.source[this.at] === letter;
    if (found) this.at++;
    return found;
  }

  private space(): void {
    while (/[ \t\n\r]/.test(this.source[this.at] ?? "")) this.at++;
  }
}

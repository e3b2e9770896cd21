/**
 * The copy of a file that a family or a child may be given, without what may put the child at risk at home (R14, B5). The
 * twin of `consent/familycopy.py`, over the same words; what it cannot promise is said there, so a person reads the copy
 * before it is handed over. An agreement to show an item all the same is the terminal's.
 *
 * The copy shows no trace: no mark, no empty place, no pointer, no count; only the worker is told.
 */

import DATA from "../../../consent/policies/protect.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { DEEPEST, foldedText, LETTER, listed, names, pointer, words, type Removed } from "./protect.ts";

/** Who reads the copy. */
export const READERS = ["family", "child"] as const;
export type Reader = (typeof READERS)[number];

const SHORTEST_ID = 3;
const TITLES = listed(["type", "kind", "category", "topic", "risk", "concern"]);
const POINTERS = listed("id ids ref refs reference about item items see related concerns source".split(" "));

/** The copy for a reader, and what only the worker is told: what was left out of it, and why. */
export function familyCopy(sections: JsonObject, reader: Reader): { kept: JsonObject; removed: readonly Removed[] } {
  let known: ReadonlySet<string> = new Set();
  for (;;) {
    const work = new Copy(reader, known);
    const kept = work.sections(sections);
    if ([...work.ids].every((id) => known.has(id))) return { kept, removed: work.removed };
    known = new Set([...known, ...work.ids]); // what points at them goes next
  }
}

/** Where a value stands: its own name, that of the field around it. */
interface At {
  readonly section: string;
  readonly path: string;
  readonly name: string;
  readonly field: string;
  readonly depth: number;
}

class Copy {
  readonly ids = new Set<string>();
  readonly removed: Removed[] = [];
  private readonly reader: Reader;
  private readonly known: ReadonlySet<string>;
  private readonly mentions: RegExp | null;

  constructor(reader: Reader, known: ReadonlySet<string>) {
    this.reader = reader;
    this.known = known;
    this.mentions = mentionsOf(known);
  }

  sections(sections: JsonObject): JsonObject {
    const rows = Object.entries(sections).map(([name, value]): [string, Json | undefined] => [
      name,
      this.keep(value, { section: name, path: "", name, field: "", depth: 0 }),
    ]);
    return present(rows);
  }

  /** What the reader may see of a value; undefined where that is nothing. */
  private keep(value: Json, at: At): Json | undefined {
    const why = this.reason(value, at);
    if (why) {
      this.removed.push({ section: at.section, path: at.path, why });
      for (const id of allIds(value)) this.ids.add(id);
      if (/[0-9]/.test(at.name)) this.ids.add(at.name);
      return undefined;
    }
    if (Array.isArray(value)) return this.items(value, at);
    return isObject(value) ? this.members(value, at) : value;
  }

  private items(value: readonly Json[], at: At): Json | undefined {
    if (value.length === 0) return [];
    const kept = value.map((item, n) =>
      this.keep(item, { ...at, path: pointer(at.path, String(n)), name: "", depth: at.depth + 1 }),
    );
    const left = kept.filter((item): item is Json => item !== undefined);
    return left.length ? left : undefined;
  }

  private members(value: JsonObject, at: At): Json | undefined {
    const all = Object.entries(value);
    if (all.length === 0) return {};
    const shown = all.filter(([name]) => !isFlag(names(name)));
    const rows = shown.map(([name, item]): [string, Json | undefined] => {
      const path = pointer(at.path, name);
      return [name, this.keep(item, { section: at.section, path, name, field: name, depth: at.depth + 1 })];
    });
    const kept = present(rows);
    const left = Object.keys(kept);
    if (left.length < all.length && left.every((name) => isId(name))) {
      for (const id of ownIds(value)) this.ids.add(id); // an identifier of nothing is a trace
      return undefined;
    }
    return kept;
  }

  private reason(value: Json, at: At): string | null {
    if (at.depth > DEEPEST && typeof value === "object" && value !== null) return "depth";
    if (isObject(value) && isFlagged(value, this.reader)) return "not_for";
    if (this.isDefault(value, at)) return "default";
    return this.points(value, at) ? "reference" : null;
  }

  private isDefault(value: Json, at: At): boolean {
    const { sections } = DATA.readers[this.reader];
    if (at.path === "" && (sections as string[]).includes(at.section)) return true;
    const texts = [names(at.name).join(" ")];
    if (typeof value === "string") texts.push(words(value).join(" "));
    if (isObject(value)) {
      for (const [name, text] of Object.entries(value)) {
        if (typeof text === "string" && TITLES.has(names(name).join(" "))) texts.push(words(text).join(" "));
      }
    }
    const telling = tellingOf(this.reader);
    return telling !== null && texts.some((text) => telling.test(text));
  }

  private points(value: Json, at: At): boolean {
    const texts = typeof value === "string" ? [at.name, value] : [at.name];
    if (this.mentions && texts.some((text) => this.mentions!.test(foldedText(text)))) return true;
    const said = textOf(value);
    return said !== null && this.known.has(said) && names(at.field).some((word) => POINTERS.has(word));
  }
}

const present = (rows: readonly (readonly [string, Json | undefined])[]): JsonObject =>
  Object.fromEntries(rows.filter((row): row is [string, Json] => row[1] !== undefined));

const isFlag = (called: readonly string[]): boolean => called[0] === "not" && called[1] === "for";

const isId = (name: string): boolean => ["id", "uuid"].includes(names(name).join(" "));

/** Whether an object says `not_for: [reader]`, `not_for_reader: true`, or something like it that nobody knows. */
function isFlagged(value: JsonObject, reader: Reader): boolean {
  return Object.entries(value).some(([name, said]) => {
    const called = names(name);
    if (!isFlag(called) || isNothing(said)) return false;
    const readers = called.length > 2 ? called.slice(2) : [said].flat().map(readerIn);
    return readers.includes(reader) || readers.some((one) => !(READERS as readonly string[]).includes(one));
  });
}

const isNothing = (said: Json): boolean =>
  said === null || said === false || said === "" || (typeof said === "object" && Object.keys(said).length === 0);

const readerIn = (one: Json): string => (typeof one === "string" ? names(one).join(" ") : "");

const textOf = (value: Json): string | null =>
  typeof value === "string" ? value : Number.isSafeInteger(value) ? String(value) : null;

function ownIds(value: Json): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => (isId(name) ? [textOf(item) ?? []].flat() : []));
}

function* allIds(value: Json): Generator<string> {
  const waiting = [value];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    yield* ownIds(one);
    if (typeof one === "object" && one !== null) waiting.push(...(Object.values(one) as Json[]));
  }
}

/** Made when they are first wanted: an old browser that cannot read them gives nobody a copy. */
function mentionsOf(known: ReadonlySet<string>): RegExp | null {
  const ids = [...known].filter((text) => [...text].length >= SHORTEST_ID).map((text) => literal(foldedText(text)));
  return ids.length ? new RegExp(`(?<![A-Za-z0-9])(?:${ids.sort().join("|")})(?![A-Za-z0-9])`, "iu") : null;
}

const literal = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\/-]/g, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);

const telling = new Map<Reader, RegExp | null>();

function tellingOf(reader: Reader): RegExp | null {
  if (!telling.has(reader)) {
    const list = (DATA.readers[reader].words as string[]).map(bounded);
    telling.set(reader, list.length ? new RegExp(list.join("|"), "u") : null);
  }
  return telling.get(reader)!;
}

function bounded(entry: string): string {
  const word = words(entry).join(" ");
  const end = entry.endsWith("*") ? "" : `(?!${LETTER})`;
  return /^[ -~]*$/.test(word) ? `(?<!${LETTER})${word}${end}` : word;
}

/**
 * Taking places out of what is to be sent: addresses, phone numbers, accounts, coordinates, links (R13, B10). The twin of
 * `consent/protect.py`, over the same names of fields and patterns.
 *
 * A field that is called like a place or a contact goes with all that it holds; what looks like a number, an account or a
 * position goes out of any text; and what stood in such a field goes wherever it is repeated. What this cannot promise is
 * said in the Python module: the preview shows what remains, and a person reads it. Does not read attachments.
 */

import DATA from "../../../consent/policies/protect.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";

/** The obligation of R13. */
export const PROTECT = "protect_location";
const MARK = "[removed]";
export const DEEPEST = 64;
const LONGEST_PART = 80;
const SHORTEST_PLACE = 4;
const SHORTEST_NUMBER = 5;
const HIDDEN = "\u001f";
const ALIKE = DATA.alike as { readonly [char: string]: string };
export const LETTER = "[\\p{L}\\p{N}]";
const WORD = /[\p{L}\p{N}]+/gu;
const HUMP = /([a-z0-9])([A-Z])/g;
const BREAK = /[,;:\n]+| [-/] /;
/** What Python calls controls, without the end of a line. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/;

/** Something that was left out: the section, a JSON pointer inside it, and which `why` of the policy. */
export interface Removed {
  readonly section: string;
  readonly path: string;
  readonly why: string;
}

/** A text as patterns see it, and for each of its units where it began and ended in the original. */
interface Folded {
  readonly text: string;
  readonly places: readonly (readonly [number, number])[];
}

function fold(text: string): Folded {
  const places: [number, number][] = [];
  let folded = "";
  let at = 0;
  for (const char of text) {
    const end = at + char.length;
    const plain = [...alike(char)].map(plainly).join("");
    folded += plain;
    for (let unit = 0; unit < plain.length; unit += 1) places.push([at, end]);
    at = end;
  }
  return { text: folded, places };
}

const alike = (char: string): string =>
  char < "\u0080" ? char : [...char.normalize("NFKD")].map((part) => ALIKE[part] ?? part).join("");

function plainly(char: string): string {
  if (char < "\u0080") return CONTROL.test(char) ? " " : char;
  if (/^[\p{M}\p{Cf}]$/u.test(char)) return "";
  if (/^\p{Nd}$/u.test(char)) return String(digit(char.codePointAt(0)!));
  if (/^\p{Pd}$/u.test(char)) return "-";
  return /^[\p{L}\p{N}°]$/u.test(char) ? char : " ";
}

/** The value of another script's digit: how far it stands behind its nought. */
function digit(code: number): number {
  let nought = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(nought - 1))) nought -= 1;
  return code - nought;
}

/** A text as patterns see it. */
export const foldedText = (text: string): string => fold(text).text;

/** The words of a text, folded, in small letters. */
export const words = (text: string): string[] =>
  [...fold(text).text.matchAll(WORD)].map(([word]) => word.toLowerCase().replace(/ß/g, "ss").replace(/ς/g, "σ"));

/** The words of a field's name: `homeAddress2` is called home and address. */
export const names = (text: string): string[] =>
  words(text.replace(HUMP, "$1 $2")).map((word) => word.replace(/[0-9]+$/, "") || word);

export const listed = (texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.map((text) => names(text).join(" ")));

const CALLED: readonly (readonly [string, ReadonlySet<string>, ReadonlySet<string>])[] = [
  ["place", listed(DATA.places.any_word), listed(DATA.places.whole)],
  ["contact", listed(DATA.contacts.any_word), listed(DATA.contacts.whole)],
];
const KINDS_CALLED = CALLED.map(([kind]) => kind);
const NOT_PLACES = listed(DATA.not_places.last_word);
const NOTES = listed(DATA.notes);
const CORRIDOR = listed(DATA.corridor);
const IDENTIFIERS = listed(DATA.identifiers.any_word);
const QUANTITIES = new Set([...IDENTIFIERS, ...listed(DATA.quantities.any_word)]);
const LABELS = listed(DATA.labels.names);
const LABELLED = listed(DATA.labels.values);
const SAYS_NOTHING = new Set(["", ...DATA.says_nothing.map((text) => words(text).join(" "))]);
const KINDS = listed(DATA.kinds_of_place);

/** Compiled when they are first wanted: a browser too old for them seals nothing where a place is protected. */
let patterns: { keep: RegExp[]; digits: RegExp; rest: [string, RegExp][] } | null = null;
const compiled = () =>
  (patterns ??= {
    keep: DATA.keep.patterns.map((pattern) => new RegExp(pattern, "g")),
    digits: new RegExp(DATA.digits, "g"),
    rest: DATA.patterns.map(([why, pattern]): [string, RegExp] => [why!, new RegExp(pattern!, "gi")]),
  });

/** The sections without places and contacts, and what was removed. Doing it twice changes nothing. */
export function protectLocation(sections: JsonObject): { kept: JsonObject; removed: readonly Removed[] } {
  const repeated = repeatedIn(sections);
  const removed: Removed[] = [];
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(sections)) {
    const work = new Work(name, repeated, removed);
    kept[fresh(work.text(name, ""), kept)] = work.value(value, "", [], 0);
  }
  const once = new Map(removed.map((row) => [JSON.stringify([row.section, row.path, row.why]), row]));
  return { kept, removed: [...once.values()] };
}

/** One section on its way through; `called` is the name of the field that a value stands in. */
class Work {
  private readonly section: string;
  private readonly repeated: RegExp | null;
  private readonly removed: Removed[];

  constructor(section: string, repeated: RegExp | null, removed: Removed[]) {
    this.section = section;
    this.repeated = repeated;
    this.removed = removed;
  }

  value(value: Json, path: string, called: readonly string[], depth: number): Json {
    if (typeof value === "string") return this.text(value, path, called);
    if (typeof value === "number") return this.number(value, path, called);
    if (value === null || typeof value === "boolean") return value;
    if (depth > DEEPEST) return this.mark(path, "depth");
    if (!Array.isArray(value)) return this.members(value, path, depth);
    if (isPosition(value)) return this.mark(path, "coordinates");
    return value.map((item, at) => this.value(item, `${path}/${at}`, called, depth + 1));
  }

  /** The text with marks in place of what was found, until nothing more is. */
  text(text: string, path: string, called: readonly string[] = []): string {
    const free = called.some((word) => IDENTIFIERS.has(word));
    const repeated = called.some((word) => CORRIDOR.has(word)) ? null : this.repeated;
    let left = text;
    for (let found = find(left, repeated, free); found.length > 0; found = find(left, repeated, free)) {
      this.removed.push(...found.map(([why]) => ({ section: this.section, path, why })));
      left = cut(left, found);
    }
    return left;
  }

  private members(value: JsonObject, path: string, depth: number): JsonObject {
    const kept: JsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      const safe = fresh(this.text(name, path), kept);
      const where = pointer(path, safe);
      const why = protectedAs(value, name);
      if (why) this.removed.push({ section: this.section, path: where, why });
      else kept[safe] = this.value(item, where, names(name), depth + 1);
    }
    return kept;
  }

  private number(value: number, path: string, called: readonly string[]): Json {
    const [found] = find(
      String(value),
      null,
      called.some((word) => QUANTITIES.has(word)),
    );
    return found ? this.mark(path, found[0]) : value;
  }

  private mark(path: string, why: string): string {
    this.removed.push({ section: this.section, path, why });
    return MARK;
  }
}

/** The JSON pointer of a member or an item. */
export const pointer = (path: string, name: string): string =>
  `${path}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;

function fresh(name: string, taken: JsonObject): string {
  let chosen = name;
  while (Object.hasOwn(taken, chosen)) chosen += "'";
  return chosen;
}

/** `place` or `contact` if a member is called like one, itself or by a label beside it, and says which. */
function protectedAs(siblings: JsonObject, name: string): string | null {
  const called = names(name);
  if (saysNothing(siblings[name]!)) return null;
  if (!LABELLED.has(called.join(" "))) return kindOf(called);
  for (const [key, value] of Object.entries(siblings)) {
    if (typeof value !== "string" || !LABELS.has(names(key).join(" "))) continue;
    const kind = kindOf(names(value));
    if (kind) return kind;
  }
  return null;
}

function kindOf(called: readonly string[]): string | null {
  const whole = called.join(" ");
  const pairs = called.slice(1).map((word, at) => `${called[at]} ${word}`);
  const last = called[called.length - 1];
  for (const [kind, anywhere, alone] of CALLED) {
    const named = [...called, ...pairs].some((part) => anywhere.has(part));
    if (alone.has(whole) || (named && !NOT_PLACES.has(last!))) return kind;
  }
  return null;
}

function saysNothing(value: Json): boolean {
  if (typeof value === "string") return SAYS_NOTHING.has(words(value).join(" "));
  if (value === null || typeof value === "boolean") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Whether a list is a pair of decimal degrees, with or without a height, as GeoJSON has it. */
function isPosition(value: readonly Json[]): boolean {
  if (![2, 3].includes(value.length) || !value.every((number) => typeof number === "number")) return false;
  return find(value.join(", "), null, true).some(([why]) => why === "coordinates");
}

type Span = readonly [why: string, start: number, end: number];

/** What must go out of a text: why, from where, up to where. In `free` texts, long numbers may stay. */
function find(text: string, repeated: RegExp | null, free: boolean): Span[] {
  const { text: whole, places } = fold(text);
  const folded = whole.split(MARK).join(HIDDEN.repeat(MARK.length));
  const { keep, digits, rest } = compiled();
  const plain = keep.reduce((left, pattern) => left.replace(pattern, (found) => HIDDEN.repeat(found.length)), folded);
  const spans: Span[] = [];
  const note = (why: string, pattern: RegExp, where: string) => {
    for (const found of where.matchAll(pattern)) {
      if (!found[0]) continue;
      const last = found.index + found[0].length - 1;
      spans.push([why, places[found.index]![0], places[last]![1]]);
    }
  };
  for (const [why, pattern] of rest) note(why, pattern, plain);
  if (!free) note("phone", digits, plain);
  if (repeated) note("repeated", repeated, folded);
  return spans;
}

/** Put one mark in place of spans that touch each other or an older mark. */
function cut(text: string, found: readonly Span[]): string {
  const marks = [...text.matchAll(/\[removed\]/g)].map(({ index }) => [index, index + MARK.length] as const);
  const spans = [...found.map(([, start, end]) => [start, end] as const), ...marks];
  spans.sort(([one, first], [other, second]) => one - other || first - second);
  let [left, done] = ["", 0];
  for (const [start, end] of spans) {
    if (start >= done) left += text.slice(done, start) + MARK;
    done = Math.max(done, end);
  }
  return left + text.slice(done);
}

/** A pattern of all that stands in fields of places and contacts, however it is spaced elsewhere. */
function repeatedIn(sections: JsonObject): RegExp | null {
  const found = [...fields(sections, 0, null)];
  const parts = new Set<string>();
  for (const [kind, text] of found) {
    if (KINDS_CALLED.includes(kind)) for (const part of partsOf(kind, text)) parts.add(part.join(" "));
  }
  for (const nothing of SAYS_NOTHING) parts.delete(nothing);
  for (const [kind, text] of found) if (kind === "corridor") parts.delete(words(text).join(" "));
  const longest = [...parts].sort((one, other) => other.length - one.length || (one < other ? -1 : 1));
  const between = "[^\\p{L}\\p{N}]{0,4}";
  return longest.length ? new RegExp(longest.map((part) => bounded(part, between)).join("|"), "giu") : null;
}

/** Keep Latin words whole; other scripts write prepositions and endings on to the word. */
function bounded(part: string, between: string): string {
  const pattern = part.split(" ").join(between);
  return /^[ -~]*$/.test(part) ? `(?<!${LETTER})${pattern}(?!${LETTER})` : pattern;
}

/** Each text in a field of places, contacts or countries, with which of them it is. */
function* fields(value: Json, depth: number, kind: string | null): Generator<readonly [string, string]> {
  if (isObject(value)) {
    if (depth > DEEPEST) return;
    for (const [name, item] of Object.entries(value)) {
      const called = names(name);
      const corridor = called.some((word) => CORRIDOR.has(word)) ? "corridor" : kind;
      const own = protectedAs(value, name) ?? corridor;
      // A story about a place has words that mean other things elsewhere.
      if (!own || !NOTES.has(called[called.length - 1] ?? "")) yield* fields(item, depth + 1, own);
    }
  } else if (Array.isArray(value)) {
    if (depth <= DEEPEST) for (const item of value) yield* fields(item, depth + 1, kind);
  } else if (kind && typeof value === "boolean") {
    yield [kind, value ? "True" : "False"];
  } else if (kind && value !== null) {
    yield [kind, String(value)];
  }
}

/** What is to be found again: the whole, its parts, and a place without its number and its kind. */
function* partsOf(kind: string, text: string): Generator<string[]> {
  for (const part of new Set([text, ...text.split(BREAK)])) {
    const low = part === part.toLowerCase() && part !== part.toUpperCase();
    if ([...part].length > LONGEST_PART || (part !== text && low)) continue;
    if (kind === "contact" && !/[0-9@._]/.test(fold(part).text)) continue;
    const found = words(part);
    const isNumber = (word: string) => /^\p{Nd}+$/u.test(word);
    const all = kind === "contact" ? [found] : [found, strip(found, isNumber), strip(found, isOuter)];
    yield* all.filter(isTelling);
  }
}

const isOuter = (word: string): boolean => KINDS.has(word) || /^\p{Nd}+$/u.test(word);

function strip(part: readonly string[], isOuterWord: (word: string) => boolean): string[] {
  const inner = part.flatMap((word, at) => (isOuterWord(word) ? [] : [at]));
  return inner.length ? part.slice(inner[0], inner[inner.length - 1]! + 1) : [];
}

function isTelling(part: readonly string[]): boolean {
  const whole = part.join("");
  const shortest = /^\p{Nd}+$/u.test(whole) ? SHORTEST_NUMBER : SHORTEST_PLACE;
  return [...whole].length >= shortest && !part.every((word) => KINDS.has(word));
}

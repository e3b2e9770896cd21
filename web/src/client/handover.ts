/**
 * The handover meeting: who came, which papers were looked at, what was handed over, ticked by both sides (F1, R37). The
 * twin of `hub/client/handover.py`.
 *
 * Pure: a document goes in and a new one comes out. Each side keeps a document of its own and speaks for nobody else:
 * `merge` takes the other side's ticks from the other side's document alone. Where something was not possible, the reason
 * stands in its place. Members that a later release adds are kept.
 */

import file from "../../../hub/client/handover.json" with { type: "json" };
import { systemRandom } from "../rcp/age.ts";
import { b64u, isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { fail, HubError } from "./session.ts";

/** The section of a packet in which the document goes to the other side, with the release and with the take. */
export const SECTION = "handover";
export const CHECKLIST: readonly string[] = file.checklist;
/** What items, facts, sides and forms are called, by language; the same words as on paper. */
export const WORDS = file.words as unknown as { readonly [language: string]: Words };

export interface Words {
  readonly forms: Table;
  readonly items: Table;
  readonly facts: Table;
  readonly sides: Table;
  readonly hows: Table;
  readonly ways: Table;
  readonly labels: Table;
  readonly needs: Table;
  readonly steps: Table;
}
type Table = { readonly [name: string]: string };
export const SIDES = ["sender", "receiver"] as const;
export type Side = (typeof SIDES)[number];
export const otherSide = (side: Side): Side => (side === "sender" ? "receiver" : "sender");

/** How the family said in writing that the child is welcome (F2), and how many witnesses each way needs. */
export const WITNESSES: { readonly [how: string]: number } = { signature: 0, mark: 1, thumbprint: 1, oral: 2 };
const REASON = a.atLeast({ reason: a.text });
const PERSON = a.atLeast({ name: a.text, role: a.text });
const PAPER = a.atLeast({
  document: a.hash,
  title: a.text,
  seen: a.flag,
  form: a.oneOf("original", "copy"),
  legible: a.flag,
});
const FAMILY = a.atLeast({
  read: a.flag,
  language: a.text,
  how: a.oneOf(...Object.keys(WITNESSES)),
  on: a.date,
  witnesses: a.listOf(PERSON, 10),
});
const CHILD = a.atLeast({ present: a.flag, told: a.flag, reason: a.nullOr(a.text) });
const NEXT = a.atLeast({ on: a.date, who: a.text, how: a.oneOf("in_person", "phone", "other") });

/** What `inner` takes, or the reason why it is missing, or null: not said yet. */
const orReason =
  (inner: a.Check): a.Check =>
  (value) => {
    if (value !== null) (isObject(value) && "reason" in value ? REASON : inner)(value);
  };

/** What is said of a meeting beside the checklist; all but time and place may be a reason instead. */
const FACT_FORMS: { readonly [name: string]: a.Check } = {
  when: a.nullOr(a.seconds),
  where: a.nullOr(a.text),
  accompanied_by: orReason(a.listOf(PERSON, 20, 1)),
  papers: orReason(a.distinctBy(a.listOf(PAPER, 100, 1), "document")),
  official: orReason(PERSON),
  family: orReason(FAMILY),
  child: a.nullOr(CHILD),
  safety_card: orReason(a.atLeast({ given_to: a.text })),
  next_contact: orReason(NEXT),
};
export const FACTS: readonly string[] = Object.keys(FACT_FORMS);
const MARK = a.nullOr(a.atLeast({ by: a.text, at: a.seconds, reason: a.nullOr(a.text) }));
const ROW = a.atLeast({ item: a.name, sender: MARK, receiver: MARK });
const SIGNED = a.atLeast({
  form: a.matches(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/),
  kind: a.text,
  source: a.hash,
  files: a.listOf(a.hash, 50, 1),
});
/** The form of a document; members that are not known stay. */
export const FORM = a.atLeast({
  v: a.integer(1),
  meeting: a.identifier,
  side: a.oneOf(...SIDES),
  ...FACT_FORMS,
  checklist: a.distinctBy(a.listOf(ROW, 100, 1), "item"),
  signed: a.listOf(SIGNED, 100),
});

export interface Mark {
  readonly by: string;
  readonly at: number;
  readonly reason: string | null;
}

export interface Row {
  readonly item: string;
  readonly sender: Mark | null;
  readonly receiver: Mark | null;
}

export interface Document {
  readonly v: number;
  readonly meeting: string;
  readonly side: Side;
  readonly checklist: readonly Row[];
  readonly signed: readonly { form: string; kind: string; source: string; files: string[] }[];
  readonly [fact: string]: unknown;
}

/** What both sides say together, in the place of the own document, and where they say different things. */
export interface Merged {
  readonly document: Document;
  readonly differences: readonly string[];
}

/** A document of a meeting once its form is checked. */
export function check(value: unknown): Document {
  FORM(value);
  return value as Document;
}

/** The empty document of a side; `meeting` names the one that the other side began. */
export function draft(side: Side, meeting?: string): Document {
  const checklist = CHECKLIST.map((item) => ({ item, sender: null, receiver: null }));
  const facts = Object.fromEntries(FACTS.map((name) => [name, null]));
  return { v: 1, meeting: meeting ?? b64u(systemRandom(16)), side, ...facts, checklist, signed: [] };
}

/** The document with these facts in the place of the old ones, each whole; the error's `fields` are those of no form. */
export function change(document: Document, facts: JsonObject): Document {
  const fits = ([name, value]: [string, Json]) => name in FACT_FORMS && a.isOf(FACT_FORMS[name]!, value);
  const wrong = Object.entries(facts).filter((fact) => !fits(fact));
  if (wrong.length) throw new HubError("invalid_request", "", null, { fields: wrong.map(([name]) => name).sort() });
  return { ...document, ...facts };
}

/** The document with the own side's tick at these items, or the reason why there is none. */
export function tick(
  document: Document,
  items: readonly string[],
  by: string,
  at: number,
  reason: string | null = null,
): Document {
  const mark = { by, at, reason };
  if (!items.every((item) => document.checklist.some((row) => row.item === item))) fail("not_found");
  if (!a.isOf(MARK, mark)) fail("invalid_request");
  const checklist = document.checklist.map((row) =>
    items.includes(row.item) ? { ...row, [document.side]: mark } : row,
  );
  return { ...document, checklist };
}

/** What both sides say: each side's ticks from its own document; facts are mine where I said them. */
export function merge(mine: Document, theirs: Document | null): Merged {
  if (!theirs) return { document: mine, differences: [] };
  const other = otherSide(mine.side);
  if (theirs.meeting !== mine.meeting || theirs.side !== other) fail("conflict");
  const said = Object.fromEntries(FACTS.map((name) => [name, mine[name] ?? theirs[name] ?? null]));
  const [own, their] = [byItem(mine), byItem(theirs)];
  const items = [...new Set([...own.keys(), ...their.keys()])];
  const checklist = items.map((item) => {
    const [ours, others] = [own.get(item), their.get(item)];
    const marks = { [mine.side]: ours?.[mine.side] ?? null, [other]: others?.[other] ?? null };
    return { ...others, ...ours, item, ...marks } as Row;
  });
  const signed = new Map([...theirs.signed, ...mine.signed].map((row) => [row.source + row.form, row]));
  const document = { ...theirs, ...mine, ...said, checklist, signed: [...signed.values()] };
  const factsDiffer = FACTS.filter((name) => both(mine[name], theirs[name]) && !same(mine[name], theirs[name]));
  const ticksDiffer = [...their].filter(([item, row]) => {
    const [ours, others, told] = [word(own.get(item)?.[mine.side]), word(row[other]), word(row[mine.side])];
    return (told !== null && told !== ours) || (both(ours, others) && ours !== others);
  });
  return { document, differences: [...factsDiffer, ...ticksDiffer.map(([item]) => `checklist/${item}`)] };
}

/**
 * What is not said yet: names of facts, and `checklist/item/side`; `side`: the ticks of that side only. An item is done
 * with both ticks, or with the reason of either side (R37).
 */
export function missing(document: Document, side?: Side): string[] {
  const facts = FACTS.filter((name) => !settled(name, document[name]));
  const rows = document.checklist.filter((row) => !SIDES.some((one) => row[one]?.reason));
  const sides = side ? [side] : SIDES;
  const open = (row: Row) => sides.filter((one) => row[one] === null).map((one) => `checklist/${row.item}/${one}`);
  return [...facts, ...rows.flatMap(open)];
}

// Forms on paper

export const FORMS = ["meeting", "willingness", "plan", "receipt", "observer", "card"] as const;
/** A card carries no number: whoever finds it learns of no paper that belongs to it. */
export const UNSIGNED: readonly string[] = ["card"];
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HALF = 5;

/** The number of a form that is printed: random, so that no two papers of one child can be joined. */
export const newForm = (): string =>
  dashed([...systemRandom(2 * HALF)].map((byte) => ALPHABET[byte % ALPHABET.length]).join(""));

/** The number of a form as it is printed; case, spaces and O for 0, I or L for 1 do not matter. */
export function formNumber(text: string): string {
  const alike: { [letter: string]: string } = { O: "0", I: "1", L: "1", " ": "", "-": "" };
  const plain = text.toUpperCase().replace(/[OIL -]/g, (letter) => alike[letter]!);
  const whole = plain.length === 2 * HALF && [...plain].every((letter) => ALPHABET.includes(letter));
  return whole ? dashed(plain) : fail("invalid_request");
}

const dashed = (plain: string): string => `${plain.slice(0, HALF)}-${plain.slice(HALF)}`;

function settled(name: string, value: unknown): boolean {
  if (!value || (Array.isArray(value) && !value.length)) return false;
  if (!isObject(value)) return true;
  if (value["reason"]) return true;
  if (name === "child") return Boolean(value["present"] && value["told"]);
  if (name === "family") {
    return Boolean(value["read"]) && (value["witnesses"] as Json[]).length >= WITNESSES[String(value["how"])]!;
  }
  return Object.keys(value).length > 0;
}

const byItem = ({ checklist }: Document): Map<string, Row> => new Map(checklist.map((row) => [row.item, row]));
const word = (mark: Mark | null | undefined): string | null => (!mark ? null : mark.reason ? "reason" : "tick");
const both = (one: unknown, other: unknown): boolean => (one ?? null) !== null && (other ?? null) !== null;

/** Whether two values of JSON are the same, in whatever order their members stand. */
export function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]))
  );
}

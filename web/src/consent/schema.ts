/**
 * JSON Schema, as far as this project's own schemas use it (2020-12). A schema that says anything else is refused before a
 * value is looked at, so nothing is left unchecked unnoticed. Evaluates nothing: no code is made out of a schema, so it
 * runs under a strict content policy.
 *
 * Finds what `jsonschema_rs` finds in Python: one problem for each keyword that does not hold, and where.
 */

import { isObject } from "../rcp/encoding.ts";
import { dayNumber } from "../../rules/evaluate.js";

export interface Schema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly $defs?: { readonly [name: string]: Schema };
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | false;
}

/** The names and numbers on the way to a part of a value. */
export type Way = readonly (string | number)[];

export interface Problem {
  readonly at: Way;
  readonly code: "invalid" | "missing";
}

type Definitions = Schema["$defs"];
/** What a keyword is held against. */
interface Case {
  readonly schema: Schema;
  readonly value: unknown;
  readonly at: Way;
  readonly definitions: Definitions;
}
/** What a schema says under a keyword is of the form that this keyword has: the schemas are the project's own. */
type Keyword = (said: never, held: Case) => Problem[];

const IGNORED = ["$schema", "$id", "$comment", "$defs", "title", "description", "then"];
const KNOWN_FORMATS = ["date"];

/** The schema that another one stands for: it, with what its reference says put in. */
export function resolved(schema: Schema, definitions: Definitions): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...own } = schema;
  return { ...resolved(definitionOf(definitions, $ref), definitions), ...own };
}

/** Where a value leaves a schema, in the order in which the schema says it. */
export function problemsOf(schema: Schema, value: unknown): Problem[] {
  known(schema, schema.$defs);
  return inside({ schema, value, at: [], definitions: schema.$defs });
}

/** Return what checks values against `$defs/<name>` of a schema: where a value is wrong first, or null if it is right. */
export function validator(whole: unknown, name: string): (value: unknown) => Way | null {
  const definitions = (whole as Schema).$defs;
  const schema = { $ref: `#/$defs/${name}` };
  known(schema, definitions);
  return (value) => inside({ schema, value, at: [], definitions })[0]?.at ?? null;
}

const checked = new WeakSet<Schema>();

/** Go on if every keyword of a schema, and of those that it names or holds, is one that is checked here. */
function known(schema: Schema, definitions: Definitions): void {
  if (checked.has(schema)) return;
  checked.add(schema);
  for (const [name, said] of Object.entries(schema)) {
    if (!(name in KEYWORDS) && !IGNORED.includes(name)) {
      throw new TypeError(`A schema says ${name}, which is not checked here.`);
    }
    if (name === "format" && !KNOWN_FORMATS.includes(String(said))) {
      throw new TypeError("A schema names a format that is not checked here.");
    }
    partsOf(name, said, definitions).forEach((part) => known(part, definitions));
  }
}

/** The schemas that stand under a keyword. */
function partsOf(name: string, said: unknown, definitions: Definitions): Schema[] {
  if (name === "$ref") return [definitionOf(definitions, String(said))];
  if (name === "properties") return Object.values(said as { [name: string]: Schema });
  if (name === "anyOf") return said as Schema[];
  const one = ["items", "not", "if", "then", "propertyNames", "additionalProperties"].includes(name);
  return one && isObject(said) ? [said as Schema] : [];
}

function inside(held: Case): Problem[] {
  return Object.entries(held.schema).flatMap(([name, said]) => KEYWORDS[name]?.(said as never, held) ?? []);
}

const TYPES: { readonly [name: string]: (value: unknown) => boolean } = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === "number" && Number.isFinite(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
};

const wrongAt = (at: Way, holds: boolean): Problem[] => (holds ? [] : [{ at, code: "invalid" }]);
const when =
  <T>(holds: (value: unknown, said: T) => boolean): Keyword =>
  (said: T, { value, at }) =>
    wrongAt(at, holds(value, said));
const ofText = <T>(holds: (text: string, said: T) => boolean): Keyword =>
  when((value, said: T) => typeof value !== "string" || holds(value, said));
const ofNumber = (holds: (number: number, said: number) => boolean): Keyword =>
  when((value, said: number) => typeof value !== "number" || holds(value, said));
const ofList = <T>(holds: (list: readonly unknown[], said: T) => boolean): Keyword =>
  when((value, said: T) => !Array.isArray(value) || holds(value, said));

const KEYWORDS: { readonly [name: string]: Keyword } = {
  $ref: (ref: string, held) => inside({ ...held, schema: definitionOf(held.definitions, ref) }),
  type: when((value, names: string | string[]) => [names].flat().some((name) => TYPES[name]!(value))),
  const: when((value, only) => value === only),
  enum: when((value, list: unknown[]) => list.includes(value)),
  pattern: ofText((text, pattern: string) => new RegExp(pattern, "u").test(text)),
  format: ofText((text) => dayNumber(text) !== null),
  minLength: ofText((text, least: number) => [...text].length >= least),
  maxLength: ofText((text, most: number) => [...text].length <= most),
  minimum: ofNumber((value, low) => value >= low),
  maximum: ofNumber((value, high) => value <= high),
  minItems: ofList((list, least: number) => list.length >= least),
  maxItems: ofList((list, most: number) => list.length <= most),
  uniqueItems: ofList((list) => new Set(list.map(inFull)).size === list.length),
  items: (schema: Schema, { value, at, definitions }) =>
    Array.isArray(value)
      ? value.flatMap((item: unknown, n) => inside({ schema, value: item, at: [...at, n], definitions }))
      : [],
  anyOf: (list: Schema[], held) => {
    const found = list.map((schema) => inside({ ...held, schema }));
    const depth = (problems: Problem[]) => problems[0]!.at.length;
    return found.reduce((one, other) => (!one.length || !other.length ? [] : depth(other) > depth(one) ? other : one));
  },
  not: (schema: Schema, held) => wrongAt(held.at, inside({ ...held, schema }).length > 0),
  if: (schema: Schema, held) => {
    const then = held.schema["then"] as Schema;
    return inside({ ...held, schema }).length ? [] : inside({ ...held, schema: then });
  },
  required: (names: string[], { value, at }) => (isObject(value) ? missing(names, value, at) : []),
  dependentRequired: (table: { [name: string]: string[] }, { value, at }) =>
    isObject(value)
      ? Object.entries(table).flatMap(([name, names]) => (Object.hasOwn(value, name) ? missing(names, value, at) : []))
      : [],
  properties: (members: { [name: string]: Schema }, { value, at, definitions }) =>
    Object.entries(members).flatMap(([name, schema]) =>
      isObject(value) && Object.hasOwn(value, name)
        ? inside({ schema, value: value[name], at: [...at, name], definitions })
        : [],
    ),
  propertyNames: (schema: Schema, held) =>
    isObject(held.value)
      ? Object.keys(held.value).flatMap((name) => wrongAt(held.at, !inside({ ...held, schema, value: name }).length))
      : [],
  additionalProperties: (said: Schema | false, { schema, value, at, definitions }) =>
    Object.entries(isObject(value) ? value : {})
      .filter(([name]) => !Object.hasOwn(schema.properties ?? {}, name))
      .flatMap(([name, item]): Problem[] =>
        said ? inside({ schema: said, value: item, at: [...at, name], definitions }) : wrongAt([...at, name], false),
      ),
};

const missing = (names: readonly string[], value: object, at: Way): Problem[] =>
  names.filter((name) => !Object.hasOwn(value, name)).map((name) => ({ at: [...at, name], code: "missing" }));

function definitionOf(definitions: Definitions, ref: string): Schema {
  return definitions?.[ref.slice(ref.lastIndexOf("/") + 1)] ?? unknown(ref);
}

function unknown(ref: string): never {
  throw new TypeError(`A schema names ${ref}, which it does not define.`);
}

/** JSON text that is the same for the same value. */
const inFull = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

/** What sort of value a place in a form holds: it decides how it is shown, and with what it is filled in. */

import { resolved, type Schema } from "../../../consent/schema.ts";

export type Kind =
  | "text"
  | "short"
  | "day"
  | "moment"
  | "country"
  | "language"
  | "agency"
  | "sha256"
  | "id"
  | "flag"
  | "number"
  | "choice"
  | "object"
  | "list"
  | "map";

export interface Place {
  readonly kind: Kind;
  readonly form: Schema;
}

const NAMED: readonly Kind[] = ["text", "short", "day", "moment", "country", "language", "agency", "sha256", "id"];

export function placeOf(schema: Schema, definitions: Schema["$defs"]): Place {
  const name = schema.$ref?.slice(schema.$ref.lastIndexOf("/") + 1);
  const form = resolved(schema, definitions);
  return { kind: NAMED.find((kind) => kind === name) ?? kindOf(form), form };
}

function kindOf({ enum: codes, type, properties }: Schema): Kind {
  if (codes) return "choice";
  if (type === "boolean") return "flag";
  if (type === "integer") return "number";
  if (type === "array") return "list";
  if (type === "object") return properties ? "object" : "map";
  return "short";
}

/** Members that a person neither reads nor fills in: they tie things together. */
export const HIDDEN: readonly string[] = ["v", "id", "attachment", "considerations", "programme"];

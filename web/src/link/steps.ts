/**
 * What somebody with a link can say: each is a statement of docs/protocol.md §7.2, and what is about a child travels sealed.
 *
 * Which of them is possible now is the table of states', as the hub says; this is what each asks of the person.
 */

import type { JsonObject } from "../rcp/encoding.ts";

export type Field =
  | { readonly kind: "date"; readonly name: string; readonly ahead: boolean }
  | { readonly kind: "choice"; readonly name: "code" | "got_help" | "barriers"; readonly many?: boolean; readonly needed: boolean }
  | { readonly kind: "text"; readonly name: "text"; readonly needed: boolean };

export interface Step {
  readonly name: string;
  /** What stands in the statement, for hubs to see. */
  readonly body: readonly Field[];
  /** What is sealed for the sender. */
  readonly words: readonly Field[];
}

const DAY = 86_400_000;
const text = (needed: boolean): Field => ({ kind: "text", name: "text", needed });
const code: Field = { kind: "choice", name: "code", needed: true };
const date = (name: string, ahead: boolean): Field => ({ kind: "date", name, ahead });
const step = (name: string, body: readonly Field[] = [], words: readonly Field[] = []): Step => ({ name, body, words });

/** In the order in which they are offered. */
export const STEPS: readonly Step[] = [
  step("acknowledge"),
  step("accept", [date("first_contact", true)]),
  step("start", [date("contact", false)]),
  step("waitlist", [date("review", true)], [text(false)]),
  step("report_outcome", [], [{ kind: "choice", name: "got_help", needed: true }, { kind: "choice", name: "barriers", many: true, needed: false }, text(false)]),
  step("ask", [], [text(true)]),
  step("decline", [], [code, text(false)]),
  step("cannot_deliver", [], [code, text(false)]),
  step("pause", [date("review", true)], [text(true)]),
  step("resume"),
  step("agree_to_stop"),
  step("refuse_to_stop", [], [text(true)]),
  step("late_answer", [], [text(true)]),
];

export const GOT_HELP = ["yes", "partial", "no"] as const;
export const REASONS = [
  "no_capacity", "not_eligible", "outside_area", "wrong_service", "insufficient_information", "duplicate", "cannot_contact",
  "client_refused", "no_longer_needed", "moved", "safety_concern", "other",
] as const;
export const BARRIERS = ["cost", "distance", "documents", "language", "disability", "stigma", "safety_concern", "no_capacity", "other"] as const;

export const choicesOf = (field: Field): readonly string[] =>
  field.kind !== "choice" ? [] : { code: REASONS, got_help: GOT_HELP, barriers: BARRIERS }[field.name];

export const today = (now: number): string => new Date(now * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
export const inAYear = (now: number): string => today(now + (365 * DAY) / 1000);

/** What a form says of these fields; null if something that is needed is missing or is no day. */
export function readFields(fields: readonly Field[], form: FormData): JsonObject | null {
  const said: JsonObject = {};
  for (const field of fields) {
    const values = form.getAll(field.name).filter((value): value is string => typeof value === "string" && value.trim() !== "");
    const needed = field.kind === "date" || field.needed;
    if (!values.length && needed) return null;
    if (!values.length) continue;
    if (field.kind === "date" && !/^20[2-9][0-9]-[01][0-9]-[0-3][0-9]$/.test(values[0]!)) return null;
    said[field.name] = field.kind === "choice" && field.many ? values : values[0]!.trim();
  }
  return said;
}

/**
 * What somebody with a link can say: each is a statement of docs/protocol.md §7.2, and what is about a child travels sealed.
 *
 * Which of them is possible now is the table of states', as the hub says; this is what each asks of the person.
 */

import { services } from "../../../consent/words/en.json";
import { codes } from "../../../hub/referrals/reasons.json";
import type { JsonObject } from "../rcp/encoding.ts";

export type Field =
  | { readonly kind: "date"; readonly name: string; readonly ahead: boolean }
  | {
      readonly kind: "choice";
      readonly name: "code" | "got_help" | "services" | "barriers" | "needs";
      readonly many?: boolean;
      readonly needed: boolean;
    }
  | { readonly kind: "text"; readonly name: "text"; readonly needed: boolean };

export interface Step {
  readonly name: string;
  /** What stands in the statement, for hubs to see. */
  readonly body: readonly Field[];
  /** What is sealed for the sender. */
  readonly words: readonly Field[];
}

/** What was said of a step: in the statement, for hubs to see, and sealed. */
export interface Said {
  readonly body: JsonObject;
  readonly words: JsonObject;
}

const DAY = 86_400_000;
const text = (needed: boolean): Field => ({ kind: "text", name: "text", needed });
const code: Field = { kind: "choice", name: "code", needed: true };
const barriers: Field = { kind: "choice", name: "barriers", many: true, needed: false };
const given: Field = { kind: "choice", name: "services", many: true, needed: false };
const date = (name: string, ahead: boolean): Field => ({ kind: "date", name, ahead });
const step = (name: string, body: readonly Field[] = [], words: readonly Field[] = []): Step => ({ name, body, words });

/** A yes with a waiting list is two statements of the table, and one answer to whoever gives it. */
const WAIT = "wait";

/** In the order in which they are offered. */
export const STEPS: readonly Step[] = [
  step("acknowledge"),
  step(
    "accept",
    [date("first_contact", true)],
    [{ kind: "choice", name: "needs", many: true, needed: true }, text(false)],
  ),
  step(WAIT, [date("review", true)], [text(false)]),
  step("start", [date("contact", false)]),
  step("waitlist", [date("review", true)], [text(false)]),
  step("report_outcome", [], [{ kind: "choice", name: "got_help", needed: true }, given, barriers, text(false)]),
  step("ask", [], [text(true)]),
  step("decline", [], [code, text(false)]),
  step("cannot_deliver", [], [code, barriers, text(false)]),
  step("pause", [date("review", true)], [text(true)]),
  step("resume"),
  step("agree_to_stop"),
  step("refuse_to_stop", [], [text(true)]),
  step("late_answer", [], [text(true)]),
];

/** The kinds of services: those that there are words for. */
export const SERVICES: readonly string[] = Object.keys(services);
export const GOT_HELP = ["yes", "partial", "no"] as const;

const listed = (use: string): string[] =>
  Object.entries(codes as { [code: string]: string[] })
    .filter(([, uses]) => uses.includes(use))
    .map(([code]) => code);

/** What can be chosen in a field; `needs` is what the referral asks for. */
export function choicesOf(field: Field, needs: readonly string[]): readonly string[] {
  if (field.kind !== "choice") return [];
  const lists = { code: listed("reason"), barriers: listed("barrier"), got_help: GOT_HELP, services: SERVICES, needs };
  return lists[field.name];
}

export const today = (now: number): string =>
  new Date(now * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
export const inAYear = (now: number): string => today(now + (365 * DAY) / 1000);

/** What a form says of these fields; null if something that is needed is missing or is no day. */
export function readFields(fields: readonly Field[], form: FormData): JsonObject | null {
  const said: JsonObject = {};
  for (const field of fields) {
    const values = form
      .getAll(field.name)
      .filter((value): value is string => typeof value === "string" && value.trim() !== "");
    const needed = field.kind === "date" || field.needed;
    if (!values.length && needed) return null;
    if (!values.length) continue;
    if (field.kind === "date" && !/^20[2-9][0-9]-[01][0-9]-[0-3][0-9]$/.test(values[0]!)) return null;
    said[field.name] = field.kind === "choice" && field.many ? values : values[0]!.trim();
  }
  return said;
}

/** Whether a step is offered: it is possible, and is not what was said by a link already. */
export function isOffered(
  step: Step,
  shown: { possible: readonly string[]; state: string | null; grade: string | null },
): boolean {
  const said: { [state: string]: string[] } = { acknowledged: ["acknowledge"], accepted: ["accept", "decline"] };
  const possible = (name: string): boolean => shown.possible.includes(`referral.${name}`);
  if (step.name === WAIT) return possible("accept") && shown.state !== "accepted";
  const again = shown.grade === "link" && said[shown.state ?? ""]?.includes(step.name);
  return !again && possible(step.name);
}

/** The statements of an answer, one after the other. */
export function statementsOf(step: Step, { body, words }: Said): readonly [name: string, said: Said][] {
  if (step.name !== WAIT) return [[step.name, { body, words }]];
  const yes = { body: { first_contact: body["review"]! }, words: {} };
  return [
    ["accept", yes],
    ["waitlist", { body, words }],
  ];
}

/** A step as it is asked here: a part of what is needed can be chosen only where more than one thing is. */
export const asked = (step: Step, needs: readonly string[]): Step =>
  needs.length > 1 ? step : { ...step, words: step.words.filter((field) => field.name !== "needs") };

/** Words without what says nothing: all that was asked for is no part of it. */
export function told(words: JsonObject, needs: readonly string[]): JsonObject {
  const { needs: chosen, ...rest } = words;
  return Array.isArray(chosen) && chosen.length < needs.length ? { ...rest, needs: chosen } : rest;
}

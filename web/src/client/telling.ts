/**
 * What a child has not been told yet: each decision on the newest leg of its case is owed to it, within a day (A9). The
 * twin of `hub/client/telling.py`.
 *
 * Decisions are what members and hubs signed; that the child was told stands in the case file, in `child_views.told`, with
 * the stage, the day, the language and how. Whoever has the child owes it: the sender until somebody has seen the child
 * arrive, then the receiver. Reckoned from both here alone; no hub knows what a child was told.
 */

import rules from "../../../hub/client/telling.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { assigned } from "./access.ts";
import { listing as allCases, update, type CaseFile } from "./cases.ts";
import { dueAfter, type Calendar } from "./days.ts";
import { pages } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { known, placed } from "./register.ts";
import { calendar } from "./timers.ts";

const SECTION = "child_views";
const LEG = "transfer_leg";
const ARRIVE = "transfer.arrive";
const DECISIONS: { readonly [statement: string]: string } = rules.decisions;
/** What a row says before it counts as told. */
export const NAMED = ["stage", "on", "language", "format"] as const;

/** A decision, in a code, that a child is to be told by `due`; `by` are the members whose leg it is. */
export interface Telling {
  readonly record: string;
  readonly leg: string;
  readonly decision: string;
  readonly since: number;
  readonly due: number;
  readonly by: readonly string[];
}

/** What the agency's children are owed, the most urgent first. */
export async function listing(member: Member, files?: readonly CaseFile[]): Promise<Telling[]> {
  const here = await calendar(member);
  const touched = new Map<string, number>();
  for (const way of ["out", "in"] as const)
    for await (const row of pages(member, LEG, way)) touched.set(String(row["id"]), Number(row["touched"]));
  const found: Telling[] = [];
  for (const held of files ?? (await allCases(member))) {
    const at = touched.get(held.legs[held.legs.length - 1] ?? "");
    if (at === undefined || toldIn(member, here, held).some(({ on }) => on > here.day(at))) continue;
    found.push(...(await ofCase(member, held)));
  }
  return found.sort((one, other) => one.due - other.due);
}

/** What the child of a case is owed by the own agency, the first first. */
export async function ofCase(member: Member, held: CaseFile): Promise<Telling[]> {
  const newest = held.legs[held.legs.length - 1];
  const shown = newest === undefined ? null : await known(member, newest); // one that is not offered yet is nowhere
  if (shown?.view.kind !== LEG) return [];
  const decided = placed(shown, ...Object.keys(DECISIONS));
  const arrived = decided.findIndex(({ statement }) => statement.type === ARRIVE);
  if (member.agency !== (arrived < 0 ? shown.from : shown.to)) return [];
  const here = await calendar(member);
  const told = toldIn(member, here, held);
  const owed = new Map<string, number>();
  for (const { statement } of decided.slice(Math.max(arrived, 0))) {
    const [decision, day] = [DECISIONS[statement.type]!, here.day(statement.at)];
    if (told.some((row) => row.on > day || (row.on === day && row.decision === decision))) continue;
    if (!owed.has(decision)) owed.set(decision, statement.at);
  }
  const by = owed.size > 0 ? [...(await assigned(member, shown))].sort() : [];
  return [...owed].map(([decision, since]) => ({
    ...{ record: held.record, leg: shown.id, decision, since, by },
    due: dueAfter(here, since, { days: rules.days }),
  }));
}

/** Write down that the child was told; as a row of the section's form. */
export const note = (member: Member, held: CaseFile, row: JsonObject): Promise<CaseFile> =>
  update(member, held, SECTION, { told: [...rowsOf(held), row] });

/** The rows of what the child was told. */
export function rowsOf(held: CaseFile): readonly Json[] {
  const views = held.sections[SECTION];
  return isObject(views) && Array.isArray(views["told"]) ? views["told"] : [];
}

/** The rows that say all there is to say and are not of a day to come. */
function toldIn(member: Member, here: Calendar, held: CaseFile): { on: string; decision: Json | undefined }[] {
  const whole = rowsOf(held)
    .filter(isObject)
    .filter((row) => NAMED.every((name) => typeof row[name] === "string"));
  const today = here.day(member.now());
  return whole.map((row) => ({ on: String(row["on"]), decision: row["decision"] })).filter(({ on }) => on <= today);
}

/**
 * The gates of a transfer at the desk: who lifts one and for which leg, what a hub is told, what the other side opens. The
 * twin of `hub/client/gates.py`.
 *
 * `web/rules/gates.js` decides, over the same file as Python; it is loaded when it is first asked. Here is what leaves the
 * desk: findings sealed for the other side, with the approvals, and committed to for the hubs. An approval counts for those
 * who signed exactly its words, with a certified role that they still have when it is used.
 */

import type { Facts, Gates, Outcome, Task } from "../../rules/gates.js";
import { systemRandom } from "../rcp/age.ts";
import { readEnvelope } from "../rcp/dsse.ts";
import { b64u, fromB64u, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import type { Actor } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import * as approvals from "./approvals.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { gateCommitment } from "./seal.ts";
import { fail, HubError } from "./session.ts";
import { calendar, setTimer } from "./timers.ts";

const KIND = "approval";
/** The section of a packet in which findings, their key and the approvals go to the other side. */
export const SECTION = "gates";
/** Letters, not halves of them: as Python counts. */
const lengthOf = (text: string): number => [...text.trim()].length;
/** The gates of a transfer's verdict, in their order, whatever applied (docs/protocol.md §7.12). */
export const GATES = Array.from({ length: 18 }, (_, i) => `R${21 + i}`);
/** The gates of which there are approvals: `lifters` of the policy, which is not loaded to read a packet. */
export const LIFTED_BY = ["R24", "R27", "R28", "R30", "R33", "R34", "R35", "R37"];
export const STEPS = "offer accept depart arrive release take placement reunification monitoring close".split(" ");
const FOUND = ["clear", "blocked", "overridden", "not_applicable"];
const MODES = ["forced", "spontaneous", "bid_in_origin"];
const SAID = ["gate", "begins", "ends", "reason", "mode", "bia_due", "bid_due", "plan", "people"];
const FORM = { type: "application/vnd.rcp.gate-approval+json;v=1", said: SAID };
const SHORTEST_REASON = 20;
const NOTHING = { mode: null, bia_due: null, bid_due: null, plan: "", people: [] };
const PEOPLE = { panel: "panel", witness: "witnesses", clinician: "clinicians" };

const ROW = {
  gate: a.oneOf(...LIFTED_BY),
  leg: a.identifier,
  begins: a.date,
  ends: a.date,
  reason: a.string,
  mode: a.oneOf(null, ...MODES),
  bia_due: a.nullOr(a.date),
  bid_due: a.nullOr(a.date),
  plan: a.string,
  people: a.listOf(a.objectOf({ role: a.oneOf(...Object.keys(PEOPLE)), name: a.text }), 20),
};
const ASKED = a.objectOf(ROW);
const SIGNED = a.objectOf({ ...ROW, proof: a.listOf(a.atLeast({}), 8) });
const KEPT = a.objectOf({ case: a.identifier, row: SIGNED });
const DOCUMENT = { v: a.integer(1, 1), step: a.oneOf(...STEPS), key: a.hash, approvals: a.listOf(SIGNED, 64) };
const FINDING = a.objectOf({ gate: a.oneOf(...GATES), found: a.oneOf(...FOUND) });
const SHOWN = a.atLeast({ ...DOCUMENT, findings: a.listOf(a.atLeast({}), 128) });
const WHOLE = a.objectOf({ ...DOCUMENT, findings: a.listOf(FINDING, 128) });
const EVERY = a.listOf(FINDING, GATES.length, GATES.length);

/** What an approval says; `people` are who else was there. */
export interface Approval {
  readonly gate: string;
  readonly leg: string;
  readonly begins: string;
  readonly ends: string;
  readonly reason: string;
  readonly mode: string | null;
  readonly bia_due: string | null;
  readonly bid_due: string | null;
  readonly plan: string;
  readonly people: readonly { readonly role: string; readonly name: string }[];
}

export type Row = Approval & { readonly proof: readonly Json[] };

/** An approval as the agency keeps it: its record, the case file's, and the row with its signatures. */
export interface Kept {
  readonly record: string;
  readonly case: string;
  readonly row: Row;
}

/** What is known of the leg besides the sections, by the names that the gates ask for. Null is unknown, and not clear. */
export interface Journey {
  readonly leg: string;
  readonly purpose: string;
  readonly [fact: string]: Json;
}

/** What every gate found at a step, in the policy's order, and what is due because of it. */
export interface Result {
  readonly step: string;
  readonly outcomes: readonly Outcome[];
  readonly tasks: readonly Task[];
  /** Whether the step may be taken. Arrival and monitoring always may: there the gates only tell. */
  readonly permitted: boolean;
}

/** A result as it leaves the desk: `document` for the other side, sealed; `gates` for the verdict. */
export interface Judged {
  readonly policy: string;
  readonly document: JsonObject;
  readonly gates: readonly { id: string; commit: string }[];
}

let loading: Promise<Gates> | null = null;

/** The gates in force, loaded once. */
export function policy(): Promise<Gates> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<Gates> {
  const file = import("../../../hub/casefile/gates/gates.json", { with: { type: "json" } });
  const { gatesOf } = await import("../../rules/gates.js");
  return gatesOf((await file).default);
}

// Approvals

/** Whose approvals lift which gates: R24 is that of an exception, which lifts R21 and R22 as well. */
export async function lifters(): Promise<string[]> {
  const { gates } = await policy();
  return [...new Set(gates.filter(({ override }) => override !== null).map(({ liftedBy }) => liftedBy))];
}

/** Approve that a gate is lifted for a leg, or sign what a colleague approved in the same words; return it. */
export async function approve(
  member: Member,
  record: string,
  said: Partial<Approval> & Pick<Approval, "gate" | "leg" | "begins" | "ends" | "reason">,
): Promise<Kept> {
  const row: Approval = { ...NOTHING, ...said };
  await check(row);
  const known = (await listing(member, record)).find((one) => same(one.row, row));
  const signed = known ? await signersOf(member, known.row, member.agency, member.now()) : [];
  if (signed.some(([who]) => who === member.id)) fail("conflict");
  const supervises = (await member.roles()).includes("supervisor"); // who may more, signs as such
  const { role } = await member.me([supervises ? "supervisor" : "caseworker"]);
  const proof = await approvals.signed(member, row.leg, row as unknown as JsonObject, role, FORM);
  const whole: Row = { ...row, proof: [...(known?.row.proof ?? []), proof] };
  const value = { case: record, row: whole as unknown as JsonObject };
  return {
    record: await records.put(member, KIND, value, known ? { handoff: known.record } : {}),
    case: record,
    row: whole,
  };
}

/** The approvals that the agency keeps, of one case file or one leg where that is said. */
export async function listing(member: Member, record?: string | null, leg?: string): Promise<Kept[]> {
  const rows = await records.ofForm(member, KIND, KEPT);
  const found = rows.map(({ handoff, value }) => ({ ...value, record: handoff }) as unknown as Kept);
  return found.filter((one) => (!record || one.case === record) && (!leg || one.row.leg === leg));
}

/** The facts of approvals, for those members of `agency` who signed them and still might at a time. */
export async function proven(member: Member, rows: readonly Row[], agency: string, at: number): Promise<Facts[]> {
  const found: Facts[] = [];
  for (const row of rows) {
    const by = await signersOf(member, row, agency, at);
    if (by.length) found.push(factsOf(row, by));
  }
  return found;
}

/** Who signed a proof as it says itself; whether it counts is for `proven`. */
export const signerOf = (proof: Json): string => String(readEnvelope(proof, FORM.type).value["member"]);

async function check(row: Approval): Promise<void> {
  if (!(await lifters()).includes(row.gate)) fail("invalid_request");
  if (!a.isOf(ASKED, row) || lengthOf(row.reason) < SHORTEST_REASON || row.ends < row.begins) fail("invalid_request");
}

const words = (row: Approval): string => JSON.stringify(["leg", ...SAID].map((name) => row[name as keyof Approval]));
const same = (one: Approval, other: Approval): boolean => words(one) === words(other);

const signersOf = (member: Member, row: Row, agency: string, at: number): Promise<[string, string][]> =>
  approvals.signers(member, row as unknown as JsonObject, { record: row.leg, at, agency }, FORM);

function factsOf(row: Row, by: readonly [string, string][]): Facts {
  const { gate, leg, begins, ends, mode, bia_due, bid_due } = row;
  const named = (role: string) => new Set(row.people.filter((one) => one.role === role).map(({ name }) => name)).size;
  return {
    ...{ gate, leg, begins, ends, mode, bia_due, bid_due },
    reasoned: lengthOf(row.reason) >= SHORTEST_REASON,
    members: new Set(by.map(([who]) => who)).size,
    roles: [...new Set(by.map(([, role]) => role))].sort(),
    planned: lengthOf(row.plan) >= SHORTEST_REASON,
    ...Object.fromEntries(Object.entries(PEOPLE).map(([role, fact]) => [fact, named(role)])),
  };
}

// Asking

/** What the gates find before a step; `lifted` are the facts of approvals that `proven` gave. */
export async function evaluate(
  step: string,
  sections: JsonObject,
  journey: Journey,
  lifted: readonly Facts[],
  now: number,
): Promise<Result> {
  const { judge } = await import("../../rules/gates.js");
  const gates = await policy();
  const facts = { step, case: sections, journey, approvals: [...lifted], now: { day: dayOf(now) } };
  return resultOf(gates, step, judge(gates, facts as unknown as Facts));
}

/** What was found at a step, with whether it may be taken. */
export const resultOf = (gates: Gates, step: string, found: Pick<Result, "outcomes" | "tasks">): Result => {
  const blocked = found.outcomes.some((row) => row.found === "blocked");
  return { ...found, step, permitted: !blocked || gates.tables["steps"].advisory.includes(step) };
};

/** The day of a time, in UTC. */
export const dayOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 10);

// What leaves, and what came

/** A result as it leaves: committed to under a key of its own, which only the other side is given. */
export async function judged(result: Result, rows: readonly Row[] = []): Promise<Judged> {
  if (!result.permitted) throw closed(result);
  const key = systemRandom(32);
  const findings = result.outcomes.map(({ gate, found }) => ({ gate, found: String(found) }));
  return {
    policy: (await policy()).version,
    document: { v: 1, step: result.step, key: b64u(key), findings, approvals: rows as unknown as Json[] },
    gates: findings.map((value) => ({ id: value.gate, commit: gateCommitment(value, key, value.gate) })),
  };
}

/** The error that says which gates block. */
function closed({ outcomes }: Result): HubError {
  const gates = outcomes.filter(({ found }) => found === "blocked").map(({ gate }) => gate);
  return new HubError("gate_closed", "", null, { gates });
}

/** The verdict of a statement that these members sign; `before`: gates of its basis. */
export function verdict(
  { policy, gates }: Judged,
  by: readonly Actor[],
  before: readonly { id: string; commit: string }[] = [],
): JsonObject {
  const roles = [...new Set(by.map(({ role }) => role))].sort();
  const signers = roles.map((role) => ({ role, n: by.filter((one) => one.role === role).length }));
  return { policy, gates: [...before, ...gates] as unknown as Json[], signers };
}

/** The findings that the other side sealed, if they are those that its statement's verdict commits to. */
export function opened(document: Json, body: JsonObject): { gate: string; found: string }[] {
  SHOWN(document);
  const { key, findings } = document as unknown as { key: string; findings: { gate: string; found: string }[] };
  const verdict = body["verdict"] as { gates: { id: string; commit: string }[] } | undefined;
  need(verdict !== undefined, "malformed");
  const said = new Map(findings.map((row) => [row.gate, gateCommitment(row, fromB64u(key, 32), String(row.gate))]));
  const committed = new Map(verdict.gates.map(({ id, commit }) => [id, commit]));
  const fits =
    said.size === GATES.length && GATES.every((gate) => said.has(gate) && said.get(gate) === committed.get(gate));
  need(fits, "bad_signature");
  return findings;
}

/** Check that a section `gates` is what `judged` made for a statement of this body, and says nothing else. */
export function checkDocument(document: Json, body: JsonObject): void {
  WHOLE(document);
  opened(document, body);
}

/** One gate at both ends; `stops`: the receiver may not go on because of it, also where the sender says that it blocks. */
export interface Compared {
  readonly agreed: "same" | "on_word" | "differs";
  readonly theirs: string;
  readonly ours: Outcome;
  readonly stops: boolean;
}

/** How the findings that a sender sealed stand to the own evaluation of that step, or of the answer to it. */
export function recheck(told: readonly { gate: string; found: string }[], ours: Result): Compared[] {
  EVERY(told);
  need(
    told.every(({ gate }, i) => gate === GATES[i]),
    "malformed",
  );
  return told.map(({ found }, i) => compare(found, ours.outcomes[i]!));
}

function compare(theirs: string, ours: Outcome): Compared {
  const onWord = theirs !== "blocked" && ours.found === "blocked" && ours.unseen;
  const agreed = theirs === ours.found ? "same" : onWord ? "on_word" : "differs";
  return { agreed, theirs, ours, stops: theirs === "blocked" || (ours.found === "blocked" && agreed !== "on_word") };
}

// Afterwards

/** Set a timer for each task that a result leaves, so that no exception is forgotten; return their handoffs. */
export async function followUp(member: Member, record: string, { tasks }: Result): Promise<string[]> {
  if (tasks.length === 0) return [];
  const ours = await calendar(member);
  const labels = (await import("../../../hub/casefile/gates/words/en.json", { with: { type: "json" } })).default.tasks;
  const made: string[] = [];
  for (const { gate, task, due } of tasks) {
    const about = {
      label: (labels as { [task: string]: string })[task] ?? task,
      case: record,
      rule: gate.toLowerCase(),
      facts: { task },
    };
    made.push(await setTimer(member, about, ours.endOf(due)));
  }
  return made;
}

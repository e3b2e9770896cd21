// @ts-check
/**
 * May this step of a transfer be taken? The twin of `hub/casefile/gates/ask.py`: the same file of gates, the same
 * facts, the same findings and tasks.
 *
 * It makes no facts: who calls it has verified the approvals among them.
 *
 * @module
 */
import { compiled, dayNumber, isObject, scopeOf } from "./evaluate.js";

/** @typedef {import("./evaluate.js").Json} Json */
/** @typedef {import("./evaluate.js").Ask} Ask */
/** @typedef {import("./evaluate.js").Scope} Scope */
/** @typedef {{[name: string]: Json}} Facts */
/** @typedef {"clear" | "blocked" | "overridden" | "not_applicable"} Found */
/** @typedef {{id: string, firm: boolean, reads: string[], when: Ask, must: Ask}} Check */
/** @typedef {{id: string, at: string[], when: Ask, checks: Check[], liftedBy: string, override: Ask | null,
 *   dues: {task: string, day: Ask}[], tells: [string, Ask][]}} Gate */
/** @typedef {{version: string, tables: {[name: string]: any}, steps: string[], gates: Gate[]}} Gates */
/** @typedef {{gate: string, found: Found, failed: string[], unseen: boolean, told: {[name: string]: string}}} Outcome */
/** @typedef {{gate: string, task: string, due: string}} Task */

const SECTION = /^\$case\.([a-z_]+)/;
const AGENCY = /^urn:rcp:agency:([a-z0-9-]{1,63}@[a-z0-9.:-]{1,260})$/;
const COUNTRY = /^[A-Z]{2}$/;

/**
 * Return the gates that `hub/casefile/gates/gates.json` holds.
 * @param {any} file
 * @returns {Gates}
 * @throws {import("./evaluate.js").RuleError} an expression is none
 */
export function gatesOf(file) {
  const named = file.named;
  /** @param {any} row @returns {Check} */
  const check = (row) => ({
    id: row.id,
    firm: row.firm ?? false,
    reads: [...new Set(sectionsRead(row.must, named))],
    when: compiled(row.when ?? true, named),
    must: compiled(row.must, named),
  });
  /** @param {any} row @returns {Gate} */
  const gate = (row) => ({
    id: row.id,
    at: row.at,
    when: compiled(row.when ?? true, named),
    checks: row.checks.map(check),
    liftedBy: row.lifted_by ?? row.id,
    override: row.override === undefined ? null : compiled(row.override, named),
    dues: (row.dues ?? []).map((/** @type {any} */ due) => ({ task: due.task, day: compiled(due.day, named) })),
    tells: Object.entries(row.tells ?? {}).map(([name, asked]) => [name, compiled(/** @type {Json} */ (asked), named)]),
  });
  return { version: file.policy, tables: file.tables, steps: file.tables.steps.all, gates: file.gates.map(gate) };
}

/**
 * Return what the gates find of the facts that `ask.facts` makes, and what is due because of it.
 * @param {Gates} policy
 * @param {Facts} facts
 * @returns {{outcomes: Outcome[], tasks: Task[]}}
 */
export function judge(policy, facts) {
  const known = policy.tables.purposes.all.includes(own(facts.journey, "purpose"));
  if (!known || !policy.steps.includes(/** @type {string} */ (facts.step))) {
    /** @type {Outcome[]} */
    const outcomes = policy.gates.map(({ id }) => ({ gate: id, found: "blocked", failed: [], unseen: false, told: {} }));
    return { outcomes, tasks: [] };
  }
  const scope = scopeOf({ ...facts, policy: policy.tables });
  const judged = policy.gates.map((gate) => one(gate, facts, scope));
  return { outcomes: judged.map(([outcome]) => outcome), tasks: judged.flatMap(([, tasks]) => tasks) };
}

/** @param {Gate} gate @param {Facts} facts @param {Scope} scope @returns {[Outcome, Task[]]} */
function one(gate, facts, scope) {
  /** @type {Outcome} */
  const outcome = { gate: gate.id, found: "not_applicable", failed: [], unseen: false, told: {} };
  if (!gate.at.includes(/** @type {string} */ (facts.step)) || gate.when(scope) === false) return [outcome, []];
  const failed = gate.checks.filter((check) => check.when(scope) !== false && check.must(scope) !== true);
  if (failed.length === 0) return [{ ...outcome, found: "clear" }, tasks(gate, scope, lifting(gate, facts, scope, true))];
  const row = failed.some((check) => check.firm) ? null : lifting(gate, facts, scope);
  const unseen = failed.every((check) => check.reads.some((name) => own(facts.case, name) === null));
  const told = Object.fromEntries(
    gate.tells.flatMap(([name, ask]) => {
      const text = asTold(name, ask(scope));
      return text === null ? [] : [[name, text]];
    }),
  );
  const found = row === null ? "blocked" : "overridden";
  const done = row === null ? [] : tasks(gate, scope, row);
  return [{ ...outcome, found, failed: failed.map(({ id }) => id), unseen, told }, done];
}

/** @param {Gate} gate @param {Scope} scope @param {Json} row @returns {Task[]} */
function tasks(gate, scope, row) {
  return gate.dues.flatMap(({ task, day }) => {
    const due = day(withApproval(scope, row));
    return dayNumber(due) === null ? [] : [{ gate: gate.id, task, due: /** @type {string} */ (due) }];
  });
}

/** Return the first approval that lifts a gate: for this leg, today or whenever, with a reason, by who may. @param {Gate} gate @param {Facts} facts @param {Scope} scope @param {boolean} [ended] @returns {Json} */
function lifting(gate, facts, scope, ended = false) {
  if (gate.override === null) return null;
  const today = own(facts.now, "day");
  for (const row of /** @type {Json[]} */ (facts.approvals)) {
    const [named, leg, begins, ends] = ["gate", "leg", "begins", "ends"].map((name) => own(row, name));
    if (named !== gate.liftedBy || leg !== own(facts.journey, "leg") || own(row, "reasoned") !== true) continue;
    if (dayNumber(begins) === null || dayNumber(ends) === null || (!ended && (begins > today || today > ends))) continue;
    if (gate.override(withApproval(scope, row)) === true) return row;
  }
  return null;
}

/** Return a fact as a message may repeat it: a day, a country, an agency's address. @param {string} name @param {Json} value @returns {string | null} */
function asTold(name, value) {
  if (typeof value !== "string") return null;
  if (name === "date") return dayNumber(value) === null ? null : value;
  if (name === "country") return COUNTRY.test(value) ? value : null;
  return AGENCY.exec(value)?.[1] ?? null;
}

/** @param {Scope} scope @param {Json} row @returns {Scope} */
function withApproval(scope, row) {
  return { names: new Map(scope.names).set("approval", row), watch: scope.watch };
}

/** @param {any} expression @param {any} named @returns {string[]} */
function sectionsRead(expression, named) {
  if (typeof expression === "string") return SECTION.exec(expression)?.slice(1, 2) ?? [];
  if (Array.isArray(expression)) return expression.flatMap((item) => sectionsRead(item, named));
  if (!isObject(expression)) return [];
  return Object.entries(expression).flatMap(([name, rest]) => sectionsRead(name === "use" ? named[/** @type {string} */ (rest)] : rest, named));
}

/** @param {Json | undefined} value @param {string} name @returns {any} */
function own(value, name) {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : null;
}

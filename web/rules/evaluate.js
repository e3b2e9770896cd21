// @ts-check
/**
 * The expressions of policy files: compiled once, then asked about facts. The twin of `consent/evaluate.py`, whose
 * opening says what the form is; `tests/vectors/rules` holds both together, and a random test compares them.
 *
 * What JavaScript would do of its own accord and this does not: reach a member that an object inherits, take 0, "" or
 * [] for no, turn one type into another, compare texts by their order. A member that is not there and `null` are one: unknown.
 *
 * @module
 */

/** @typedef {null | boolean | number | string | Json[] | {[name: string]: Json}} Json */
/** @typedef {{names: Map<string, Json>, watch: [string, string][] | null}} Scope the facts by name; every two days that are compared are added to `watch` */
/** @typedef {(scope: Scope) => Json} Ask */

export const MAX_DEPTH = 32;
const PATH = /^\$[a-z_]+(?:\.[a-z_]+)*$/;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const DAY_MS = 86_400_000;

/** A policy file has an expression that is none. */
export class RuleError extends Error {}

/**
 * Return facts as a scope to ask expressions about.
 * @param {{[name: string]: Json}} facts
 * @param {[string, string][] | null} [watch] collects the days that are compared
 * @returns {Scope}
 */
export function scopeOf(facts, watch = null) {
  return { names: new Map(Object.entries(facts)), watch };
}

/**
 * Return the expression as a function of the facts, which never throws; `named` is what `use` refers to.
 * @param {Json} expression
 * @param {{[name: string]: Json}} [named]
 * @param {number} [depth]
 * @returns {Ask}
 * @throws {RuleError} an unknown operation, a wrong number of arguments, a wrong path, or nested too deeply
 */
export function compiled(expression, named = {}, depth = 0) {
  if (depth > MAX_DEPTH) throw new RuleError("An expression is nested too deeply.");
  if (typeof expression === "string" && expression.startsWith("$")) return path(expression);
  if (Array.isArray(expression)) {
    const items = expression.map((item) => compiled(item, named, depth + 1));
    return (scope) => items.map((item) => item(scope));
  }
  return isObject(expression) ? operation(expression, named, depth) : () => expression;
}

/** @param {string} text @returns {Ask} */
function path(text) {
  if (!PATH.test(text)) throw new RuleError("A path names members with small letters.");
  const [first, ...rest] = text.slice(1).split(".");
  /** @type {Ask} */
  const found = (scope) => scope.names.get(first) ?? null;
  return rest.reduce((/** @type {Ask} */ ask, name) => (scope) => member(ask(scope), name), found);
}

/** @param {{[name: string]: Json}} expression @param {{[name: string]: Json}} named @param {number} depth @returns {Ask} */
function operation(expression, named, depth) {
  const names = Object.keys(expression);
  if (names.length !== 1) throw new RuleError("An operation has one name.");
  const [name] = names;
  const given = expression[name];
  if (name === "use") {
    if (typeof given !== "string" || !Object.hasOwn(named, given)) throw new RuleError("There is nothing of this name to use.");
    return compiled(named[given], named, depth + 1);
  }
  if (!Array.isArray(given)) throw new RuleError("The arguments of an operation are a list.");
  const stop = LOOPS.get(name);
  if (stop !== undefined) {
    const [rows, each, condition] = given;
    if (given.length !== 3 || typeof each !== "string") throw new RuleError("A loop has a list, a name and a condition.");
    return loop(compiled(rows, named, depth + 1), each, compiled(condition, named, depth + 1), stop);
  }
  const asked = given.map((item) => compiled(item, named, depth + 1));
  const end = JOINS.get(name);
  if (end !== undefined) return join(asked, end);
  const [count, answer] = OPS.get(name) ?? [-1];
  if (answer === undefined || asked.length !== count) {
    throw new RuleError("An operation is unknown, or has the wrong number of arguments.");
  }
  const [one, other] = asked;
  return count === 1 ? (scope) => answer(scope, one(scope)) : (scope) => answer(scope, one(scope), other(scope));
}

/** @param {Ask[]} asked @param {boolean} stop @returns {Ask} */
function join(asked, stop) {
  return (scope) => {
    /** @type {Json} */
    let answer = !stop;
    for (const ask of asked) {
      const found = ask(scope);
      if (found === stop) return stop;
      if (found !== !stop) answer = null;
    }
    return answer;
  };
}

/** @param {Ask} rows @param {string} name @param {Ask} condition @param {boolean} stop @returns {Ask} */
function loop(rows, name, condition, stop) {
  return (scope) => {
    const found = rows(scope);
    if (!Array.isArray(found)) return null;
    /** @type {Json} */
    let answer = !stop;
    const inner = { names: new Map(scope.names), watch: scope.watch };
    for (const row of found) {
      inner.names.set(name, row);
      const said = condition(inner);
      if (said === stop) return stop;
      if (said !== !stop) answer = null;
    }
    return answer;
  };
}

// What operations do with values that may be of any type

/** @param {unknown} value @returns {value is {[name: string]: Json}} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {Json} value @param {string} name @returns {Json} */
function member(value, name) {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : null;
}

/** Whether a value can be compared. @param {Json} value */
function scalar(value) {
  return typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value);
}

/**
 * Return the number of a day of the calendar, or null.
 * @param {Json} value
 */
export function dayNumber(value) {
  if (typeof value !== "string" || !DAY.test(value) || value < "0001") return null;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && dayText(time / DAY_MS) === value ? time / DAY_MS : null;
}

/** Return the day of a number. @param {number} number */
export function dayText(number) {
  return new Date(number * DAY_MS).toISOString().slice(0, 10);
}

const [FIRST, LAST] = /** @type {[number, number]} */ ([dayNumber("0001-01-01"), dayNumber("9999-12-31")]);

/** @param {Json} one @param {Json} other */
function eq(one, other) {
  return scalar(one) && scalar(other) && typeof one === typeof other ? one === other : null;
}

/** @param {Json} some @param {Json} many */
function subset(some, many) {
  if (!Array.isArray(some) || !Array.isArray(many) || !some.every(scalar)) return null;
  return some.every((one) => many.includes(one));
}

/** @param {Json} some @param {Json} many */
function common(some, many) {
  if (!Array.isArray(some) || !Array.isArray(many)) return null;
  return some.filter((one) => scalar(one) && many.includes(one));
}

/** @param {Scope} scope @param {Json} one @param {Json} other @param {boolean} same */
function compare(scope, one, other, same) {
  if (Number.isSafeInteger(one) && Number.isSafeInteger(other)) {
    const [low, high] = /** @type {number[]} */ ([one, other]);
    return low < high || (same && low === high);
  }
  const [first, second] = [dayNumber(one), dayNumber(other)];
  if (first === null || second === null) return null;
  scope.watch?.push(/** @type {[string, string]} */ ([one, other]));
  return first < second || (same && first === second);
}

/** @param {Json} start @param {Json} many */
function days(start, many) {
  const first = dayNumber(start);
  if (first === null || !Number.isSafeInteger(many)) return null;
  const found = first + /** @type {number} */ (many);
  return found >= FIRST && found <= LAST ? dayText(found) : null;
}

/** @type {Map<string, boolean>} */
const JOINS = new Map([["all", false], ["any", true]]);
/** @type {Map<string, boolean>} */
const LOOPS = new Map([["every", false], ["some", true]]);
/** @type {Map<string, [number, (scope: Scope, ...values: any[]) => Json]>} */
const OPS = new Map([
  ["not", [1, (_scope, value) => (typeof value === "boolean" ? !value : null)]],
  ["eq", [2, (_scope, one, other) => eq(one, other)]],
  ["in", [2, (_scope, one, many) => (scalar(one) && Array.isArray(many) ? many.includes(one) : null)]],
  ["subset", [2, (_scope, some, many) => subset(some, many)]],
  ["common", [2, (_scope, some, many) => common(some, many)]],
  ["size", [1, (_scope, many) => (Array.isArray(many) ? many.length : null)]],
  ["le", [2, (scope, one, other) => compare(scope, one, other, true)]],
  ["lt", [2, (scope, one, other) => compare(scope, one, other, false)]],
  ["days", [2, (_scope, start, many) => days(start, many)]],
  ["at", [2, (_scope, table, name) => (typeof name === "string" ? member(table, name) : null)]],
  ["known", [1, (_scope, value) => value !== null]],
  ["first", [2, (_scope, one, other) => one ?? other]],
]);

// @ts-check
/**
 * May this be sent? The twin of `consent/decide.py`: the same policy files, the same facts, the same findings and day.
 *
 * `decide` asks the rules of a policy about the facts; it is pure, never throws, and what is missing, unknown or of a
 * strange form blocks. It makes no facts: who calls it has checked the basis or the excerpt that they come from.
 *
 * @module
 */
import { compiled, dayNumber, dayText, isObject, scopeOf } from "./evaluate.js";

/** @typedef {import("./evaluate.js").Json} Json */
/** @typedef {import("./evaluate.js").Ask} Ask */
/** @typedef {import("./evaluate.js").Scope} Scope */
/** @typedef {{[name: string]: Json}} Facts */
/** @typedef {"met" | "blocked" | "overridden" | "not_applicable"} Found */
/** @typedef {{rule: string, found: Found, section: string}} Finding */
/** @typedef {{rule: string, ask: string, section: string, facts: {[name: string]: string}}} Reason */
/** @typedef {{id: string, never: boolean, act: string, at: string[], each: boolean, ask: string, oblige: string | null,
 *   when: Ask, must: Ask, override: Ask | null}} Rule */
/** @typedef {{version: string, tables: {[name: string]: any}, rules: Rule[], gates: string[]}} Policy */
/** @typedef {{permit: true, until: string, obligations: string[], findings: Finding[]}} Permit */
/** @typedef {{permit: false, reasons: Reason[], findings: Finding[]}} Deny */

const FIRST = 1_577_836_800;
const LAST = 4_102_444_800;
const SKEW = 600;
const MOST_STEPS = 64;
const DAY_SECONDS = 86_400;
const LAST_DAY = "9999-12-31";
/** @type {Found[]} */
const WORST_FIRST = ["blocked", "overridden", "met", "not_applicable"];
const AGENCY = /^urn:rcp:agency:[a-z0-9-]{1,63}@[a-z0-9.:-]{1,260}$/;
/** @type {Facts} */
const EMPTY = { grants: [], denials: [], overrides: [], protocols: [] };

/**
 * Return the policy that two files of `consent/policies/<version>` hold.
 * @param {any} tables
 * @param {any} rules
 * @returns {Policy}
 * @throws {import("./evaluate.js").RuleError} an expression is none
 */
export function policyOf(tables, rules) {
  /** @param {any} row @returns {Rule} */
  const rule = (row) => ({
    id: row.id,
    never: row.never ?? false,
    act: row.act ?? "send",
    at: row.at,
    each: Object.hasOwn(row, "each"),
    ask: row.ask,
    oblige: row.oblige ?? null,
    when: compiled(row.when ?? true, rules.named),
    must: compiled(row.must, rules.named),
    override: row.override === undefined ? null : compiled(row.override, rules.named),
  });
  const all = rules.rules.map(rule);
  const gates = all.filter((/** @type {Rule} */ each) => each.act === "send").map((/** @type {Rule} */ each) => each.id);
  return { version: rules.policy, tables, rules: all, gates };
}

/**
 * Return whether what the facts ask for may be sent at `now` (Unix seconds).
 * @param {Policy} policy
 * @param {Facts} facts what `consent.decide.facts` makes, without the policy
 * @param {number} now
 * @param {"sender" | "receiver"} end
 * @returns {Permit | Deny}
 */
export function decide(policy, facts, now, end) {
  try {
    return decided(policy, { ...EMPTY, ...facts, policy: policy.tables }, now, end);
  } catch {
    return { permit: false, reasons: [reason(policy, "R01", {})], findings: [] };
  }
}

/**
 * Return whether something else than sending may be done: `record` a consent, `copy` for a reader.
 * @param {Policy} policy
 * @param {string} act
 * @param {Facts} facts
 * @param {number} now
 * @returns {Permit | Deny}
 */
export function allowed(policy, act, facts, now) {
  if (!isTime(now)) return { permit: false, reasons: [reason(policy, "R04", {})], findings: [] };
  const rules = policy.rules.filter((rule) => rule.act === act);
  const scope = scopeOf({ ...EMPTY, policy: policy.tables, ...facts, now: moment(now) });
  const findings = ask(rules, scope);
  const blocked = findings.filter((row) => row.found === "blocked");
  if (blocked.length > 0 || rules.length === 0) {
    return { permit: false, reasons: blocked.map((row) => reason(policy, row.rule, {})), findings };
  }
  return { permit: true, until: today(now), obligations: obliged(rules, findings), findings };
}

/**
 * Return what every gate of the policy found, in its order and of one shape, whatever was found.
 * @param {Policy} policy
 * @param {Permit | Deny} answer
 * @returns {{gate: string, found: Found}[]}
 */
export function gates(policy, answer) {
  return policy.gates.map((gate) => ({ gate, found: foundBy(gate, answer.findings) }));
}

/** @param {Policy} policy @param {Facts} facts @param {number} now @param {string} end @returns {Permit | Deny} */
function decided(policy, facts, now, end) {
  const known = isTime(now);
  const scope = scopeOf({ ...facts, now: known ? moment(now) : {} });
  const never = ask(policy.rules.filter((rule) => rule.never), scope);
  const why = (/** @type {Finding} */ row) => reasonOf(policy, row, facts);
  const barred = never.filter((row) => row.found === "blocked");
  if (barred.length > 0) return { permit: false, reasons: barred.map(why), findings: never };
  const sections = own(facts.request, "sections");
  if (!Array.isArray(sections)) throw new TypeError("The sections are a list.");
  if (sections.length === 0 || !known) {
    return { permit: false, reasons: [reason(policy, known ? "R01" : "R04", {})], findings: never };
  }
  const rules = policy.rules.filter((rule) => rule.act === "send" && rule.at.includes(end) && !rule.never);
  const asked = watched(scope);
  const found = ask(rules, asked);
  const findings = [...never, ...found];
  const blocked = found.filter((row) => row.found === "blocked");
  if (blocked.length > 0) return { permit: false, reasons: blocked.map(why), findings };
  return { permit: true, until: until(rules, asked, now), obligations: obliged(rules, found), findings };
}

// Rules

/** @param {Rule[]} rules @param {Scope} scope @returns {Finding[]} */
function ask(rules, scope) {
  return rules.flatMap((rule) => {
    if (!rule.each) return [{ rule: rule.id, found: one(rule, scope), section: "" }];
    const sections = /** @type {any} */ (scope.names.get("request")).sections;
    return sections.map((/** @type {string} */ section) => {
      return { rule: rule.id, found: one(rule, withName(scope, "section", section)), section };
    });
  });
}

/** @param {Rule} rule @param {Scope} scope @returns {Found} */
function one(rule, scope) {
  if (rule.when(scope) === false) return "not_applicable";
  if (rule.oblige !== null && lifted(rule, scope)) return "overridden";
  if (rule.must(scope) === true) return "met";
  return lifted(rule, scope) ? "overridden" : "blocked";
}

/** Whether a recorded override lifts the rule here. @param {Rule} rule @param {Scope} scope */
function lifted(rule, scope) {
  const rows = scope.names.get("overrides");
  if (rule.override === null || !Array.isArray(rows)) return false;
  const now = own(scope.names.get("now"), "day");
  const agency = own(scope.names.get("recipient"), "agency");
  const sections = rule.each ? [scope.names.get("section")] : own(scope.names.get("request"), "sections");
  for (const row of rows) {
    if (own(row, "rule") !== rule.id) continue;
    const [from, to, recipient, categories] = ["from", "until", "recipient", "categories"].map((name) => own(row, name));
    if (dayNumber(from) === null || dayNumber(to) === null || now === null) continue;
    scope.watch?.push([from, now], [now, to]);
    const fits = recipient === null || recipient === agency;
    if (!fits || !covers(categories, sections) || from > now || now > to) continue;
    if (rule.override(withName(scope, "override", row)) === true) return true;
  }
  return false;
}

/** Whether an override is for all sections, or for each that is asked about. @param {Json} categories @param {Json} sections */
function covers(categories, sections) {
  if (categories === null || !Array.isArray(sections) || sections.length === 0) return categories === null;
  return Array.isArray(categories) && sections.every((section) => categories.includes(section));
}

/** @param {Rule[]} rules @param {Finding[]} found @returns {string[]} */
function obliged(rules, found) {
  return rules.flatMap((rule) => (rule.oblige !== null && foundBy(rule.id, found) === "met" ? [rule.oblige] : []));
}

/** @param {string} rule @param {Finding[]} found @returns {Found} */
function foundBy(rule, found) {
  const said = found.filter((row) => row.rule === rule).map((row) => row.found);
  return WORST_FIRST.find((word) => said.includes(word)) ?? "not_applicable";
}

// Days

/** @param {number} now */
function isTime(now) {
  return Number.isInteger(now) && now >= FIRST && now <= LAST;
}

/** @param {number} now @param {string} [on] a later day @returns {Facts} */
function moment(now, on) {
  const day = today(now);
  if (on === undefined || on <= day) return { day, seconds: now, latest: now + SKEW };
  const seconds = /** @type {number} */ (dayNumber(on)) * DAY_SECONDS;
  return { day: on, seconds, latest: seconds + SKEW };
}

/** @param {number} now */
function today(now) {
  return dayText(Math.floor(now / DAY_SECONDS));
}

/** Return the last day of the unbroken run of days on which the rules permit. @param {Rule[]} rules @param {Scope} asked @param {number} now */
function until(rules, asked, now) {
  let last = today(now);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const next = turn(asked.watch ?? [], last);
    if (next === null) break;
    asked = watched(withName(asked, "now", moment(now, next)));
    if (ask(rules, asked).some((row) => row.found === "blocked")) return later(next, -1);
    last = next;
  }
  return last;
}

/** Return the next day on which something may change: one that was compared with another, or the one after it. @param {[string, string][]} pairs @param {string} last */
function turn(pairs, last) {
  /** @type {string | null} */
  let first = null;
  for (const pair of pairs) {
    const others = pair.filter((each) => each !== last);
    for (const day of others.length > 0 ? others : pair) {
      const next = day > last ? day : later(day, 1);
      if (day < LAST_DAY && next > last && (first === null || next < first)) first = next;
    }
  }
  return first;
}

/** @param {string} day @param {number} many */
function later(day, many) {
  return dayText(/** @type {number} */ (dayNumber(day)) + many);
}

// Reasons

/** @param {Policy} policy @param {Finding} row @param {Facts} facts @returns {Reason} */
function reasonOf(policy, row, facts) {
  const { recipient, request, dates } = facts;
  /** @type {{[rule: string]: () => Json}} */
  const dated = {
    R04: () => {
      const days = [own(dates, "withdrawn"), own(dates, "frozen"), lastGrant(facts.grants, row.section), own(dates, "given")];
      return days.find((day) => typeof day === "string") ?? null;
    },
    R09: () => own(recipient, "firewall_until"),
    R18: () => own(facts.listing, "verified"),
  };
  return reason(policy, row.rule, {
    section: row.section,
    agency: own(recipient, "agency"),
    purpose: own(request, "purpose"),
    service: own(request, "service"),
    giver: own(facts.giver, "capacity"),
    date: Object.hasOwn(dated, row.rule) ? dated[row.rule]() : null,
  });
}

/** @param {Json} grants @param {string} section @returns {string | null} */
function lastGrant(grants, section) {
  const named = (Array.isArray(grants) ? grants : []).filter((row) => {
    const categories = own(row, "categories");
    return Array.isArray(categories) && categories.includes(section);
  });
  const ends = named.map((row) => own(row, "until")).filter((end) => typeof end === "string");
  return ends.length > 0 ? ends.reduce((one, other) => (other > one ? other : one)) : null;
}

/** Return the reason of a rule. Words that the policy does not know are never repeated. @param {Policy} policy @param {string} rule @param {{[name: string]: Json}} words @returns {Reason} */
function reason(policy, rule, words) {
  const { categories, purposes, ceilings, givers } = policy.tables;
  /** @type {{[name: string]: (value: string) => boolean}} */
  const known = {
    section: (value) => Object.hasOwn(categories.tiers, value),
    purpose: (value) => purposes.list.includes(value),
    service: (value) => Object.hasOwn(ceilings.by_service, value) || ceilings.whole_case.includes(value),
    giver: (value) => [...givers.with_order, "parent", "caregiver", "self"].includes(value),
    agency: (value) => AGENCY.test(value),
    date: (value) => dayNumber(value) !== null,
  };
  const kept = Object.entries(words).filter(([name, value]) => typeof value === "string" && known[name](value));
  const facts = /** @type {{[name: string]: string}} */ (Object.fromEntries(kept));
  return { rule, ask: policy.rules.find((each) => each.id === rule)?.ask ?? "", section: facts.section ?? "", facts };
}

// Facts

/** @param {Json | undefined} value @param {string} name @returns {any} */
function own(value, name) {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : null;
}

/** @param {Scope} scope @param {string} name @param {Json} value @returns {Scope} */
function withName(scope, name, value) {
  return { names: new Map(scope.names).set(name, value), watch: scope.watch };
}

/** @param {Scope} scope @returns {Scope} */
function watched(scope) {
  return { names: scope.names, watch: [] };
}

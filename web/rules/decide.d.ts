/** May this be sent? The types of `decide.js`, which says what each function does. */

export type Json = import("./evaluate.js").Json;
export type Ask = import("./evaluate.js").Ask;
export type Scope = import("./evaluate.js").Scope;
export type Facts = {
  [name: string]: Json;
};
export type Found = "met" | "blocked" | "overridden" | "not_applicable";
export type Finding = {
  rule: string;
  found: Found;
  section: string;
};
export type Reason = {
  rule: string;
  ask: string;
  section: string;
  facts: {
    [name: string]: string;
  };
};
export type Rule = {
  id: string;
  never: boolean;
  act: string;
  at: string[];
  each: boolean;
  ask: string;
  oblige: string | null;
  when: Ask;
  must: Ask;
  override: Ask | null;
};
export type Policy = {
  version: string;
  tables: {
    [name: string]: any;
  };
  rules: Rule[];
  gates: string[];
};
export type Permit = {
  permit: true;
  until: string;
  obligations: string[];
  findings: Finding[];
};
export type Deny = {
  permit: false;
  reasons: Reason[];
  findings: Finding[];
};
export function policyOf(tables: any, rules: any): Policy;
export function decide(policy: Policy, facts: Facts, now: number, end: "sender" | "receiver"): Permit | Deny;
export function allowed(policy: Policy, act: string, facts: Facts, now: number): Permit | Deny;
export function gates(
  policy: Policy,
  answer: Permit | Deny,
): {
  gate: string;
  found: Found;
}[];

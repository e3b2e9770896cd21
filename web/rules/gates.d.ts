/** The types of `gates.js`: may this step of a transfer be taken? */

export type Json = import("./evaluate.js").Json;
export type Ask = import("./evaluate.js").Ask;
export type Scope = import("./evaluate.js").Scope;
export type Facts = {
  [name: string]: Json;
};
export type Found = "clear" | "blocked" | "overridden" | "not_applicable";
export type Check = {
  id: string;
  firm: boolean;
  reads: string[];
  when: Ask;
  must: Ask;
};
export type Gate = {
  id: string;
  at: string[];
  when: Ask;
  checks: Check[];
  liftedBy: string;
  override: Ask | null;
  dues: {
    task: string;
    day: Ask;
  }[];
  tells: [string, Ask][];
};
export type Gates = {
  version: string;
  tables: {
    [name: string]: any;
  };
  steps: string[];
  gates: Gate[];
};
export type Outcome = {
  gate: string;
  found: Found;
  failed: string[];
  unseen: boolean;
  told: {
    [name: string]: string;
  };
};
export type Task = {
  gate: string;
  task: string;
  due: string;
};
export function gatesOf(file: any): Gates;
export function judge(
  policy: Gates,
  facts: Facts,
): {
  outcomes: Outcome[];
  tasks: Task[];
};

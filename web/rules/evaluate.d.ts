/** The types of `evaluate.js`: expressions of policy files. */

export type Json =
  | null
  | boolean
  | number
  | string
  | Json[]
  | {
      [name: string]: Json;
    };
export type Scope = {
  names: Map<string, Json>;
  watch: [string, string][] | null;
};
export type Ask = (scope: Scope) => Json;
export const MAX_DEPTH = 32;
export class RuleError extends Error {}
export function scopeOf(
  facts: {
    [name: string]: Json;
  },
  watch?: [string, string][] | null,
): Scope;
export function compiled(
  expression: Json,
  named?: {
    [name: string]: Json;
  },
  depth?: number,
): Ask;
export function isObject(value: unknown): value is {
  [name: string]: Json;
};
export function dayNumber(value: Json): number | null;
export function dayText(number: number): string;

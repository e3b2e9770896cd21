/**
 * Statistics without children: how fast, who is waited for, what agencies counted and published together.
 *
 * Asks the own hub. What is hidden stays null here: nothing adds up what the hub left out.
 */

import { isObject, type Json } from "../rcp/encoding.ts";
import { expect, type HubSession } from "./session.ts";

const PATH = "/api/v1/reports";
export const COUNTS_PATH = `${PATH}/counts`;

/** How much waits for an agency past its due time: exactly for the own one, else in which band. */
export interface ChaseRow {
  readonly agency: string;
  readonly band: "few" | "some" | "many";
  readonly waiting: number | null;
}

/** What waits for a provider; in words of a band where it is not the own agency. */
export interface Load {
  readonly agency: string;
  readonly open: string;
  readonly past_due: string;
  readonly median_days: number | null;
}

/** Seconds; null where there is none. */
export interface Times {
  readonly count: number;
  readonly median: number | null;
  readonly p90: number | null;
}

export const STEPS = ["delivery", "answer", "decision", "first_contact", "outcome"] as const;

export interface Corridor {
  readonly direction: "sent" | "received";
  readonly from: string;
  readonly to: string;
  readonly referrals: number;
  readonly delivered: number;
  readonly answered: number;
  readonly answered_in_time: number;
  readonly expired: number;
  readonly open: number;
  readonly states: { readonly [state: string]: number };
  readonly grades: { readonly [grade: string]: number };
  readonly rungs: { readonly [rung: string]: number };
  readonly times: { readonly [step: string]: Times };
}

/** One count; null where it is hidden, and `least` what those agencies count that tell theirs. */
export interface CountLine {
  readonly service: string | null;
  readonly area: string | null;
  readonly age_band: string | null;
  readonly sex: string | null;
  readonly agencies: number;
  readonly sought: number;
  readonly grades: { readonly [grade: string]: number };
  readonly grades_of: number | null;
  readonly class: string | null;
  readonly count: number | null;
  readonly least: number;
  readonly percent: number | null;
}

export interface Together {
  readonly month: string;
  readonly agencies: number;
  readonly own: Json;
  readonly rows: readonly CountLine[];
}

const told = <T>(value: Json): T => {
  expect(isObject(value));
  return value as unknown as T;
};

export const timeliness = async (hub: HubSession, month: string): Promise<readonly Corridor[]> =>
  told<{ corridors: Corridor[] }>(await hub.get(`${PATH}/timeliness`, { month })).corridors;

export const chaseBoard = async (
  hub: HubSession,
): Promise<{ readonly since: number; readonly agencies: readonly ChaseRow[] }> =>
  told(await hub.get(`${PATH}/chase-board`));

export const loads = async (hub: HubSession): Promise<readonly Load[]> =>
  told<{ providers: Load[] }>(await hub.get("/api/v1/queues/coordinator")).providers;

/** What all agencies published of a month, by a split; without one, for how many needs help was sought. */
export const together = async (hub: HubSession, month: string, split: string): Promise<Together> =>
  told(await hub.get(COUNTS_PATH, { month, ...(split ? { split } : {}) }));

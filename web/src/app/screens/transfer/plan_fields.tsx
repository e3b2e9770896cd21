/** The plan of a journey: when the child leaves, and between which times it arrives. */

import type { VNode } from "preact";
import type { Plan } from "../../../client/journey.ts";
import { useApp } from "../../core/app.ts";
import type { Say } from "../../core/words.ts";
import { TextField } from "../../kit/controls.tsx";
import { fromField, toField } from "./room.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** As it stands in the fields. */
export interface Typed {
  readonly depart: string;
  readonly from: string;
  readonly until: string;
}

/** What is proposed: the plan as it stands, or tomorrow morning. */
export function begun(plan: Plan | null, now: number): Typed {
  const leaves = plan?.depart ?? Math.ceil((now + DAY) / HOUR) * HOUR;
  const { from, until } = plan ?? { from: leaves + 6 * HOUR, until: leaves + 12 * HOUR };
  return { depart: toField(leaves), from: toField(from), until: toField(until) };
}

/** The plan that was typed; null where it is none. */
export function planTyped(typed: Typed): Plan | null {
  const [depart, from, until] = [typed.depart, typed.from, typed.until].map(fromField) as [number, number, number];
  return depart <= from && from <= until ? { depart, from, until } : null;
}

/** What is wrong with it, in words. */
export function wrongPlan(say: Say, typed: Typed, now: number): string | null {
  const plan = planTyped(typed);
  if (!plan) return say("transfer.plan_order");
  return plan.until <= now ? say("transfer.plan_past") : null;
}

export function PlanFields({
  typed,
  onType,
  error,
}: {
  typed: Typed;
  onType: (typed: Typed) => void;
  error: string | null;
}): VNode {
  const { say } = useApp();
  const field = (name: keyof Typed, hint?: string) => (
    <TextField
      type="datetime-local"
      label={say(`transfer.${name}_at`)}
      value={typed[name]}
      onInput={(value) => onType({ ...typed, [name]: value })}
      hint={hint}
      error={name === "until" ? error : null}
    />
  );
  return (
    <>
      {field("depart")}
      {field("from")}
      {field("until", say("transfer.until_hint"))}
    </>
  );
}

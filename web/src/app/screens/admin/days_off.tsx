/** Days of the calendar: a field for each, and one more for the next; an empty field is no day. */

import { useId } from "preact/hooks";
import type { VNode } from "preact";
import { useApp } from "../../core/app.ts";
import { DateField } from "../../kit/controls.tsx";

interface DaysProps {
  readonly label: string;
  readonly hint: string;
  readonly values: readonly string[];
  readonly onChange: (values: string[]) => void;
}

export function Days({ label, hint, values, onChange }: DaysProps): VNode {
  const { say } = useApp();
  const id = useId();
  const rows = [...values, ...(values.length === 0 || values[values.length - 1] ? [""] : [])];
  return (
    <fieldset class="field" aria-describedby={id}>
      <legend>{label}</legend>
      <p class="hint" id={id}>
        {hint}
      </p>
      {rows.map((day, n) => (
        <DateField
          key={n}
          label={say("admin.day_number", { number: n + 1 })}
          value={day}
          onInput={(on) => onChange(rows.map((one, at) => (at === n ? on : one)))}
        />
      ))}
    </fieldset>
  );
}

/** The days that were said: each once, in their order. */
export const daysIn = (values: readonly string[]): string[] => [...new Set(values.filter(Boolean))].sort();

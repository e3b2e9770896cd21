/** What a field of a record is chosen by: codes, numbers, and whether anything was said at all. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Choices, TextField, Ticks, type Option } from "../../kit/controls.tsx";
import { isEmpty, type As } from "./fields.ts";
import type { Labels } from "./labels.ts";
import { joined, list } from "./values.ts";

export interface ControlProps {
  readonly label: string;
  readonly as: As;
  readonly value: Json | undefined;
  readonly labels: Labels;
  readonly error?: string | null;
  readonly set: (value: Json) => void;
}

/** How many codes stand in sight without being folded. */
const FEW = 8;
export const COUNTRY = /^[A-Za-z]{2}$/;

/** Any number of codes. A long list is folded, and says what is chosen. */
export function Listed({
  label,
  error,
  values,
  options,
  set,
}: {
  label: string;
  error: string | null;
  values: readonly string[];
  options: readonly Option[];
  set: (values: string[]) => void;
}): VNode {
  const { say } = useApp();
  const ticks = <Ticks {...{ label, error, values, options }} onChange={set} />;
  if (options.length <= FEW) return ticks;
  const chosen = options.filter(([code]) => values.includes(code)).map(([, words]) => words);
  return (
    <details class="listed" open={error !== null || undefined}>
      <summary>
        {label}: {joined(say, chosen) || "–"}
      </summary>
      {ticks}
    </details>
  );
}

/** A number is set once it is one; what is typed stays meanwhile. */
export function Amount({ label, value, set, error, whole }: ControlProps & { whole: boolean }): VNode {
  const { say } = useApp();
  const [typed, setTyped] = useState(isEmpty(value) ? "" : String(value));
  const read = (given: string) => {
    setTyped(given);
    const amount = Number(given.trim().replace(",", "."));
    if (!given.trim()) set(null);
    else if (Number.isFinite(amount) && (!whole || Number.isInteger(amount))) set(amount);
  };
  const wrong = typed.trim() !== "" && !Number.isFinite(Number(typed.trim().replace(",", ".")));
  return (
    <TextField
      {...{ label, optional: true }}
      error={error ?? (wrong ? say("services.no_number") : null)}
      inputMode={whole ? "numeric" : "decimal"}
      value={typed}
      onInput={read}
      code
    />
  );
}

/** Nobody said, no restriction, or only some: three different things. */
export function OrAny({
  label,
  value,
  set,
  error,
  children,
}: ControlProps & { children: (values: string[]) => VNode }): VNode {
  const { say } = useApp();
  const chosen = value === "any" ? "any" : Array.isArray(value) ? "some" : "";
  const [open, setOpen] = useState(chosen === "some");
  return (
    <>
      <Choices
        label={label}
        error={error ?? null}
        value={open ? "some" : chosen}
        options={[
          ["", say("services.not_known")],
          ["any", say("services.no_limit")],
          ["some", say("services.only_some")],
        ]}
        onChoose={(way) => {
          setOpen(way === "some");
          set(way === "any" ? "any" : way === "some" ? texts(value) : null);
        }}
      />
      {open && children(texts(value))}
    </>
  );
}

export function Countries({
  label,
  codes,
  labels,
  set,
}: {
  label: string;
  codes: string[];
  labels: Labels;
  set: (value: Json) => void;
}): VNode {
  const { say } = useApp();
  const [typed, setTyped] = useState(codes.join(" "));
  const read = (given: string) => {
    setTyped(given);
    set(
      given
        .split(/[\s,]+/)
        .filter((code) => COUNTRY.test(code))
        .map((code) => code.toUpperCase()),
    );
  };
  const named = joined(
    say,
    codes.map((code) => labels.country(code)),
  );
  return <TextField label={label} hint={named || say("services.country_codes")} value={typed} onInput={read} code />;
}

export const texts = (value: Json | undefined): string[] => list(value ?? null).map(String);

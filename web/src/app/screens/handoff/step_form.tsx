/** The form of one step: what it asks of the person, and the press that signs and sends it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { HubError } from "../../../client/session.ts";
import { inAYear, SERVICES, today, type Field } from "../../../link/steps.ts";
import { BARRIERS, GOT_HELP, REASONS } from "../../../client/reasons.ts";
import { useApp, type Children } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { useTyped } from "../../core/typed.ts";
import { Button, Choice, Choices, DateField, Form, TextArea, Ticks } from "../../kit/controls.tsx";
import type { Coded } from "./coded.ts";

const DAY = 86_400;
/** A first meeting is proposed for so many days on: it can be changed, and an empty field would be one more tap. */
const AHEAD = 3;
const LONGEST_TEXT = 4000;

export type Values = { readonly [name: string]: string | readonly string[] };

export interface StepFormProps {
  readonly fields: readonly Field[];
  /** What was typed is there again under the same name. */
  readonly name: string;
  readonly coded: Coded;
  /** The needs that the referral asks for, once it was opened. */
  readonly needs: readonly string[];
  readonly send: string;
  readonly warn?: boolean;
  readonly hint?: string;
  readonly onSend: (said: JsonObject) => Promise<unknown>;
  readonly onBack: () => void;
  readonly children?: Children;
}

export function StepForm(props: StepFormProps): VNode {
  const { fields, name, coded, needs, send, warn, hint, onSend, onBack, children } = props;
  const { say, now } = useApp();
  const [chosen, set] = useState<Values>(() => begun(fields, needs, now()));
  const [text, type, sent] = useTyped(`step/${name}`, "");
  const values: Values = { ...chosen, text };
  const [missing, miss] = useState<string | null>(null);
  const act = useAction(async () => {
    const empty = fields.find((field) => isNeeded(field) && !values[field.name]?.length);
    miss(empty?.name ?? null);
    if (empty) return;
    await onSend(saidOf(fields, values, needs));
    await sent();
  });
  const wrong = missing ?? (act.error instanceof HubError ? (act.error.facts["field"] ?? null) : null);
  return (
    <Form onSend={act.run}>
      {fields.map((field) => (
        <FieldOf
          key={field.name}
          {...{ field, coded, needs }}
          value={values[field.name] ?? ""}
          error={wrong === field.name ? say("app.required") : null}
          onValue={(value) => (field.kind === "text" ? type(String(value)) : set({ ...chosen, [field.name]: value }))}
        />
      ))}
      {children}
      {hint && <p class="hint">{hint}</p>}
      {act.error !== null && <Problem error={act.error} />}
      <p class="row">
        <Button type="submit" kind={warn ? "warn" : "main"} busy={act.busy}>
          {send}
        </Button>
        <Button onClick={onBack}>{say("app.cancel")}</Button>
      </p>
    </Form>
  );
}

const isNeeded = (field: Field): boolean => field.kind === "date" || field.needed;

function begun(fields: readonly Field[], needs: readonly string[], now: number): Values {
  const values: { [name: string]: string | readonly string[] } = {};
  for (const field of fields) {
    if (field.kind === "date") values[field.name] = today(field.ahead ? now + AHEAD * DAY : now);
    else if (field.name === "needs") values[field.name] = needs;
  }
  return values;
}

/** What was typed, without what says nothing: all that was asked for is no part of it. */
function saidOf(fields: readonly Field[], values: Values, needs: readonly string[]): JsonObject {
  const rows = fields.flatMap(({ name }) => {
    const value = values[name] ?? "";
    if (value.length === 0 || (name === "needs" && value.length === needs.length)) return [];
    return [[name, typeof value === "string" ? value.trim() : [...value]] as const];
  });
  return Object.fromEntries(rows);
}

function FieldOf({
  field,
  coded,
  needs,
  value,
  error,
  onValue,
}: {
  field: Field;
  coded: Coded;
  needs: readonly string[];
  value: string | readonly string[];
  error: string | null;
  onValue: (value: string | readonly string[]) => void;
}): VNode {
  const { say, now } = useApp();
  const label = say(`handoff.field.${field.name}`);
  const shared = { label, error, optional: !isNeeded(field) };
  const one = typeof value === "string" ? value : "";
  if (field.kind === "date") {
    const limits = field.ahead ? { min: today(now()), max: inAYear(now()) } : { max: today(now()) };
    return <DateField {...shared} {...limits} value={one} onInput={onValue} />;
  }
  if (field.kind === "text") return <TextArea {...shared} maxLength={LONGEST_TEXT} value={one} onInput={onValue} />;
  if (field.name === "got_help") {
    return <Choices {...shared} value={one} options={coded.options("answers", GOT_HELP)} onChoose={onValue} />;
  }
  if (field.name === "code") {
    return (
      <Choice
        {...shared}
        value={one}
        none={say("handoff.choose")}
        options={coded.options("codes", REASONS)}
        onChoose={onValue}
      />
    );
  }
  const lists = { needs: ["needs", needs], services: ["services", SERVICES], barriers: ["codes", BARRIERS] } as const;
  const [list, codes] = lists[field.name];
  const many = typeof value === "string" ? [] : value;
  const ticks = <Ticks {...shared} values={many} options={coded.options(list, codes)} onChange={onValue} />;
  if (isNeeded(field)) return ticks;
  return (
    <details>
      <summary>{label}</summary>
      {ticks}
    </details>
  );
}

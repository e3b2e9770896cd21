/** What the steps of recording a consent share, and the first two: the child, and who gives it. */

import type { VNode } from "preact";
import { BANDS, GIVERS_BY_SITUATION, GIVERS_WITH_ORDER } from "../../../consent/policy.ts";
import { type Words } from "../../../consent/words.ts";
import { useApp } from "../../core/app.ts";
import { Choice, Choices, DateField, TextArea, TextField, Ticks } from "../../kit/controls.tsx";
import type { Option } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { worldName } from "../cases/labels.ts";
import { type Form } from "./form.ts";

export interface StepProps {
  readonly form: Form;
  readonly change: (more: Partial<Form>) => void;
  /** Change it by what it is by then: for what takes a while. */
  readonly update: (make: (form: Form) => Partial<Form>) => void;
  /** The error beside a field, if it has one. */
  readonly wrong: (field: string) => string | null;
  readonly words: Words;
  readonly today: string;
  /** Whether a record that is there is changed: then whom it is about stays. */
  readonly again: boolean;
}

const LANGUAGES = "aa am ar bm bn ckb en es fa ff fr ha kmr ln my ne om ps pt qu rw so sw ti tr uk ur wo".split(" ");
const SITUATIONS = ["unaccompanied", "separated", "in_family", "adult"];

/** The languages of this region and its neighbours, by name. */
export function useLanguages(): Option[] {
  const { say } = useApp();
  const named = LANGUAGES.map((code): Option => [code, worldName(say, "language", code)]);
  return named.sort(([, one], [, other]) => one.localeCompare(other, say.lang));
}

/** The countries that there are names for, by name. */
export const useCountries = (words: Words): Option[] => {
  const { say } = useApp();
  const named = Object.keys(words.file.countries).map((code): Option => [code, words.country(code)]);
  return named.sort(([, one], [, other]) => one.localeCompare(other, say.lang));
};

export function Child({ form, change, wrong, words, today, again }: StepProps): VNode {
  const { say } = useApp();
  const languages = useLanguages();
  const countries = useCountries(words);
  return (
    <>
      {!again && (
        <TextField
          label={say("consent.code")}
          hint={say("consent.code_hint")}
          error={wrong("code")}
          value={form.code}
          onInput={(code) => change({ code })}
        />
      )}
      <Choices
        label={say("consent.situation")}
        error={wrong("situation")}
        value={form.situation}
        onChoose={(situation) => change({ situation, capacity: "" })}
        options={SITUATIONS.map((name) => [name, say(`consent.situation.${name}`)])}
      />
      {!again && (
        <DateField
          label={say("consent.born")}
          hint={say("consent.born_hint")}
          optional
          max={today}
          value={form.born}
          onInput={(born) => change({ born })}
        />
      )}
      {!form.born && (
        <>
          <Choice
            label={say("consent.age")}
            value={form.band}
            onChoose={(band) => change({ band })}
            options={[...Object.keys(BANDS), "unknown"].map((name) => [name, say(`consent.band.${name}`)])}
          />
          {form.band !== "18+" && (
            <DateField
              label={say("consent.reconfirm_by")}
              hint={say("consent.reconfirm_hint")}
              error={wrong("reconfirmBy")}
              min={today}
              value={form.reconfirmBy}
              onInput={(reconfirmBy) => change({ reconfirmBy })}
            />
          )}
        </>
      )}
      <Ticks
        label={say("consent.languages")}
        error={wrong("languages")}
        values={form.languages}
        onChange={(chosen) => change({ languages: chosen })}
        options={languages}
      />
      <Choice label={say("consent.law")} value={form.law} onChoose={(law) => change({ law })} options={countries} />
    </>
  );
}

export function Giver({ form, change, wrong, words }: StepProps): VNode {
  const { say } = useApp();
  const regular = GIVERS_BY_SITUATION[form.situation] ?? [];
  const others = form.situation === "adult" ? [] : ["self", "authority", "court", "interim_authority"];
  const all = [...new Set([...regular, ...others])];
  const instead = form.capacity !== "" && form.capacity !== "self" && !regular.includes(form.capacity);
  const ordered = GIVERS_WITH_ORDER.includes(form.capacity);
  return (
    <>
      <Choices
        label={say("consent.giver")}
        hint={say("consent.giver_hint")}
        error={wrong("capacity")}
        value={form.capacity}
        onChoose={(capacity) =>
          change({ capacity, insteadOf: regular.includes(capacity) || capacity === "self" ? "" : form.insteadOf })
        }
        options={all.map((name) => [name, words.name("giver", name)])}
      />
      {form.capacity === "self" && form.situation !== "adult" && (
        <>
          <Notice>
            <p>{say("consent.self_hint")}</p>
          </Notice>
          <TextField
            label={say("consent.years")}
            inputMode="numeric"
            value={form.years}
            onInput={(years) => change({ years: years.replace(/\D/g, "") })}
          />
        </>
      )}
      {instead && (
        <>
          <Choices
            label={say("consent.instead")}
            error={wrong("insteadOf")}
            value={form.insteadOf}
            onChoose={(insteadOf) => change({ insteadOf })}
            options={["unavailable", "danger"].map((name) => [name, say(`consent.instead.${name}`)])}
          />
          <TextArea
            label={say("consent.instead_reason")}
            error={wrong("insteadReason")}
            rows={2}
            value={form.insteadReason}
            onInput={(insteadReason) => change({ insteadReason })}
          />
        </>
      )}
      {ordered && (
        <Card title={say("consent.order")}>
          <TextField
            label={say("consent.order_body")}
            error={wrong("orderBody")}
            value={form.orderBody}
            onInput={(orderBody) => change({ orderBody })}
          />
          <TextField
            label={say("consent.order_reference")}
            error={wrong("orderReference")}
            value={form.orderReference}
            onInput={(orderReference) => change({ orderReference })}
          />
          <DateField
            label={say("consent.order_from")}
            error={wrong("orderFrom")}
            value={form.orderFrom}
            onInput={(orderFrom) => change({ orderFrom })}
          />
          <DateField
            label={say("consent.order_until")}
            error={wrong("orderUntil")}
            value={form.orderUntil}
            onInput={(orderUntil) => change({ orderUntil })}
          />
        </Card>
      )}
      {form.capacity !== "self" && (
        <TextField
          label={say("consent.relationship")}
          optional
          value={form.relationship}
          onInput={(relationship) => change({ relationship })}
        />
      )}
    </>
  );
}

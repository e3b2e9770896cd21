/** The last step of recording a consent: how it was given, its signed form, and how the family may be reached. */

import type { VNode } from "preact";
import { useApp } from "../../core/app.ts";
import { Button, Choice, Choices, DateField, FileDrop, TextField, Tick, Ticks } from "../../kit/controls.tsx";
import type { Option } from "../../kit/controls.tsx";
import { Foreign } from "../../kit/showing.tsx";
import { useCountries, type StepProps } from "./steps.tsx";

export interface Paper {
  readonly files: readonly File[];
  readonly put: (files: readonly File[]) => void;
}

export function Expression({ form, change, wrong, words, today, again, files, put }: StepProps & Paper): VNode {
  const { say } = useApp();
  const countries = useCountries(words);
  const { choices } = words.file;
  const contacts: Option[] = ["phone", "sms", "letter", "email", "in_person", "through_worker"].map((name) => [
    name,
    choices[name]!,
  ]);
  const seen = form.method === "thumbprint" || form.method === "witnessed";
  return (
    <>
      <Choices
        label={say("consent.method")}
        error={wrong("method")}
        value={form.method}
        onChoose={(method) => change({ method })}
        options={["written", "thumbprint", "witnessed", "recorded", "electronic"].map((name) => [
          name,
          say(`consent.method.${name}`),
        ])}
      />
      {(seen || form.witness) && (
        <>
          <TextField
            label={say("consent.witness")}
            hint={say("consent.no_names")}
            error={wrong("witness")}
            value={form.witness}
            onInput={(witness) => change({ witness })}
          />
          <Tick
            label={say("consent.independent")}
            checked={form.independent}
            onTick={(independent) => change({ independent })}
          />
        </>
      )}
      <DateField
        label={say("consent.given_on")}
        error={wrong("on")}
        max={today}
        value={form.on}
        onInput={(on) => change({ on })}
      />
      <Choice
        label={say("consent.place")}
        value={form.place}
        onChoose={(place) => change({ place })}
        options={countries}
      />
      <Scan files={files} put={put} />
      <p>
        <a href="#/consent/form">{say("consent.blank_form")}</a>
      </p>
      <h3>{say("consent.safety")}</h3>
      <Choices
        label={say("consent.protect")}
        hint={say("consent.protect_hint")}
        error={wrong("protected")}
        value={form.protected}
        onChoose={(said) => change({ protected: said })}
        options={["yes", "no"].map((name) => [name, say(`app.${name}`)])}
      />
      <Ticks
        label={say("consent.allowed")}
        values={form.allowed}
        onChange={(allowed) => change({ allowed })}
        options={contacts}
      />
      <Ticks
        label={say("consent.prohibited")}
        values={form.prohibited}
        onChange={(prohibited) => change({ prohibited })}
        options={contacts}
      />
      {!again && (
        <>
          <Choices
            label={say("consent.given_as")}
            value={form.givenAs}
            onChoose={(givenAs) => change({ givenAs })}
            options={["paper", "code_only", "read_aloud", "not_given"].map((name) => [
              name,
              say(`consent.given_as.${name}`),
            ])}
          />
          {form.givenAs === "not_given" && (
            <TextField
              label={say("consent.not_given")}
              error={wrong("notGivenBecause")}
              value={form.notGivenBecause}
              onInput={(notGivenBecause) => change({ notGivenBecause })}
            />
          )}
        </>
      )}
    </>
  );
}

/** The signed form or the recording: kept beside the record, sealed; its hash stands in it. */
export function Scan({ files, put, error }: Paper & { error?: string | null }): VNode {
  const { say } = useApp();
  return (
    <>
      <FileDrop
        label={say("consent.scan")}
        hint={say("consent.scan_hint")}
        error={error}
        accept="image/*,application/pdf,audio/*"
        onFiles={(more) => put([...files, ...more])}
      />
      {files.map((file, n) => (
        <p key={n} class="row">
          <Foreign>{file.name}</Foreign>
          <Button
            label={say("consent.remove", { what: file.name })}
            onClick={() => put(files.filter((_, at) => at !== n))}
          >
            {say("consent.remove_short")}
          </Button>
        </p>
      ))}
    </>
  );
}

/** What a new agency says of itself. Two certifiers sign kind, country, operator and parent: they are chosen with care. */

import type { VNode } from "preact";
import { KINDS } from "../../../client/documents.ts";
import type { Facts } from "../../../client/founding.ts";
import { useFront } from "../../core/app.ts";
import { localeOf } from "../../core/words.ts";
import { Choice, TextArea, TextField, Tick } from "../../kit/controls.tsx";

export interface Typed {
  readonly kind: string;
  readonly country: string;
  readonly operator: string;
  readonly parent: string;
  readonly duty: string;
  readonly byLink: boolean;
}

export const NO_FACTS: Typed = { kind: "", country: "", operator: "", parent: "", duty: "", byLink: false };
const COUNTRY = /^[A-Z]{2}$/;
const MOST = 8;

export const isWhole = ({ kind, country, operator, parent, byLink }: Typed): boolean =>
  kind !== "" && COUNTRY.test(country) && operator.trim() !== "" && (!byLink || parent.trim() !== "");

export const factsOf = ({ kind, country, operator, parent, duty, byLink }: Typed): Facts => ({
  ...{ kind, country, operator: operator.trim(), parent: parent.trim() || null, deputy: null },
  ...{ duty: linesOf(duty), successor: null, no_account: byLink },
});

export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(0, MOST);

export function AgencyFacts({
  value,
  tried,
  onChange,
}: {
  value: Typed;
  tried: boolean;
  onChange: (value: Typed) => void;
}): VNode {
  const { say } = useFront();
  const set = (name: keyof Typed) => (given: string) => onChange({ ...value, [name]: given });
  const missing = (given: string) => (tried && given.trim() === "" ? say("app.required") : null);
  const names = new Intl.DisplayNames(localeOf(say.lang), { type: "region" });
  const known = COUNTRY.test(value.country) ? names.of(value.country) : "";
  return (
    <>
      <h2>{say("join.its_facts")}</h2>
      <p>{say("join.its_facts_what")}</p>
      <Choice
        label={say("people.kind")}
        value={value.kind}
        none={say("join.choose")}
        error={missing(value.kind)}
        options={KINDS.map((kind) => [kind, say(`people.kind_${kind}`)])}
        onChoose={set("kind")}
      />
      <TextField
        label={say("join.country")}
        hint={known || say("join.country_hint")}
        value={value.country}
        maxLength={2}
        error={tried && !COUNTRY.test(value.country) ? say("join.country_hint") : null}
        onInput={(text) => set("country")(text.toUpperCase())}
        code
      />
      <TextField
        label={say("join.operator")}
        hint={say("join.operator_hint")}
        value={value.operator}
        error={missing(value.operator)}
        onInput={set("operator")}
      />
      <Tick label={say("join.by_link")} checked={value.byLink} onTick={(byLink) => onChange({ ...value, byLink })} />
      <TextField
        label={say("join.parent")}
        hint={say("join.parent_hint")}
        value={value.parent}
        optional={!value.byLink}
        error={value.byLink ? missing(value.parent) : null}
        onInput={set("parent")}
      />
      <TextArea
        label={say("people.duty")}
        hint={say("people.duty_hint")}
        value={value.duty}
        optional
        onInput={set("duty")}
        rows={2}
      />
    </>
  );
}

/** Whom a service does not take, by a protected attribute: only by law, reviewed by somebody, and only until a day (R20). */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { isObject, type Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Button, Choice, DateField, TextArea, TextField } from "../../kit/controls.tsx";
import { Countries, Listed, texts, type ControlProps } from "./choose.tsx";
import { isEmpty } from "./fields.ts";
import { Rows } from "./rows.tsx";
import { EXCLUDED_BY, list, member as memberOf } from "./values.ts";

export function Exclusions(props: ControlProps): VNode {
  const { say } = useApp();
  const { label, value, labels, set, error } = props;
  const rows = list(value ?? null).map((row) => (isObject(row) ? row : {}));
  const [round, setRound] = useState(0); // what is typed in one that goes is not that of its follower
  const change = (index: number, more: { readonly [name: string]: Json }) =>
    set(
      rows.map((row, at) =>
        at === index
          ? Object.fromEntries(Object.entries({ ...row, ...more }).filter(([, part]) => !isEmpty(part)))
          : row,
      ),
    );
  return (
    <fieldset class={error ? "field wrong" : "field"}>
      <legend>{label}</legend>
      <p class="hint">{say("services.exclusions_hint")}</p>
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {rows.map((row, index) => {
        const attribute = String(memberOf(row, "attribute"));
        const list = EXCLUDED_BY[attribute];
        const chosen = { label: say("services.exclusion_values"), values: texts(row["values"]) };
        const put = (values: Json) => change(index, { values });
        return (
          <fieldset class="part" key={`${round} ${index}`}>
            <legend>{say("services.exclusion", { number: index + 1 })}</legend>
            <Choice
              label={say("services.exclusion_by")}
              value={attribute}
              options={labels.options("protected_attributes")}
              onChoose={(code) => change(index, { attribute: code, values: null })}
            />
            {list ? (
              <Listed {...chosen} options={labels.options(list)} error={null} set={put} />
            ) : attribute === "nationality" ? (
              <Countries label={chosen.label} codes={chosen.values} labels={labels} set={put} />
            ) : (
              <Rows
                {...props}
                key={attribute}
                label={chosen.label}
                hint={say("services.one_a_line")}
                texts={chosen.values}
                read={(lines) => lines}
                set={put}
              />
            )}
            <TextArea
              label={say("services.legal_reason")}
              optional
              rows={2}
              value={String(memberOf(row, "legal_reason"))}
              onInput={(legal_reason) => change(index, { legal_reason })}
              maxLength={20000}
            />
            <div class="columns">
              <TextField
                label={say("services.reviewed_by")}
                optional
                value={String(memberOf(row, "reviewed_by"))}
                onInput={(reviewed_by) => change(index, { reviewed_by })}
                maxLength={1000}
              />
              <DateField
                label={say("services.review_by")}
                optional
                value={String(memberOf(row, "review_by"))}
                onInput={(review_by) => change(index, { review_by })}
              />
            </div>
            <Button onClick={() => (set(rows.filter((_row, at) => at !== index)), setRound(round + 1))}>
              {say("services.remove_exclusion", { number: index + 1 })}
            </Button>
          </fieldset>
        );
      })}
      <Button onClick={() => set([...rows, { attribute: "documents" }])}>{say("services.add_exclusion")}</Button>
    </fieldset>
  );
}

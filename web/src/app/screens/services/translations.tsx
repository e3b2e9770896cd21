/** A record's names in other languages; one whose original was changed since is marked by the hub as out of date. */

import type { VNode } from "preact";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { LANGS } from "../../core/words.ts";
import { Choice, TextArea, TextField, type Option } from "../../kit/controls.tsx";
import type { ControlProps } from "./choose.tsx";
import { put } from "./fields.ts";
import { labelOf, member as memberOf } from "./values.ts";

/** Who translated it: what a person says; that it is out of date is the hub's to say, until somebody has looked again. */
const STATES = ["human", "machine"];

export function Translations({ label, value, labels, set, names }: ControlProps & { names: readonly string[] }): VNode {
  const { say } = useApp();
  const said: JsonObject = isObject(value) ? value : {};
  const languages = [...new Set<string>([...LANGS, ...Object.keys(said)])];
  return (
    <details class="listed">
      <summary>
        {label}: {languages.filter((one) => said[one]).length}
      </summary>
      <p class="hint">{say("services.translations_hint")}</p>
      {languages.map((language) =>
        names.map((name) => {
          const held = memberOf(said[language] ?? null, name);
          const [text, state] = [String(memberOf(held, "text")), String(memberOf(held, "state"))];
          const change = (more: JsonObject) => set(put(said, `${language}.${name}`, more));
          const field = {
            label: `${labels.language(language)}: ${labelOf(say, name)}`,
            optional: true,
            value: text,
            onInput: (typed: string) =>
              change(typed ? { text: typed, state: STATES.includes(state) ? state : "human" } : {}),
          };
          const options = [...new Set([...STATES, state])].map((one): Option => [
            one,
            labels.code("translation_states", one),
          ]);
          return (
            <div key={`${language} ${name}`}>
              {name === "description" ? (
                <TextArea {...field} maxLength={20000} />
              ) : (
                <TextField {...field} maxLength={1000} />
              )}
              {text && (
                <Choice
                  label={say("services.translated_by", { what: field.label })}
                  value={state}
                  options={options}
                  onChoose={(one) => change({ text, state: one })}
                />
              )}
            </div>
          );
        }),
      )}
    </details>
  );
}

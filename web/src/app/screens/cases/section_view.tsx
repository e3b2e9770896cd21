/**
 * A section as it is read: labels, and what stands there. What came from another agency and is in no form that is known
 * here is shown as it came; everything is text.
 */

import type { VNode } from "preact";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import type { Schema } from "../../../consent/schema.ts";
import * as forms from "../../../client/sections.ts";
import { useSay } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { date, moment } from "../../core/time.ts";
import type { Say } from "../../core/words.ts";
import { Foreign } from "../../kit/showing.tsx";
import { HIDDEN, placeOf, type Kind } from "./kinds.ts";
import { codeName, memberName, useLabels, worldName, type Labels } from "./labels.ts";

/** One section, read only; loads its words itself. `name` is the section's. */
export function SectionView({ name, document }: { name: string; document: Json }): VNode {
  const labels = useLabels();
  return <Loaded of={labels}>{(words) => <Section name={name} document={document} labels={words} />}</Loaded>;
}

/** What is shown, and with which words. */
export interface Of {
  /** The section, or the member inside which a value stands. */
  readonly name: string;
  readonly labels: Labels;
  readonly say: Say;
  readonly definitions: Schema["$defs"];
}

export function Section({ name, document, labels }: { name: string; document: Json; labels: Labels }): VNode {
  const say = useSay();
  const form = forms.NAMES.includes(name) ? forms.schemaOf(name) : {};
  const of = { name, labels, say, definitions: form.$defs };
  if (!isObject(document)) return <Value of={of} value={document} schema={{}} />;
  return (
    <div class="section-view">
      {forms.isNewer(document) && <p class="hint">{say("cases.newer")}</p>}
      <Members of={of} value={document} schema={form} />
      <Answers document={document} labels={labels} />
    </div>
  );
}

function Members({ of, value, schema }: { of: Of; value: JsonObject; schema: Schema }): VNode {
  const order = Object.keys(schema.properties ?? {});
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const names = Object.keys(value).filter((name) => !HIDDEN.includes(name));
  names.sort((one, other) => place(one) - place(other));
  return (
    <dl class="facts">
      {names.map((name) => (
        <div key={name}>
          <dt>{memberName(of.labels, of.name, name)}</dt>
          <dd>
            <Value of={{ ...of, name }} value={value[name]!} schema={schema.properties?.[name] ?? {}} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Value({ of, value, schema }: { of: Of; value: Json; schema: Schema }): VNode {
  const { kind, form } = placeOf(schema, of.definitions);
  if (Array.isArray(value)) {
    const part = form.items ?? {};
    return (
      <ul class={value.some(isObject) ? "rows" : "words"}>
        {value.map((item, index) => (
          <li key={index}>
            <Value of={of} value={item} schema={part} />
          </li>
        ))}
      </ul>
    );
  }
  if (isObject(value)) return <Members of={of} value={value} schema={form} />;
  return <>{simple(of, value, kind)}</>;
}

function simple({ say, labels }: Of, value: string | number | boolean | null, kind: Kind): VNode | string {
  if (typeof value === "boolean") return say(value ? "app.yes" : "app.no");
  if (typeof value === "number") return kind === "moment" ? moment(say, value) : String(value);
  if (value === null) return say("app.unknown");
  if (kind === "choice") return codeName(labels, value);
  if (kind === "day") return date(say, value);
  if (kind === "country") return worldName(say, "region", value);
  if (kind === "language") return worldName(say, "language", value);
  if (kind === "sha256") return <span class="digits">{value}</span>;
  if (kind === "agency") return <Foreign>{value.slice(value.lastIndexOf(":") + 1)}</Foreign>;
  return <Foreign>{value}</Foreign>;
}

/** The answers to key questions that stand in a section. */
function Answers({ document, labels }: { document: JsonObject; labels: Labels }): VNode | null {
  const rows = document["considerations"];
  if (!isObject(rows)) return null;
  const said = Object.entries(rows).flatMap(([id, row]) =>
    isObject(row) && typeof row["answer"] === "string" ? [[id, row["answer"]] as const] : [],
  );
  return (
    <dl class="facts">
      {said.map(([id, answer]) => (
        <div key={id}>
          <dt>{labels.considerations[id] ?? id}</dt>
          <dd>
            <Foreign>{answer}</Foreign>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The facts of a meeting as forms, and the words of their members: the same as on paper. */

import { WORDS, type Words } from "../../../client/handover.ts";
import type { Schema } from "../../../consent/schema.ts";
import type { Lang, Say } from "../../core/words.ts";
import type { Labels } from "../cases/labels.ts";

const short: Schema = { $ref: "#/$defs/short" };
const flag: Schema = { type: "boolean" };
const object = (properties: { readonly [name: string]: Schema }): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const person = object({ name: short, role: short });

/** Time and place are always said; all others may be a reason instead. */
export const CERTAIN: readonly string[] = ["when", "where", "child"];

export const DEFINITIONS = { short: { type: "string" }, day: { type: "string" }, moment: { type: "integer" }, id: {} };
export const SCHEMAS: { readonly [fact: string]: Schema } = {
  when: { $ref: "#/$defs/moment" },
  where: short,
  accompanied_by: { type: "array", items: person },
  papers: {
    type: "array",
    items: object({
      document: { $ref: "#/$defs/id" },
      seen: flag,
      form: { enum: ["original", "copy"] },
      legible: flag,
    }),
  },
  official: person,
  family: object({
    read: flag,
    language: short,
    how: { enum: ["signature", "mark", "thumbprint", "oral"] },
    on: { $ref: "#/$defs/day" },
    witnesses: { type: "array", items: person },
  }),
  child: { ...object({ present: flag, told: flag, reason: short }), required: ["present", "told"] },
  safety_card: object({ given_to: short }),
  next_contact: object({ on: { $ref: "#/$defs/day" }, who: short, how: { enum: ["in_person", "phone", "other"] } }),
};

export const wordsOf = (lang: Lang): Words => WORDS[lang]!;

/** The labels with which forms and views of facts are drawn. */
export function factLabels(say: Say, lang: Lang): Labels {
  const { labels, hows, ways, facts, sides } = wordsOf(lang);
  const l = labels;
  return {
    sections: {},
    members: {
      ...facts,
      ...{ name: l["name"]!, role: l["role"]!, document: l["document"]!, title: l["document"]!, seen: l["seen"]! },
      ...{ legible: l["legible"]!, form: say("handover.form"), read: l["read_aloud"]!, language: l["language"]! },
      ...{ how: l["how"]!, on: l["date"]!, witnesses: say("handover.witnesses"), present: l["child_there"]! },
      ...{ told: l["child_told"]!, reason: l["reason"]!, given_to: say("handover.given_to"), who: l["who"]! },
    },
    codes: { ...hows, ...ways, ...sides, original: l["original"]!, copy: l["copy"]! },
    gaps: {},
    considerations: {},
  };
}

/** The form of one step: its fields, and the second press that sends it. */

import { el, type Child } from "./dom.ts";
import { asked, choicesOf, inAYear, readFields, today, told, type Field, type Said, type Step } from "./steps.ts";
import { label, LANGUAGES, type Language, type Words } from "./words.ts";

/** Return what draws the form in a language; what was typed stays when the language changes. */
export function stepForm(
  general: Step,
  needs: readonly string[],
  now: number,
  send: (said: Said) => Promise<void>,
  changed: () => void,
): (language: Language, back: () => void) => Child[] {
  const step = asked(general, needs);
  let typed: FormData | null = null;
  return (language, back) => {
    const w = LANGUAGES[language];
    const problem = el("p", { class: "note alert", role: "alert", hidden: true }, w.missing);
    const form = el(
      "form",
      {
        novalidate: true,
        input: () => (changed(), (typed = new FormData(form))),
        submit: (event) => void submit(event),
      },
      ...[...step.body, ...step.words].flatMap((field) => fieldOf(field, language, needs, now, typed)),
      step.words.length ? el("p", {}, w.sealed) : null,
      problem,
      el(
        "div",
        { class: "row" },
        el("button", { class: "main", type: "submit" }, w.send),
        el("button", { type: "button", click: back }, w.back),
      ),
    );
    const submit = async (event: Event): Promise<void> => {
      event.preventDefault();
      const given = new FormData(form);
      const body = readFields(step.body, given);
      const words = readFields(step.words, given);
      problem.hidden = body !== null && words !== null;
      if (body && words) return send({ body, words: told(words, needs) });
      form.querySelector<HTMLElement>("[required]:invalid")?.focus();
    };
    return [form];
  };
}

function fieldOf(
  field: Field,
  language: Language,
  needs: readonly string[],
  now: number,
  typed: FormData | null,
): Child[] {
  const w = LANGUAGES[language];
  const name = w.fields[field.name as keyof Words["fields"]];
  const before = typed?.getAll(field.name).map(String) ?? (field.name === "needs" ? needs : []);
  if (field.kind === "choice") return [choices(field, name, language, needs, before)];
  const needed = field.kind === "date" || field.needed;
  const about = el("label", { for: field.name }, needed ? name : `${name} (${w.optional})`);
  const shared = { id: field.name, name: field.name, required: needed };
  if (field.kind === "text") {
    const area = el("textarea", { ...shared, rows: "4", maxlength: "4000", dir: "auto" });
    area.value = before[0] ?? "";
    return [about, area];
  }
  const limits = field.ahead ? { min: today(now), max: inAYear(now) } : { max: today(now) };
  const input = el("input", { ...shared, type: "date", ...limits });
  input.value = before[0] ?? (field.ahead ? "" : today(now));
  return [about, input];
}

function choices(
  field: Field & { kind: "choice" },
  name: string,
  language: Language,
  needs: readonly string[],
  before: readonly string[],
): Child {
  const w = LANGUAGES[language];
  const words = (code: string) =>
    field.name === "got_help"
      ? w.got_help[code as keyof Words["got_help"]]
      : label(language, field.name === "needs" || field.name === "services" ? field.name : "reasons", code);
  const kind = field.many ? "checkbox" : "radio";
  const rows = choicesOf(field, needs).map((code) => {
    const input = el("input", { type: kind, name: field.name, value: code, required: field.needed && !field.many });
    input.checked = before.includes(code);
    return el("label", { class: "choice" }, input, words(code));
  });
  if (field.needed) return el("fieldset", {}, el("legend", {}, name), ...rows);
  const open = before.length > 0;
  const named = `${name} (${w.optional})`;
  return el("details", { open }, el("summary", {}, named), el("fieldset", {}, el("legend", {}, named), ...rows));
}

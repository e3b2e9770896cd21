/**
 * How far a case has come with a programme: a pure function of the template, what was marked, and the day. The twin of
 * `hub/programmes/progress.py`. Marks are a set: in whatever order they come, and however often, the same comes out.
 */

import * as a from "../rcp/shapes.ts";
import { plusDays, plusMonths } from "./days.ts";
import { START, type Due, type Fact, type Step, type Template, type Texts } from "./programme_template.ts";

/** What a mark can say of a step or fact; `open`: it was marked by mistake, or has to be done again. */
export const SAID = ["begun", "done", "not_needed", "open"] as const;
export type Said = (typeof SAID)[number];
export type State = Said | "blocked";
export const SETTLED: readonly State[] = ["done", "not_needed"];
const FORM = a.objectOf({
  v: a.integer(1, 1),
  tracker: a.identifier,
  template: a.hash,
  step: a.name,
  said: a.oneOf(...SAID),
  on: a.date,
  evidence: a.distinct(a.listOf(a.name, 40)),
  agency: a.agency,
  member: a.identifier,
  role: a.name,
  at: a.seconds,
});

/** What a member said of a step or fact: on which day it was so, and `at` which second they said it. */
export interface Mark {
  readonly tracker: string;
  readonly template: string;
  readonly step: string;
  readonly said: Said;
  readonly on: string;
  readonly evidence: readonly string[];
  readonly agency: string;
  readonly member: string;
  readonly role: string;
  readonly at: number;
}

export function readMark(value: unknown): Mark {
  FORM(value);
  return value as Mark;
}

/**
 * How a step or fact stands. `waitsFor` are the steps and facts that come first, `lacks` its own parts and `sections` those
 * of the case file that are not there yet.
 */
export interface Row {
  readonly id: string;
  readonly words: Texts;
  readonly state: State;
  readonly waitsFor: readonly string[];
  readonly lacks: readonly string[];
  readonly sections: readonly string[];
  readonly due: string | null;
  readonly late: boolean;
  readonly mark: Mark | null;
  readonly parts: readonly Row[];
}

/** How far a case has come: since when, its steps in their order, and the facts that are part of none. */
export interface Progress {
  readonly started: string | null;
  readonly steps: readonly Row[];
  readonly facts: readonly Row[];
}

export function progress(template: Template, marks: readonly Mark[], today: string): Progress {
  const newest = newestOf(template, marks);
  const begun = newest.get(START);
  const started = begun?.said === "done" ? begun.on : null;
  const dueOf = (due: Due | null): string | null => {
    if (!due) return null;
    const mark = newest.get(due.after);
    const day = due.after === START ? started : mark?.said === "done" ? mark.on : null;
    return day === null ? null : plusMonths(plusDays(day, due.days ?? 0), due.months ?? 0);
  };
  const row = (one: Step | Fact, state: State, left: Partial<Row> = {}, parts: readonly Row[] = []): Row => {
    const due = dueOf(one.due);
    const settled = SETTLED.includes(state);
    return {
      ...{ id: one.id, words: one.words, state, waitsFor: [], lacks: [], sections: [], ...(settled ? {} : left) },
      ...{ due, late: due !== null && due < today && !settled, mark: newest.get(one.id) ?? null, parts },
    };
  };
  const known = new Map<string, Row>();
  for (const fact of template.facts) {
    known.set(fact.id, row(fact, newest.get(fact.id)?.said === "done" ? "done" : "open"));
  }
  const steps = template.steps.map((step) => {
    const mark = newest.get(step.id) ?? null;
    const parts = template.facts.filter((fact) => fact.step === step.id).map(({ id }) => known.get(id)!);
    const waitsFor = step.requires.filter((name) => !SETTLED.includes(known.get(name)!.state));
    const lacks = parts.filter(({ state }) => state !== "done").map(({ id }) => id);
    const sections = step.evidence.filter((name) => !mark?.evidence.includes(name));
    const state = waitsFor.length ? "blocked" : stateOf(step, mark, lacks.length + sections.length === 0);
    const made = row(step, state, { waitsFor, lacks, sections }, parts);
    known.set(step.id, made);
    return made;
  });
  const alone = template.facts.filter(({ step }) => step === null).map(({ id }) => known.get(id)!);
  return { started, steps, facts: alone };
}

function stateOf({ optional }: Step, mark: Mark | null, whole: boolean): State {
  if (mark === null || mark.said === "open") return "open";
  if (mark.said === "not_needed") return optional ? "not_needed" : "open";
  return mark.said === "done" && whole ? "done" : "begun";
}

/** How a step or fact stands; null where there is none of this name. */
export const rowOf = ({ steps, facts }: Progress, name: string): Row | null =>
  [...steps, ...steps.flatMap(({ parts }) => parts), ...facts].find(({ id }) => id === name) ?? null;

/**
 * How the step would stand if a mark cannot say what it says: blocked, or with something lacking; else null. Taking a mark
 * back is always possible.
 */
export function refusal(template: Template, marks: readonly Mark[], mark: Mark, today: string): Row | null {
  const others = marks.filter(({ step }) => step !== mark.step);
  const row = rowOf(progress(template, [...others, mark], today), mark.step);
  return row === null || mark.said === "open" || row.state === mark.said ? null : row;
}

/** The mark that counts for each step and fact: the newest; of one second, any, but always the same. */
function newestOf(template: Template, marks: readonly Mark[]): Map<string, Mark> {
  const ours = marks.filter((mark) => mark.template === template.hash).sort(inOrder);
  return new Map(ours.map((mark) => [mark.step, mark]));
}

function inOrder(one: Mark, other: Mark): number {
  const parts = ({ tracker, template, step, said, on, evidence, agency, member, role }: Mark) =>
    [tracker, template, step, said, on, evidence.join("\0"), agency, member, role].join("\n");
  if (one.at !== other.at) return one.at - other.at;
  const [first, second] = [parts(one), parts(other)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** One programme of a case: its steps with their state, who marked them, what they wait for; and marking one. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import type { CaseFile } from "../../../client/cases.ts";
import { SAID, SETTLED, type Row, type Said } from "../../../client/programme_progress.ts";
import { partOf, said, type Template } from "../../../client/programme_template.ts";
import * as programmes from "../../../client/programmes.ts";
import type { Tracker } from "../../../client/programmes.ts";
import { HubError } from "../../../client/session.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { date, dateOf } from "../../core/time.ts";
import type { Lang } from "../../core/words.ts";
import { Button, Choice, DateField, Form, Ticks } from "../../kit/controls.tsx";
import { Card, Foreign, Notice } from "../../kit/showing.tsx";
import type { Coded } from "../handoff/coded.ts";

type Sentences = { readonly [name: string]: string };

/** How steps stand, and why one waits: the words of the programmes' room. */
export const loadSentences = async (lang: Lang): Promise<Sentences> =>
  (await import(`../../../../../hub/programmes/words/${lang}.json`)).default as Sentences;

interface FollowedProps {
  readonly held: CaseFile;
  readonly put: (held: CaseFile) => void;
  readonly of: Tracker;
  readonly coded: Coded;
  readonly sentences: Sentences;
  readonly onMarked: () => void;
}

export function Followed(props: FollowedProps): VNode {
  const { say, member, now, lang } = useApp();
  const { held, put, of } = props;
  const { steps, facts, started } = programmes.standing(of, now());
  const settled = steps.filter(({ state }) => SETTLED.includes(state)).length;
  const title = said(of.template.title, lang);
  const counts = say("programme.so_far", { settled, all: steps.length });
  const hand = useAction(async () => put(await programmes.intoPlan(member, held, of)));
  return (
    <Card title={title}>
      <p>
        <meter min={0} max={steps.length} value={settled} aria-label={counts} /> {counts}
        {started !== null && ` · ${say("programme.started", { day: date(say, started) })}`}
      </p>
      {[...of.unproven].map(([agency, count]) => (
        <Notice kind="warn" key={agency}>
          <p>
            {say.many("programme.unproven", count)} <Foreign>{shortOf(agency)}</Foreign>
          </p>
        </Notice>
      ))}
      <ol>
        {steps.map((row) => (
          <li key={row.id}>
            <Standing {...props} row={row} />
            {row.parts.length > 0 && (
              <ul>
                {row.parts.map((part) => (
                  <li key={part.id}>
                    <Standing {...props} row={part} />
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
      {facts.length > 0 && (
        <ul>
          {facts.map((row) => (
            <li key={row.id}>
              <Standing {...props} row={row} />
            </li>
          ))}
        </ul>
      )}
      <p class="quiet">{say("programme.hand_about")}</p>
      <p class="row">
        <Button busy={hand.busy} onClick={hand.run}>
          {say("programme.hand_on")}
        </Button>
      </p>
      {hand.error !== null && <Problem error={hand.error} />}
      {hand.done && (
        <Notice kind="good" live>
          <p>{say("programme.handed_on")}</p>
        </Notice>
      )}
    </Card>
  );
}

interface StandingProps extends FollowedProps {
  readonly row: Row;
}

/** A step or fact: how it stands, until when, who said so, what it waits for; and a form to mark it. */
function Standing(props: StandingProps): VNode {
  const { say, member, lang } = useApp();
  const { of, row, coded, sentences } = props;
  const [marking, mark] = useState(false);
  const state = sentences[row.state] ?? row.state;
  const open = !SETTLED.includes(row.state);
  const waits = row.waitsFor.length > 0 || (row.mark !== null && open && row.lacks.length + row.sections.length > 0);
  const words = said(row.words, lang);
  return (
    <div class="next-step">
      <p>
        <strong>{words}</strong>{" "}
        <span class={row.late ? "state warn" : "state"}>
          {row.late ? (sentences["late"] ?? "").replace("{state}", state) : state}
        </span>
      </p>
      {row.due !== null && open && <p class="quiet">{say("programme.due", { day: date(say, row.due) })}</p>}
      {row.mark && (
        <p class="quiet">
          {row.mark.agency === member.agency ? say("programme.own") : <Foreign>{shortOf(row.mark.agency)}</Foreign>},{" "}
          {date(say, row.mark.on)}
        </p>
      )}
      {waits && <p class="hint">{whyNot(of.template, row, sentences, coded, lang)}</p>}
      {marking && <Marking {...props} onDone={() => mark(false)} />}
      {!marking && (row.state !== "blocked" || row.mark !== null) && (
        <p class="row tight">
          <Button label={`${say("programme.mark")}: ${words}`} onClick={() => mark(true)}>
            {say("programme.mark")}
          </Button>
        </p>
      )}
    </div>
  );
}

interface Missing {
  readonly id: string;
  readonly waitsFor: readonly string[];
  readonly lacks: readonly string[];
  readonly sections: readonly string[];
}

/** Why a step cannot be marked yet: what comes first, or what belongs to it and is not there. */
function whyNot(template: Template, row: Missing, sentences: Sentences, coded: Coded, lang: Lang): string {
  const named = (name: string): string => {
    const place = template.steps.findIndex(({ id }) => id === name) + 1;
    const part = partOf(template, name);
    return `${place ? `${place}. ` : ""}${part ? said(part.words, lang) : name}`;
  };
  const first = row.waitsFor.length > 0;
  const missing = (first ? row.waitsFor : row.lacks).map(named);
  const sections = first ? [] : row.sections.map((name) => coded.word("categories", name));
  const names = [...missing, ...sections];
  const sentence = sentences[first ? "waits" : names.length ? "lacks" : "cannot"] ?? "";
  return sentence.replace("{step}", named(row.id)).replace("{names}", names.join("; "));
}

function Marking({ held, of, row, coded, sentences, onMarked, onDone }: StandingProps & { onDone: () => void }): VNode {
  const { say, member, now, lang } = useApp();
  const part = partOf(of.template, row.id)!;
  const isStep = "evidence" in part;
  const [as, choose] = useState<Said>("done");
  const [on, setOn] = useState(dateOf(now()));
  const [evidence, setEvidence] = useState<readonly string[]>([]);
  const elsewhere = isStep ? part.evidence.filter((name) => !(name in held.sections)) : [];
  const may = SAID.filter((one) => (isStep ? part.optional || one !== "not_needed" : ["done", "open"].includes(one)));
  const act = useAction(async () => {
    await programmes.mark(member, held, of, row.id, { said: as, on: on || undefined, evidence });
    onMarked();
    onDone();
  });
  return (
    <Form onSend={act.run}>
      <Choice
        label={say("programme.as")}
        value={as}
        options={may.map((one) => [one, one === "open" ? say("programme.open_again") : (sentences[one] ?? one)])}
        onChoose={(one) => choose(one as Said)}
      />
      <DateField label={say("programme.on")} value={on} max={dateOf(now())} onInput={setOn} />
      {elsewhere.length > 0 && as !== "open" && (
        <Ticks
          label={say("programme.elsewhere")}
          hint={say("programme.elsewhere_hint")}
          values={evidence}
          options={coded.options("categories", elsewhere)}
          onChange={setEvidence}
        />
      )}
      {act.error !== null && <Refused error={act.error} {...{ of, sentences, coded, lang }} />}
      <p class="row">
        <Button kind="main" type="submit" busy={act.busy}>
          {say("programme.sign_mark")}
        </Button>
        <Button onClick={onDone}>{say("app.cancel")}</Button>
      </p>
    </Form>
  );
}

interface RefusedProps {
  readonly error: unknown;
  readonly of: Tracker;
  readonly sentences: Sentences;
  readonly coded: Coded;
  readonly lang: Lang;
}

function Refused({ error, of, sentences, coded, lang }: RefusedProps): VNode {
  if (!(error instanceof HubError) || error.code !== "conflict" || !error.facts["step"]) {
    return <Problem error={error} />;
  }
  const list = (name: string) => error.facts[name] as readonly string[];
  const row = { id: String(error.facts["step"]), waitsFor: list("waits_for"), lacks: list("lacks") };
  return (
    <Notice kind="warn" live>
      <p>{whyNot(of.template, { ...row, sections: list("sections") }, sentences, coded, lang)}</p>
    </Notice>
  );
}

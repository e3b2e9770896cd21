/** The key considerations: what to ask about a child, the place and the system, unanswered first (C24). */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { answer } from "../../../client/cases.ts";
import * as forms from "../../../client/sections.ts";
import type { Answered, Consideration, Situation } from "../../../client/sections.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, TextArea } from "../../kit/controls.tsx";
import { Foreign } from "../../kit/showing.tsx";
import type { CaseProps } from "./home.tsx";
import { sectionName, type Labels } from "./labels.ts";

const LEVELS = ["individual", "community", "structural"];

export function Questions({
  held,
  put,
  situation,
  labels,
}: CaseProps & { situation: Situation; labels: Labels }): VNode {
  const { say } = useApp();
  const asked = forms.asked(situation);
  const known = forms.answers(held.sections);
  const answered = asked.filter(({ id }) => known[id]).length;
  return (
    <>
      <p role="status">{say("cases.answered", { n: answered, of: asked.length })}</p>
      <p class="hint">{say("cases.answers_go")}</p>
      {LEVELS.map((level) => {
        const rows = asked.filter((row) => row.level === level);
        const open = [...rows].sort((one, other) => Number(!!known[one.id]) - Number(!!known[other.id]));
        return (
          <section key={level}>
            <h2>{say(`cases.level_${level}`)}</h2>
            {open.map((row) => (
              <Question key={row.id} {...{ held, put, row, labels }} said={known[row.id]} />
            ))}
          </section>
        );
      })}
    </>
  );
}

function Question({
  held,
  put,
  row,
  said,
  labels,
}: CaseProps & { row: Consideration; said: Answered | undefined; labels: Labels }): VNode {
  const { member, say } = useApp();
  const [words, setWords] = useState(said?.answer ?? "");
  const question = labels.considerations[row.id] ?? row.id;
  const keep = useAction(async () => {
    if (words.trim()) put(await answer(member, held, row.id, words.trim()));
  });
  return (
    <details class="question">
      <summary>
        <span class="state">{say(said ? "cases.is_answered" : "cases.is_open")}</span> {question}
      </summary>
      {said && (
        <p>
          <Foreign>{said.answer}</Foreign> <span class="quiet">({date(say, said.on)})</span>
        </p>
      )}
      <TextArea
        label={say("cases.answer")}
        hint={say("cases.stands_in", { section: sectionName(labels, row.feeds) })}
        value={words}
        onInput={setWords}
      />
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button kind="main" busy={keep.busy} onClick={keep.run} label={`${say("app.save")}: ${question}`}>
        {say("app.save")}
      </Button>
      {keep.done && <p role="status">{say("cases.saved")}</p>}
    </details>
  );
}

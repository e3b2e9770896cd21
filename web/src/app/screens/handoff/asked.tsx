/** Closing a loop: who was asked whether help came, when, how, and what they said. It stays in the agency's own records. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as outcomes from "../../../client/outcomes.ts";
import type { Asked } from "../../../client/outcomes.ts";
import { GOT_HELP, HOW, WHO } from "../../../client/reasons.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { today } from "../../../link/steps.ts";
import { Button, Choice, Choices, DateField, TextArea } from "../../kit/controls.tsx";
import type { PartProps } from "./index.tsx";
import { useWhy } from "./why.tsx";

const NOT_REACHED = "not_reached";

export function AskedForm({
  shown,
  coded,
  done,
  onBack,
  end,
}: PartProps & { onBack: () => void; end: "close" | "dispute" }): VNode {
  const { say, member, now } = useApp();
  const [who, setWho] = useState("child");
  const [how, setHow] = useState("in_person");
  const [on, setOn] = useState(today(now()));
  const [before, setBefore] = useState("");
  const [answer, setAnswer] = useState("");
  const [words, setWords] = useState("");
  const why = useWhy();
  const missed = answer === NOT_REACHED;
  const act = useAction(async () => {
    const row = (day: string, said: string | null): Asked => ({ who, how, on: day, answer: said, words: words.trim() });
    const rows = missed ? [row(before, null), row(on, null)] : [row(on, answer)];
    await why.with((reason) => outcomes[end](member, shown.id, rows, reason));
    done();
  });
  const answers = GOT_HELP.filter((one) => (end === "close" ? one !== "no" : one !== "yes"));
  const ready = answer !== "" && (!missed || (before !== "" && before !== on));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void act.run();
      }}
    >
      <Choices
        label={say("handoff.asked_answer")}
        value={answer}
        options={[
          ...coded.options("answers", answers),
          ...(end === "close" ? ([[NOT_REACHED, say("handoff.not_reached")]] as const) : []),
        ]}
        onChoose={setAnswer}
      />
      <Choice label={say("handoff.asked_who")} value={who} options={coded.options("who", WHO)} onChoose={setWho} />
      <Choice label={say("handoff.asked_how")} value={how} options={coded.options("how", HOW)} onChoose={setHow} />
      {missed && (
        <DateField
          label={say("handoff.tried_first")}
          hint={say("handoff.tried_hint")}
          max={today(now())}
          value={before}
          onInput={setBefore}
        />
      )}
      <DateField
        label={say(missed ? "handoff.tried_last" : "handoff.asked_on")}
        max={today(now())}
        value={on}
        onInput={setOn}
      />
      <TextArea
        label={say("handoff.asked_words")}
        hint={say("handoff.hint_own")}
        optional
        value={words}
        onInput={setWords}
      />
      {why.field}
      {act.error !== null && !why.asked && <Problem error={act.error} />}
      <p class="row">
        <Button type="submit" kind="main" busy={act.busy} disabled={!ready}>
          {say(`handoff.step.${end}`)}
        </Button>
        <Button onClick={onBack}>{say("app.cancel")}</Button>
      </p>
    </form>
  );
}

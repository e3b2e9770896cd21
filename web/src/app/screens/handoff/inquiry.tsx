/** A question for a place, about nobody, and its answer. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { answer, CAPACITY, ELIGIBLE, read, type Made } from "../../../client/inquiries.ts";
import { useApp, type Children } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choices, DateField, TextField, Ticks } from "../../kit/controls.tsx";
import { Card, Facts, Foreign } from "../../kit/showing.tsx";
import type { Coded } from "./coded.ts";
import type { PartProps } from "./index.tsx";

export function Inquired({ shown, coded, done }: PartProps): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => read(member, shown.id), [shown]);
  const mayAnswer = (shown.view.possible ?? []).length > 0 && shown.to === member.agency;
  return (
    <Loaded of={loading}>
      {({ question, answer: said }) => (
        <>
          {question && (
            <Card title={say("handoff.question")}>
              <Facts
                rows={[
                  [say("handoff.asked_for"), coded.word("needs", question.need)],
                  [say("handoff.age_band"), question.age_band],
                  ...(question.sex ? [[say("handoff.sex"), coded.word("sexes", question.sex)] as const] : []),
                  [say("handoff.needed_from"), date(say, question.from)],
                  [say("handoff.how_many"), String(question.how_many)],
                ]}
              />
              <p class="quiet">{say("handoff.about_nobody")}</p>
            </Card>
          )}
          {said && (
            <Card title={say("handoff.the_answer")}>
              <Facts rows={answerRows(say, coded, said)} />
              {said.exception && (
                <p>
                  <a href={`#/compose?service=${said.exception.service}&exception=${shown.id}`}>
                    {say("handoff.refer_on_exception")}
                  </a>
                </p>
              )}
            </Card>
          )}
          {mayAnswer && <AnswerPlace {...{ shown, coded, done }} service={question?.service ?? null} />}
        </>
      )}
    </Loaded>
  );
}

type Answered = NonNullable<Awaited<ReturnType<typeof read>>["answer"]>;

function answerRows(
  say: ReturnType<typeof useApp>["say"],
  coded: Coded,
  { capacity, from, places, exception }: Answered,
): (readonly [string, Children])[] {
  return [
    [say("handoff.the_answer"), coded.word("capacity", capacity)],
    ...(from ? [[say("handoff.from_day"), date(say, from)] as const] : []),
    ...(typeof places === "number" ? [[say("handoff.places"), String(places)] as const] : []),
    ...(exception
      ? [
          [
            say("handoff.exception_to"),
            exception.criteria.map((code) => coded.word("criteria", code)).join(", "),
          ] as const,
          [say("handoff.exception_until"), date(say, exception.until)] as const,
          [say("handoff.exception_why"), <Foreign key="why">{exception.reason}</Foreign>] as const,
        ]
      : []),
  ];
}

function AnswerPlace({ shown, coded, done, service }: PartProps & { service: string | null }): VNode {
  const { say, member } = useApp();
  const [capacity, setCapacity] = useState("");
  const [from, setFrom] = useState("");
  const [places, setPlaces] = useState("");
  const [criteria, setCriteria] = useState<readonly string[]>([]);
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const act = useAction(async () => {
    const exception: Made | null = criteria.length
      ? { criteria: [...criteria].sort(), until, reason: reason.trim() }
      : null;
    await answer(member, shown.id, {
      capacity,
      from: from || null,
      places: places === "" ? null : Number(places),
      exception,
    });
    done();
  });
  return (
    <Card title={say("handoff.your_turn")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (capacity) void act.run();
        }}
      >
        <Choices
          label={say("handoff.is_there_a_place")}
          value={capacity}
          options={coded.options("capacity", CAPACITY)}
          onChoose={setCapacity}
        />
        <DateField label={say("handoff.from_day")} optional value={from} onInput={setFrom} />
        <TextField
          label={say("handoff.places")}
          optional
          type="number"
          min="0"
          max="500"
          value={places}
          onInput={setPlaces}
        />
        {service !== null && (
          <details>
            <summary>{say("handoff.make_exception")}</summary>
            <p class="hint">{say("handoff.exception_hint")}</p>
            <Ticks
              label={say("handoff.exception_to")}
              values={criteria}
              options={coded.options("criteria", ELIGIBLE)}
              onChange={setCriteria}
            />
            <DateField label={say("handoff.exception_until")} value={until} onInput={setUntil} />
            <TextField label={say("handoff.exception_why")} maxLength={200} value={reason} onInput={setReason} />
          </details>
        )}
        {act.error !== null && <Problem error={act.error} />}
        <p class="row">
          <Button type="submit" kind="main" busy={act.busy} disabled={!capacity}>
            {say("app.send")}
          </Button>
        </p>
      </form>
    </Card>
  );
}

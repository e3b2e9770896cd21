/**
 * What can be done now: each step is one press, or one form and a press. The hub says which are possible; what the other
 * side said by phone or on paper is entered beside them.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { changeUrgency, pauseClock, take } from "../../../client/referrals.ts";
import { possibleSteps } from "../../../client/steps.ts";
import { STEPS as FORMS, type Field, type Step } from "../../../link/steps.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { ballOf, type Row } from "../../../client/queues.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choices, Form as Frame } from "../../kit/controls.tsx";
import { Card } from "../../kit/showing.tsx";
import type { PartProps } from "./index.tsx";
import { lazy } from "./lazy.tsx";
import { StepForm } from "./step_form.tsx";

const AnswerForm = lazy(async () => (await import("./answer.tsx")).AnswerForm);
const AskedForm = lazy(async () => (await import("./asked.tsx")).AskedForm);
const ReportForm = lazy(async () => (await import("./report.tsx")).ReportForm);
const UnmetForm = lazy(async () => (await import("./unmet.tsx")).UnmetForm);
const Propose = lazy(async () => (await import("./propose.tsx")).Propose);
const URGENCIES = ["emergency", "urgent", "high", "routine"];
const TEXT: Field = { kind: "text", name: "text", needed: false };
const NEEDED: Field = { ...TEXT, needed: true } as Field;
const DUE: Field = { kind: "date", name: "due", ahead: true };
const sender = (name: string, words: readonly Field[] = []): Step => ({ name, body: [], words });

/** The sender's steps that take a form like the recipient's; others have forms of their own. */
const SENDERS: readonly Step[] = [
  sender("cancel", [TEXT]),
  sender("ask_to_stop", [TEXT]),
  sender("pause_clock", [DUE, NEEDED]),
  sender("mark_error"),
];
/** A yes with a waiting list is two statements of the table, and one answer to whoever gives it. */
const WAIT: Step = { name: "wait", body: [{ kind: "date", name: "review", ahead: true }], words: [TEXT] };
/** The likeliest comes first, and is drawn as the main one. */
const ORDER = [
  ...["answer", "close", "dispute", "resolve", "accept", "start", "report_outcome", "acknowledge", "wait", "waitlist"],
  ...["ask", "decline", "resume", "agree_to_stop", "refuse_to_stop", "cannot_deliver", "pause", "late_answer"],
  ...["change_urgency", "pause_clock", "ask_to_stop", "cancel", "mark_error"],
];
const MAIN = 4;
/** Whoever cannot help may say who might. */
const PROPOSING = ["decline", "cannot_deliver"];
const WARNING = ["cancel", "mark_error", "cannot_deliver", "decline", "dispute"];
/** What was said already is not offered again by the same side: only corrections of a report are. */
const AGAIN: { readonly [state: string]: readonly string[] } = {
  acknowledged: ["acknowledge"],
  accepted: ["accept", "decline"],
};

export function StepPanel(props: PartProps & { needs: readonly string[] }): VNode | null {
  const { say, member } = useApp();
  const { shown } = props;
  const [chosen, choose] = useState<string | null>(null);
  const { own, reported } = possibleSteps(member, shown);
  const repeated = shown.view.grade === "signed" ? (AGAIN[shown.state ?? ""] ?? []) : [];
  const able = own.includes("accept") && shown.state !== "accepted" ? [...own, WAIT.name] : own;
  const names = ORDER.filter((name) => able.includes(name) && !repeated.includes(name));
  const done = (words?: string) => {
    choose(null);
    props.done(words);
  };
  if (names.length === 0 && reported.length === 0) return null;
  const ours = ballOf(shown.view as unknown as Row, member.agency) === "us";
  const most = shown.view.being_confirmed ? 0 : MAIN; // what was said last is on its way: nothing presses
  const more = [...names.slice(most), ...(reported.length ? ["report"] : [])];
  const buttons = (some: readonly string[], first: number) =>
    some.map((name, at) => (
      <Choosing key={name} name={name} main={at < first} {...props} done={done} onChoose={() => choose(name)} />
    ));
  return (
    <Card title={say("handoff.your_turn")} kind="steps-card">
      {chosen !== null ? (
        <>
          <h3>{say(`handoff.step.${chosen}`)}</h3>
          <p>{say(`handoff.about.${chosen}`)}</p>
          <Form {...props} name={chosen} done={done} onBack={() => choose(null)} reported={reported} />
        </>
      ) : (
        <>
          {most > 0 && <div class="row">{buttons(names.slice(0, most), Number(ours))}</div>}
          {more.length > 0 && (
            <details>
              <summary>{say("handoff.more_steps")}</summary>
              <div class="row">{buttons(more, 0)}</div>
            </details>
          )}
        </>
      )}
    </Card>
  );
}

/** A step to choose: what asks for nothing is sent by the first press, but for what cannot be taken back. */
function Choosing({
  name,
  main,
  shown,
  done,
  onChoose,
}: PartProps & { name: string; main: boolean; onChoose: () => void }): VNode {
  const { say, member } = useApp();
  const form = FORMS.find((one) => one.name === name);
  const asks = !form || form.body.length + form.words.length > 0;
  const act = useAction(async () => {
    await take(member, shown.id, name);
    done();
  });
  const kind = main ? "main" : WARNING.includes(name) ? "warn" : "plain";
  return (
    <>
      <Button kind={kind} busy={act.busy} onClick={asks ? onChoose : act.run}>
        {say(`handoff.step.${name}`)}
      </Button>
      {act.error !== null && <Problem error={act.error} />}
    </>
  );
}

interface FormProps extends PartProps {
  readonly name: string;
  readonly needs: readonly string[];
  readonly reported: readonly string[];
  readonly onBack: () => void;
}

function Form({ name, shown, coded, needs, reported, done, onBack }: FormProps): VNode {
  const { say, member } = useApp();
  const [instead, propose] = useState("");
  const part = { shown, coded, done, onBack };
  if (name === "answer") return <AnswerForm {...part} />;
  if (name === "close" || name === "dispute") return <AskedForm {...part} end={name} />;
  if (name === "resolve") return <UnmetForm {...part} />;
  if (name === "report") return <ReportForm {...part} steps={reported} />;
  if (name === "change_urgency") return <UrgencyForm {...part} />;
  const form = [...FORMS, ...SENDERS, WAIT].find((one) => one.name === name)!;
  const words = needs.length > 1 ? form.words : form.words.filter((field) => field.name !== "needs");
  const send = async (said: JsonObject) => {
    if (name === "pause_clock") {
      return pauseClock(member, shown.id, endOf(String(said["due"])), String(said["text"]));
    }
    const redirect = instead ? { redirect: { agency: instead, service: null } } : {};
    if (name !== WAIT.name) return take(member, shown.id, name, { ...said, ...redirect });
    await take(member, shown.id, "accept", { first_contact: said["review"]! });
    return take(member, shown.id, "waitlist", said);
  };
  return (
    <StepForm
      fields={[...form.body, ...words]}
      name={`${shown.id}/${name}`}
      {...{ coded, needs, onBack }}
      send={say(`handoff.step.${name}`)}
      warn={WARNING.includes(name)}
      {...(form.body.length + words.length > 0 ? { hint: say(sealedHint(name, words)) } : {})}
      onSend={async (said) => {
        await send(said);
        done();
      }}
    >
      {PROPOSING.includes(name) && <Propose value={instead} onChoose={propose} without={[shown.from, shown.to]} />}
    </StepForm>
  );
}

/** Who will be able to read what is typed. */
const sealedHint = (name: string, words: readonly Field[]): string => {
  if (words.length === 0) return "handoff.hint_none";
  return SENDERS.some((step) => step.name === name) ? "handoff.hint_own" : "handoff.hint_sealed";
};

/** The last second of a day where the reader is. */
const endOf = (day: string): number => Math.floor(new Date(`${day}T23:59:00`).getTime() / 1000);

function UrgencyForm({ shown, done, onBack }: PartProps & { onBack: () => void }): VNode {
  const { say, member } = useApp();
  const [urgency, set] = useState(shown.view.urgency ?? "routine");
  const act = useAction(async () => {
    await changeUrgency(member, shown.id, urgency);
    done();
  });
  return (
    <Frame onSend={act.run}>
      <Choices
        label={say("handoff.urgency")}
        value={urgency}
        options={URGENCIES.map((one) => [one, say(`inbox.urgency.${one}`)] as const)}
        onChoose={set}
      />
      {act.error !== null && <Problem error={act.error} />}
      <p class="row">
        <Button type="submit" kind="main" busy={act.busy}>
          {say("handoff.step.change_urgency")}
        </Button>
        <Button onClick={onBack}>{say("app.cancel")}</Button>
      </p>
    </Frame>
  );
}

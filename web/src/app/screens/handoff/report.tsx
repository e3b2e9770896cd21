/** What the recipient said by phone, by message or on paper: entered here with its evidence, or with a code read back. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { readBack, report, sendCode, type SentCode, type Via } from "../../../client/proxies.ts";
import { KINDS } from "../../../client/bodies.ts";
import { today } from "../../../link/steps.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choice, Choices, DateField, TextArea, TextField, Tick } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import type { PartProps } from "./index.tsx";

const VIAS: readonly Via[] = ["phone", "sms", "paper"];

export function ReportForm({
  shown,
  done,
  onBack,
  steps,
}: PartProps & { steps: readonly string[]; onBack: () => void }): VNode {
  const { say, member, now } = useApp();
  const [step, setStep] = useState(steps[0] ?? "acknowledge");
  const [via, setVia] = useState<Via>("phone");
  const [words, setWords] = useState("");
  const [on, setOn] = useState(today(now()));
  const [day, setDay] = useState(today(now()));
  const [ask, setAsk] = useState(true);
  const [code, setCode] = useState<string | null>(null);
  const dated = Object.keys(KINDS.get(`referral.${step}`)?.body ?? {});
  const act = useAction(async () => {
    const body = Object.fromEntries(dated.map((name) => [name, day]));
    await report(member, shown.id, { step, via, words: words.trim(), body, on, code, ask });
    done();
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (words.trim()) void act.run();
      }}
    >
      <Choice
        label={say("handoff.report_step")}
        value={step}
        options={steps.map((name) => [name, say(`handoff.step.${name}`)] as const)}
        onChoose={setStep}
      />
      <Choices
        label={say("handoff.report_via")}
        value={via}
        options={VIAS.map((one) => [one, say(`handoff.via.${one}`)] as const)}
        onChoose={(chosen) => setVia(chosen as Via)}
      />
      <DateField label={say("handoff.report_on")} max={today(now())} value={on} onInput={setOn} />
      {dated.map((name) => (
        <DateField key={name} label={say(`handoff.field.${name}`)} value={day} onInput={setDay} />
      ))}
      <TextArea
        label={say("handoff.report_words")}
        hint={say("handoff.report_words_hint")}
        value={words}
        onInput={setWords}
      />
      {via === "phone" && <CodeBack handoff={shown.id} done={code !== null} onCode={setCode} />}
      {code === null && <Tick label={say("handoff.report_ask")} checked={ask} onTick={setAsk} />}
      {act.error !== null && <Problem error={act.error} />}
      <p class="row">
        <Button type="submit" kind="main" busy={act.busy} disabled={!words.trim()}>
          {say("handoff.step.report")}
        </Button>
        <Button onClick={onBack}>{say("app.cancel")}</Button>
      </p>
    </form>
  );
}

/** Six digits go to the number that the service map has checked; whoever answers there reads them out. */
function CodeBack({
  handoff,
  done,
  onCode,
}: {
  handoff: string;
  done: boolean;
  onCode: (code: string) => void;
}): VNode {
  const { say, member } = useApp();
  const [sent, setSent] = useState<SentCode | null>(null);
  const [digits, setDigits] = useState("");
  const sending = useAction(async () => setSent(await sendCode(member, handoff)));
  const reading = useAction(async () => {
    await readBack(member, handoff, sent!.code, digits);
    onCode(sent!.code);
  });
  if (done) {
    return (
      <Notice kind="good" live>
        <p>{say("handoff.code_right")}</p>
      </Notice>
    );
  }
  return (
    <details>
      <summary>{say("handoff.code_offer")}</summary>
      {sent === null ? (
        <Button busy={sending.busy} onClick={sending.run}>
          {say("handoff.code_send")}
        </Button>
      ) : (
        <>
          <p>{say("handoff.code_sent", { ends: sent.number_ends })}</p>
          <TextField label={say("handoff.code_digits")} inputMode="numeric" code value={digits} onInput={setDigits} />
          <Button busy={reading.busy} onClick={reading.run}>
            {say("handoff.code_compare")}
          </Button>
        </>
      )}
      {sending.error !== null && <Problem error={sending.error} />}
      {reading.error !== null && <Problem error={reading.error} />}
    </details>
  );
}

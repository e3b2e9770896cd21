/** Accepting a child: what was sent, how the child is received and when, who is on duty, and who signs second. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { HubError } from "../../../client/session.ts";
import * as transfers from "../../../client/transfers.ts";
import { useApp } from "../../core/app.ts";
import { useAction } from "../../core/loading.tsx";
import { useTyped } from "../../core/typed.ts";
import { Form, TextArea, Ticks } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { useWhy } from "../handoff/why.tsx";
import { Came } from "./came.tsx";
import { GatesBefore } from "./checklist.tsx";
import { begun, PlanFields, planTyped, wrongPlan } from "./plan_fields.tsx";
import { onDuty, planOf, seconds, type PartProps } from "./room.ts";
import { Second } from "./second.tsx";
import { Foot } from "./signing.tsx";

/** How a child is received, in the receiver's words; names of the sealed plan. */
export const RECEPTION = ["where", "who", "sleeps", "health", "more"];

export function Accept(props: PartProps): VNode {
  const { say, member, now } = useApp();
  const { shown, people, done } = props;
  const others = seconds(people, member.id);
  const [plan, setPlan] = useState(() => begun(planOf(shown), now()));
  const [words, setWords, sent] = useTyped<{ readonly [name: string]: string }>(`step/${shown.id}/accept`, {});
  const [duty, setDuty] = useState<readonly string[]>([member.id]);
  const [second, setSecond] = useState(others.length === 1 ? others[0]![0] : "");
  const [tried, setTried] = useState(false);
  const why = useWhy();
  const wrong = tried ? wrongPlan(say, plan, now()) : null;
  const act = useAction(async () => {
    setTried(true);
    const typed = wrongPlan(say, plan, now()) === null ? planTyped(plan) : null;
    if (!typed || !second || duty.length === 0) return;
    const said = Object.fromEntries(Object.entries(words).filter(([, value]) => value.trim()));
    await why.with((reason) => transfers.accept(member, shown.id, { plan: typed, duty, second, words: said }, reason));
    await sent();
    done(say("transfer.prepared"));
  });
  const blocked = act.error instanceof HubError && act.error.code === "gate_closed";
  return (
    <>
      <Came {...props} />
      <Form onSend={act.run}>
        <Card title={say("transfer.plan")}>
          <PlanFields typed={plan} onType={setPlan} error={wrong} />
          <Ticks
            label={say("transfer.duty_who")}
            hint={say("transfer.duty_hint")}
            values={duty}
            options={onDuty(people)}
            onChange={setDuty}
            error={tried && duty.length === 0 ? say("transfer.duty_none") : null}
          />
        </Card>
        <Card title={say("transfer.reception")}>
          <p class="quiet">{say("transfer.text_sealed")}</p>
          {RECEPTION.map((name) => (
            <TextArea
              key={name}
              rows={2}
              optional
              label={say(`transfer.reception.${name}`)}
              value={words[name] ?? ""}
              onInput={(value) => setWords({ ...words, [name]: value })}
            />
          ))}
        </Card>
        <Card>
          <GatesBefore leg={shown.id} step="accept" plan={planTyped(plan)} now={blocked} />
        </Card>
        <Second options={others} value={second} onChoose={setSecond} missing={tried && !second} />
        {tried && wrong !== null && (
          <Notice kind="warn" live>
            <p>{wrong}</p>
          </Notice>
        )}
        <Foot {...{ act, why }} words="prepare" disabled={others.length === 0} back={`#/transfer/${shown.id}`} />
      </Form>
    </>
  );
}

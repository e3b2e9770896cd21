/** One step on a leg: what it means, who else signs, its few fields, and the press that signs and sends it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import { colleagues } from "../../../client/colleagues.ts";
import { show } from "../../../client/handoffs.ts";
import { whoTakes } from "../../../client/legs.ts";
import { REASONS } from "../../../client/reasons.ts";
import { HubError } from "../../../client/session.ts";
import * as steps from "../../../client/transfer_steps.ts";
import * as transfers from "../../../client/transfers.ts";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { useTyped } from "../../core/typed.ts";
import { Button, Choice, DateField, Form as Frame, TextArea, TextField } from "../../kit/controls.tsx";
import { Card, Notice, Page } from "../../kit/showing.tsx";
import { loadCoded } from "../handoff/coded.ts";
import { useWhy } from "../handoff/why.tsx";
import { Accept } from "./accept.tsx";
import { AddSections } from "./add_sections.tsx";
import { AskAssessment, SendAssessment } from "./assess.tsx";
import { GatesBefore } from "./checklist.tsx";
import { begun, PlanFields, planTyped, wrongPlan, type Typed } from "./plan_fields.tsx";
import { fromField, planOf, rolesWord, toField, type PartProps } from "./room.ts";
import { Foot } from "./signing.tsx";
import { FORMS, type Form } from "./steps.ts";
import { Verify } from "./verify.tsx";

const AHEAD = 2 * 86_400;

export function StepPage({ id, step }: { id: string; step: string }): VNode {
  const { say, member, lang } = useApp();
  const [sent, tell] = useState<string | null>(null);
  const form = FORMS[step];
  const loading = useLoaded(async () => {
    const [shown, coded, people] = await Promise.all([show(member, id), loadCoded(lang), colleagues(member)]);
    return { shown, coded, people };
  }, [member, id, lang]);
  return (
    <Page title={say(`transfer.step.${step}`)} back={`transfer/${id}`}>
      {sent !== null ? (
        <Done words={sent} leg={id} step={step} />
      ) : (
        <Loaded of={loading}>
          {(found) => {
            const part = { ...found, done: (words?: string) => tell(words ?? say("transfer.sent")) };
            return form ? <Step {...part} step={step} form={form} /> : <p>{say("transfer.nothing_now")}</p>;
          }}
        </Loaded>
      )}
    </Page>
  );
}

function Done({ words, leg, step }: { words: string; leg: string; step: string }): VNode {
  const { say } = useApp();
  return (
    <>
      <Notice kind="good" live>
        <p>{words}</p>
        {step === "take" && <p>{say("transfer.hold_on")}</p>}
      </Notice>
      <p class="row">
        <a class="button main" href={`#/transfer/${leg}`}>
          {say("transfer.to_journey")}
        </a>
      </p>
    </>
  );
}

interface StepProps extends PartProps {
  readonly step: string;
  readonly form: Form;
}

function Step(props: StepProps): VNode {
  const { say, member, roles } = useApp();
  const { shown, step, form } = props;
  const who = whoTakes(member, shown, step);
  const may = who?.roles.some((role) => roles.includes(role)) && shown.view.possible?.includes(`transfer.${step}`);
  const byMessage = step === "message" && shown.from === member.agency;
  return (
    <>
      <p class="lead">{say(`transfer.about.${step}`)}</p>
      {!may && (
        <Notice kind="warn">
          <p>{say("transfer.not_yours", { roles: who ? rolesWord(say, who.roles) : say("transfer.other_side") })}</p>
        </Notice>
      )}
      {form.own === "accept" && <Accept {...props} />}
      {form.own === "verify" && <Verify {...props} />}
      {form.own === "ask_assessment" && <AskAssessment {...props} />}
      {form.own === "send_assessment" && <SendAssessment {...props} />}
      {form.own === "sections" || byMessage ? (
        <AddSections {...props} />
      ) : (
        form.own === undefined && <Simple {...props} />
      )}
    </>
  );
}

interface Values {
  readonly code: string;
  readonly day: string;
  readonly next_day: string;
  readonly first_contact_day: string;
  readonly seen: string;
}

function Simple({ shown, coded, step, form, done }: StepProps): VNode {
  const { say, member, now } = useApp();
  const [plan, setPlan] = useState<Typed>(() => begun(planOf(shown), now()));
  const [values, setValues] = useState<Values>(() => ({
    ...{ code: "", day: dateOf(now()), next_day: "", seen: toField(now()) },
    first_contact_day: dateOf(now() + AHEAD),
  }));
  const [text, setText, sent] = useTyped(`step/${shown.id}/${step}`, "");
  const typed: { readonly [name: string]: string } = { ...values, text };
  const [tried, setTried] = useState(false);
  const has = (name: string) => form.fields.some((field) => field.replace(/[!?]/, "") === name);
  const why = useWhy();
  const wrong = tried ? wrongOf() : {};
  const act = useAction(async () => {
    setTried(true);
    if (Object.keys(wrongOf()).length) return;
    const answer = await why.with((reason) => run(reason));
    await sent();
    if (isObject(answer["halted"])) done(`${say("transfer.halted")}: ${haltWords(answer["halted"])}`);
    else done(answer["queued"] === true ? say("transfer.queued") : undefined);
  });
  const set = (name: keyof Values) => (value: string) => setValues({ ...values, [name]: value });

  function wrongOf(): { readonly [name: string]: string } {
    const needs = form.fields.filter((field) => !["text", "plan", "next_day?"].includes(field));
    const missing = needs.map((field) => field.replace("!", "")).filter((field) => !typed[field]!.trim());
    const late =
      has("seen") && values.seen && fromField(values.seen) > now() ? { seen: say("transfer.seen_future") } : {};
    const journey = has("plan") ? wrongPlan(say, plan, now()) : null;
    return {
      ...Object.fromEntries(missing.map((name) => [name, say("app.required")])),
      ...late,
      ...(journey === null ? {} : { plan: journey }),
    };
  }

  /** How many handoffs were stopped in which way. */
  function haltWords(told: JsonObject): string {
    const ways = Object.values(told).map(String);
    const each = [...new Set(ways)].map(
      (way) => `${say(`transfer.halt.${way}`)} (${ways.filter((one) => one === way).length})`,
    );
    return each.join(", ");
  }

  async function run(reason: string | undefined): Promise<JsonObject> {
    const words = text.trim() || undefined;
    const { id } = shown;
    if (step === "depart") return transfers.depart(member, id, planTyped(plan)!, reason);
    if (step === "change") return steps.change(member, id, planTyped(plan)!, words);
    if (step === "acknowledge_change") return steps.acknowledgeChange(member, id);
    if (step === "arrive") return steps.arrive(member, id, Math.min(fromField(values.seen), now()), words, reason);
    if (step === "release") return transfers.release(member, id, reason);
    if (step === "take") return transfers.take(member, id, values.first_contact_day, reason);
    if (step === "cosign") return steps.cosign(member, id);
    if (step === "search") return transfers.search(member, id);
    if (step === "message") return steps.askMore(member, id, words ?? "");
    if (step === "close") return steps.close(member, id, words, reason);
    if (step === "halt") {
      return { halted: Object.fromEntries(await steps.halt(member, id, words ?? "", reason)) };
    }
    const said: JsonObject = {
      ...(has("text") && words !== undefined ? { text: words } : {}),
      ...(has("code") ? { code: values.code } : {}),
      ...(has("day") ? { day: values.day } : {}),
      ...(has("next_day") ? { next: values.next_day || null } : {}),
    };
    return steps.take(member, id, step, said);
  }

  const needsText = form.fields.includes("text!");
  const blocked = act.error instanceof HubError && act.error.code === "gate_closed";
  const own = form.kept === true || shown.from === member.agency;
  const claimed = step === "cosign" ? steps.claim(member, shown) : null;
  return (
    <Frame onSend={act.run}>
      {claimed && (
        <Notice kind="warn">
          <p>
            {say("transfer.claimed", {
              step: say(`transfer.step.${claimed.statement.type.slice("transfer.".length)}`),
            })}
          </p>
          <p>
            <bdi>{claimed.statement.by.map((one) => ("member" in one ? shortOf(one.agency) : one.hub)).join(", ")}</bdi>
          </p>
        </Notice>
      )}
      {has("plan") && <PlanFields typed={plan} onType={setPlan} error={wrong["plan"] ?? null} />}
      {has("seen") && (
        <TextField
          type="datetime-local"
          label={say("transfer.seen")}
          value={values.seen}
          max={toField(now())}
          onInput={set("seen")}
          error={wrong["seen"]}
        />
      )}
      {has("code") && (
        <Choice
          label={say("transfer.code")}
          value={values.code}
          none={say("transfer.code_none")}
          options={coded.options("codes", REASONS)}
          onChoose={set("code")}
          error={wrong["code"]}
        />
      )}
      {(["day", "next_day", "first_contact_day"] as const).filter(has).map((name) => (
        <DateField
          key={name}
          label={say(`transfer.${name}`)}
          value={values[name]}
          onInput={set(name)}
          error={wrong[name]}
          optional={form.fields.includes(`${name}?`)}
        />
      ))}
      {has("text") && (
        <TextArea
          label={say("transfer.text")}
          hint={say(own ? "transfer.text_own" : "transfer.text_sealed")}
          value={text}
          onInput={setText}
          optional={!needsText}
          error={wrong["text"]}
        />
      )}
      {form.gate && (
        <Card>
          <GatesBefore leg={shown.id} step={form.gate} plan={has("plan") ? planTyped(plan) : null} now={blocked} />
        </Card>
      )}
      {step === "release" && <MeetingLink leg={shown.id} />}
      {step === "take" && <OpenMeeting leg={shown.id} />}
      <Foot act={act} why={why} warn={form.warn === true} back={`#/transfer/${shown.id}`} />
    </Frame>
  );
}

function MeetingLink({ leg }: { leg: string }): VNode {
  const { say } = useApp();
  return (
    <p>
      <a href={`#/handover/${leg}`}>{say("transfer.meeting_go")}</a>
    </p>
  );
}

/** The other side's record of the meeting is opened and kept first: this side ticks beside it. */
function OpenMeeting({ leg }: { leg: string }): VNode {
  const { say, member, go } = useApp();
  const why = useWhy();
  const open = useAction(async () => {
    const { record } = await why.with((reason) => transfers.openedRelease(member, leg, reason));
    go(`handover/${record}`);
  });
  return (
    <>
      {why.field}
      <p class="row">
        <Button busy={open.busy} onClick={open.run}>
          {say("transfer.meeting_go")}
        </Button>
      </p>
      {open.error !== null && !why.asked && <Problem error={open.error} />}
    </>
  );
}

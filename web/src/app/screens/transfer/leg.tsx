/** One leg: where it stands, what is next and whose turn it is, the journey, who is responsible, the gates, what happened. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as cases from "../../../client/cases.ts";
import { calledIn, colleagues, type Colleague } from "../../../client/colleagues.ts";
import * as cosigning from "../../../client/cosigning.ts";
import { siblings } from "../../../client/families.ts";
import { show, type Shown } from "../../../client/handoffs.ts";
import { possibleSteps, whoTakes, withdrawn } from "../../../client/legs.ts";
import type { Plan } from "../../../client/journey.ts";
import type { Member } from "../../../client/member.ts";
import { ballOf } from "../../../client/queues.ts";
import { INTAKE, known, newest, whoHolds, type Holding } from "../../../client/register.ts";
import { ofCase, type Telling } from "../../../client/telling.ts";
import { timeline } from "../../../client/timeline.ts";
import { inRegister } from "../../../client/transfers.ts";
import { claim, unseenChange } from "../../../client/transfer_steps.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Choice } from "../../kit/controls.tsx";
import { Ball, Card, Due, Facts, Foreign, Notice, Page, StateWord } from "../../kit/showing.tsx";
import { loadCaseWords, loadLabels } from "../cases/labels.ts";
import { Untold } from "../cases/untold.tsx";
import { loadCoded } from "../handoff/coded.ts";
import { Inquired } from "../handoff/inquiry.tsx";
import { keepName, namesOf } from "../inbox/names.ts";
import { Came } from "./came.tsx";
import { GatesBefore } from "./checklist.tsx";
import { CosignLine, CosignWaits } from "./cosign_line.tsx";
import { Happened } from "./happened.tsx";
import { Holder } from "./holder.tsx";
import { planOf, planWords, rolesWord, type PartProps } from "./room.ts";
import { FORMS } from "./steps.ts";
import { Way } from "./way.tsx";

/** Steps that carry the journey on, in the order in which they are offered; all others stand below. */
const FORWARD = [
  ...["answer_inquiry", "request_assessment", "return_assessment", "offer", "search"],
  ...["cosign", "acknowledge_change", "acknowledge", "answer", "accept", "depart", "arrive"],
  ...["first_contact", "follow_up", "verify", "release", "take", "resolve", "unfreeze"],
];
/** What a holder does beside the leg, and asks the gates about before. */
const BESIDE = ["placement", "reunification"];
/** The gates that are asked before a step of this side, by the state in which it comes next. */
const GATED: { readonly [state: string]: { readonly sender?: string[]; readonly receiver?: string[] } } = {
  acknowledged: { receiver: ["accept"] },
  accepted: { sender: ["depart"] },
  arrived: { sender: ["release"] },
  disputed: { sender: ["release"] },
  released: { receiver: ["take"] },
  responsibility_transferred: { receiver: BESIDE },
  monitoring: { receiver: ["close", ...BESIDE] },
};

const INQUIRES = "transfer.inquire";
/** What brings sections of a case along. */
const SENT = ["transfer.offer", "transfer.request_assessment"];

interface Known {
  readonly shown: Shown;
  readonly holding: Holding;
  readonly record: string | null;
  readonly reference: string | null;
  readonly others: readonly Shown[];
  readonly waits: readonly cosigning.Waiting[];
  readonly together: readonly string[];
  readonly untold: readonly Telling[];
}

async function load(member: Member, id: string, waits: readonly cosigning.Waiting[]): Promise<Known> {
  const [shown, holding, file] = await Promise.all([show(member, id), whoHolds(member, id), cases.ofLeg(member, id)]);
  const held = file && (await inRegister(member, file));
  const names = (held?.legs ?? []).filter((leg) => leg !== id);
  const others = (await Promise.all(names.map((leg) => known(member, leg)))).filter((one) => one !== null);
  const together = await siblings(member, id);
  const owed = file ? await ofCase(member, file) : [];
  return {
    shown,
    holding,
    record: held?.record ?? null,
    reference: held?.reference ?? null,
    others,
    waits,
    together,
    untold: owed.filter((telling) => telling.leg === id),
  };
}

export function Leg({ id }: { id: string }): VNode {
  const { say, member, local, lang } = useApp();
  const [said, tell] = useState<string | null>(null);
  const loading = useLoaded(async () => {
    const [names, coded, people, waiting, labels] = await Promise.all([
      namesOf(local),
      loadCoded(lang),
      colleagues(member),
      cosigning.waiting(member),
      loadLabels(lang),
      loadCaseWords(lang),
    ]);
    const waits = waiting.filter(({ handoff }) => handoff === id);
    const unsent = waits.length > 0 && (await known(member, id)) === null;
    const leg = unsent ? null : await load(member, id, waits);
    const name = names[id] ?? leg?.reference;
    if (leg && !withdrawn(leg.shown)) await keepName(local, id, name ?? null); // lists tell cases apart from now on
    return { leg, waits, coded, people, labels, name };
  }, [member, id, lang]);
  const done = (words?: string) => {
    tell(words ?? say("transfer.sent"));
    loading.again();
  };
  const name = loading.is === "ready" ? loading.value.name : null;
  return (
    <Page title={name ?? say("transfer.leg")} back="transfers">
      {said !== null && (
        <Notice kind="good" live>
          <p>{said}</p>
        </Notice>
      )}
      <Loaded of={loading}>
        {({ leg, waits, coded, people, labels }) => {
          if (!leg) return <CosignWaits item={waits[0]!} people={people} />;
          const { shown, holding, record, others } = leg;
          const part = { shown, coded, people, done };
          const side = member.agency === shown.to ? "receiver" : "sender";
          const came = shown.lines[0]!.statement.type !== INTAKE; // with a packet, from somebody
          const gated = GATED[shown.state ?? ""]?.[side];
          return (
            <>
              <Standing {...part} leg={leg} />
              <Untold tellings={leg.untold} labels={labels} people={people} />
              <Next {...part} />
              {shown.lines[0]!.statement.type === INQUIRES && <Inquired {...part} />}
              {came && newest(shown, ...SENT) !== null && <Came {...part} />}
              <div class="beside">
                {came && <Way shown={shown} holding={holding} />}
                <Holder holding={holding} name={record ?? id} coded={coded} />
              </div>
              {gated && (
                <div class="card">
                  <Gated leg={id} steps={gated} plan={planOf(shown)} />
                  {record !== null && (
                    <p class="row">
                      <a class="button" href={`#/transfer/lift/${record}?leg=${id}`}>
                        {say("transfer.gates_lift")}
                      </a>
                    </p>
                  )}
                </div>
              )}
              <Happened made={timeline([shown, ...others])} coded={coded} />
              <p class="row">
                <Button onClick={() => globalThis.print()}>{say("app.print")}</Button>
                <Button onClick={loading.again}>{say("inbox.again")}</Button>
              </p>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Standing({ shown, people, leg }: PartProps & { leg: Known }): VNode {
  const { say, member } = useApp();
  const { ball = null, due = null, being_confirmed = false } = shown.view;
  const row = { ball, custody: null, from_agency: shown.from, to_agency: shown.to, being_confirmed };
  const turn = ballOf(row, member.agency);
  const sent = shown.from === member.agency;
  const other = shortOf(sent ? shown.to : shown.from);
  const plan = planOf(shown);
  const duty = (newest(shown, "transfer.accept")?.statement.body["duty"] as string[] | undefined) ?? [];
  const facts: [string, VNode | string][] = [
    ...(shown.from === shown.to
      ? []
      : [[say(sent ? "transfer.to" : "transfer.from"), <Foreign key="other">{other}</Foreign>] as [string, VNode]]),
    ...(plan ? [[say("transfer.plan_depart"), moment(say, plan.depart)] as [string, string]] : []),
    ...(plan ? [[say("transfer.plan_arrive"), planWords(say, plan)] as [string, string]] : []),
    ...(duty.length && !sent
      ? [[say("transfer.duty"), duty.map((id) => calledIn(people, id)).join(", ")] as [string, string]]
      : []),
  ];
  return (
    <Card title={say("transfer.now")} kind={turn === "us" ? "mine" : ""}>
      <p class="row tight">
        {shown.state && <StateWord words={`transfer.state.${shown.state}`} />}
        <Ball who={turn} {...(turn === "them" ? { name: other } : {})} />
        <Due at={due} />
      </p>
      <Flags shown={shown} leg={leg} people={people} />
      <Facts rows={facts} />
      {leg.together.length > 0 && (
        <p>
          {say("transfer.siblings")}{" "}
          {leg.together.map((id, index) => (
            <span key={id}>
              {index > 0 && " · "}
              <a href={`#/transfer/${id}`}>
                {say("transfer.leg")} {index + 1}
              </a>
            </span>
          ))}
        </p>
      )}
      {leg.record !== null && (
        <p>
          <a href={`#/cases/${leg.record}`}>{say("transfer.case_file")}</a>
        </p>
      )}
    </Card>
  );
}

/** The gates before a step; where several may come next, before the one that is chosen. */
function Gated({ leg, steps, plan }: { leg: string; steps: readonly string[]; plan: Plan | null }): VNode {
  const { say } = useApp();
  const [step, choose] = useState(steps[0]!);
  return (
    <>
      {steps.length > 1 && (
        <Choice
          label={say("transfer.gates_before")}
          value={step}
          options={steps.map((name) => [name, say(`transfer.step.${name}`)])}
          onChoose={choose}
        />
      )}
      <GatesBefore key={step} leg={leg} step={step} plan={plan} />
    </>
  );
}

/** What has to be known before anything else: alarms, what stands still, what waits for a second signature. */
function Flags({ shown, leg, people }: { shown: Shown; leg: Known; people: readonly Colleague[] }): VNode {
  const { say, member } = useApp();
  const claimed = claim(member, shown);
  const stepWord = (type: string) => say(`transfer.step.${type.slice(type.indexOf(".") + 1)}`);
  const warnings = [
    ...(shown.state === "missing_on_arrival" ? [say("transfer.alarm")] : []),
    ...(claimed ? [say("transfer.claimed", { step: stepWord(claimed.statement.type) })] : []),
    ...(unseenChange(member, shown) ? [say("transfer.changed")] : []),
    ...(shown.frozen ? [say("transfer.frozen")] : []),
    ...(withdrawn(shown) ? [say("transfer.withdrawn")] : []),
  ];
  return (
    <>
      {warnings.map((words) => (
        <Notice kind="warn" key={words}>
          <p>{words}</p>
        </Notice>
      ))}
      {shown.view.being_confirmed && (
        <Notice>
          <p>{say("transfer.confirming")}</p>
        </Notice>
      )}
      {leg.waits.map((item) => {
        const [first, second] = [calledIn(people, item.first), calledIn(people, item.second)];
        return (
          <Notice key={item.record}>
            {item.second === member.id ? (
              <CosignLine item={item} first={first} />
            ) : (
              <p>{say("transfer.cosign_waits", { step: stepWord(item.type), first, second })}</p>
            )}
          </Notice>
        );
      })}
    </>
  );
}

/** What the member can do now, and what others of the agency can. */
function Next({ shown }: PartProps): VNode {
  const { say, member, roles } = useApp();
  const steps = possibleSteps(member, shown).filter((name) => name in FORMS && isDue(member, shown, name));
  const answers = possibleSteps(member, shown).includes("answer_inquiry");
  const may = (name: string) => whoTakes(member, shown, name)!.roles.some((role) => roles.includes(role));
  const mine = steps.filter(may);
  const once = (name: string) => ["verify", "search"].includes(name) && newest(shown, `transfer.${name}`) !== null;
  const forward = FORWARD.filter((name) => mine.includes(name) && !once(name));
  const more = mine.filter((name) => !forward.includes(name));
  const others = FORWARD.filter((name) => steps.includes(name) && !may(name) && !once(name));
  return (
    <Card title={say("transfer.next")}>
      {forward.map((name, index) => (
        <div class="next-step" key={name}>
          <a class={index === 0 ? "button main" : "button"} href={hrefOf(shown.id, name)}>
            {say(`transfer.step.${name}`)}
          </a>
          <p class="quiet">{say(`transfer.about.${name}`)}</p>
        </div>
      ))}
      {others.length > 0 && (
        <>
          <h3>{say("transfer.others_can")}</h3>
          <ul>
            {others.map((name) => (
              <li key={name}>
                {say("transfer.by_roles", {
                  step: say(`transfer.step.${name}`),
                  roles: rolesWord(say, whoTakes(member, shown, name)!.roles),
                })}
              </li>
            ))}
          </ul>
        </>
      )}
      {forward.length + others.length === 0 && <p>{say(answers ? "transfer.answer_below" : "transfer.nothing_now")}</p>}
      {more.length > 0 && (
        <details>
          <summary>{say("app.more")}</summary>
          <ul class="plain-list">
            {more.map((name) => (
              <li class="next-step" key={name}>
                <a class="button" href={`#/transfer/${shown.id}/${name}`}>
                  {say(`transfer.step.${name}`)}
                </a>
                <p class="quiet">{say(`transfer.about.${name}`)}</p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

/** An offer has screens of its own, and the answer to an inquiry stands below. */
const hrefOf = (leg: string, step: string): string =>
  step === "offer" ? `#/transfer/offer?leg=${leg}` : `#/transfer/${leg}/${step}`;

/** Whether a step that the table always allows has anything to answer. */
function isDue(member: Member, shown: Shown, name: string): boolean {
  if (name === "answer_inquiry") return false; // answered below, beside the question
  if (name === "verify") return shown.from !== shown.to;
  if (name === "cosign") return claim(member, shown) !== null;
  if (name === "acknowledge_change") return unseenChange(member, shown) !== null;
  return true;
}

/** What is entered about a case that is followed: a visit, a review, another level of risk, a contact that is made later. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { assess, due, type Followed } from "../../../client/aftercare.ts";
import { FINDINGS, IN_PERSON, METHODS, PLACES, prompts, WHO } from "../../../client/careforms.ts";
import { RISKS } from "../../../client/schedule.ts";
import * as visits from "../../../client/visits.ts";
import { useApp } from "../../core/app.ts";
import { useTyped } from "../../core/typed.ts";
import { Choice, Choices, DateField, TextArea, TextField, Tick, Ticks } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { localMoment } from "../cases/fields.tsx";
import { Entry, OfCase } from "./entry.tsx";
import { options, what } from "./words.ts";

interface Of {
  readonly record: string;
}

export function RecordVisit({ record }: Of): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.record")}>
      {(held) => <VisitForm held={held} />}
    </OfCase>
  );
}

/** Everything but the button has an answer already: the fewest taps are one. */
function VisitForm({ held }: { held: Followed }): VNode {
  const { member, say, now } = useApp();
  const [method, setMethod] = useState("visit");
  const [at, setAt] = useState(() => localMoment(now()));
  const [met, setMet] = useState("yes");
  const [place, setPlace] = useState("home");
  const [who, setWho] = useState<readonly string[]>([]);
  const [themes, setThemes] = useState<{ readonly [theme: string]: string }>({});
  const [words, setWords, sent] = useTyped(`visit/${held.case}`, "");
  const [about, setAbout] = useState("");
  const asked = prompts(held.of("visit").length + 1, held.facts["exploited"] === true);
  const inPerson = IN_PERSON.includes(method);
  const abouts = held.plan.benchmarks.streams[held.risk].flatMap((stream) => stream.about ?? []);
  const act = async () => {
    const happened = Math.floor(new Date(at).getTime() / 1000);
    const said = Object.keys(themes).length ? { themes } : {};
    await visits.visit(member, held.case, happened, {
      method,
      place: inPerson ? place : "none",
      met: met === "yes",
      who,
      words,
      about: about || null,
      ...said,
    });
    await sent();
  };
  return (
    <Entry record={held.case} act={act} button={say("visits.save_visit")}>
      <Choices
        label={say("visits.how")}
        value={method}
        options={options(say, "method", METHODS.slice(0, 4))}
        onChoose={setMethod}
      />
      {!inPerson && <p class="hint">{say("visits.not_in_person")}</p>}
      <Choices
        label={say("visits.was_met")}
        value={met}
        options={[
          ["yes", say("visits.met")],
          ["no", say("visits.not_met")],
        ]}
        onChoose={setMet}
      />
      <TextField label={say("visits.when")} type="datetime-local" value={at} onInput={setAt} max={localMoment(now())} />
      {inPerson && (
        <Choice
          label={say("visits.where")}
          value={place}
          options={options(say, "place", PLACES.slice(0, -1))}
          onChoose={setPlace}
        />
      )}
      <Ticks label={say("visits.who_spoke")} values={who} options={options(say, "who", WHO)} onChange={setWho} />
      {abouts.length > 0 && (
        <Choice
          label={say("visits.also")}
          value={about}
          none={say("visits.only_visit")}
          options={abouts.map((one) => [one, what(say, one)])}
          onChoose={setAbout}
        />
      )}
      <details>
        <summary>{say("visits.found")}</summary>
        {asked.map((theme) => (
          <Choice
            key={theme}
            label={say(`visits.theme.${theme}`)}
            value={themes[theme] ?? "not_asked"}
            options={options(say, "finding", [...FINDINGS].reverse())}
            onChoose={(finding) => setThemes({ ...themes, [theme]: finding })}
          />
        ))}
      </details>
      {visits.alarming(themes) && (
        <Notice kind="warn" live>
          <p>{say("visits.will_alert")}</p>
        </Notice>
      )}
      <TextArea label={say("visits.words")} hint={say("visits.words_hint")} value={words} onInput={setWords} />
    </Entry>
  );
}

const HEARD = ["child", "caregiver", "worker", "supervisor", "guardian", "provider"];

export function Review({ record }: Of): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.step_review")}>
      {(held) => <ReviewForm held={held} />}
    </OfCase>
  );
}

function ReviewForm({ held }: { held: Followed }): VNode {
  const { member, say } = useApp();
  const [on, setOn] = useState(held.today);
  const [present, setPresent] = useState<readonly string[]>(["worker"]);
  const [changed, setChanged] = useState(false);
  const [words, setWords, sent] = useTyped(`review/${held.case}`, "");
  const [tried, setTried] = useState(false);
  const child = present.includes("child") || present.includes("caregiver");
  const whole = child && present.includes("worker") && present.includes("supervisor");
  const act = async () => {
    setTried(true);
    if (!whole || !on) return null;
    const kept = await visits.review(member, held.case, on, present, { changed, words });
    await sent();
    return kept;
  };
  return (
    <Entry record={held.case} act={act} button={say("app.save")}>
      <DateField label={say("visits.day")} value={on} onInput={setOn} max={held.today} />
      <Ticks
        label={say("visits.present")}
        hint={say("visits.present_hint")}
        values={present}
        options={options(say, "heard", HEARD)}
        onChange={setPresent}
        error={tried && !whole ? say("visits.present_hint") : null}
      />
      <Tick label={say("visits.plan_changed")} checked={changed} onTick={setChanged} />
      <TextArea label={say("visits.words")} hint={say("visits.words_hint")} value={words} onInput={setWords} />
    </Entry>
  );
}

export function RiskChange({ record }: Of): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.step_risk")}>
      {(held) => <RiskForm held={held} />}
    </OfCase>
  );
}

function RiskForm({ held }: { held: Followed }): VNode {
  const { member, say } = useApp();
  const [risk, setRisk] = useState<string>(held.risk);
  const [words, setWords] = useState("");
  return (
    <Entry record={held.case} act={() => assess(member, held.case, risk, words)} button={say("app.save")}>
      <Choices
        label={say("visits.risk_level")}
        hint={say("visits.risk_hint")}
        value={risk}
        options={options(say, "risk", RISKS)}
        onChoose={setRisk}
      />
      <TextArea label={say("visits.why")} hint={say("visits.words_hint")} value={words} onInput={setWords} />
    </Entry>
  );
}

export function PutOff({ record }: Of): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.step_delay")}>
      {(held) => <PutOffForm held={held} />}
    </OfCase>
  );
}

function PutOffForm({ held }: { held: Followed }): VNode {
  const { member, say } = useApp();
  const contacts = due(held).filter(({ contact }) => contact);
  const [stream, setStream] = useState(contacts[0]?.what ?? "");
  const [until, setUntil] = useState("");
  const [words, setWords] = useState("");
  const [tried, setTried] = useState(false);
  const required = (value: string) => (tried && !value.trim() ? say("app.required") : null);
  const act = async () => {
    setTried(true);
    return until && words.trim() ? visits.excuse(member, held.case, stream, until, words) : null;
  };
  return (
    <Entry record={held.case} act={act} button={say("visits.put_off")}>
      <p>{say("visits.delay_text")}</p>
      <Choices
        label={say("visits.which")}
        value={stream}
        options={contacts.map((row) => [row.what, what(say, row.what)])}
        onChoose={setStream}
      />
      <DateField label={say("visits.until")} value={until} onInput={setUntil} error={required(until)} />
      <TextArea label={say("visits.why")} value={words} onInput={setWords} error={required(words)} />
    </Entry>
  );
}

/** Closing a case by two people: one recommends, a supervisor who is somebody else decides; archiving; opening it again. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { said, type Followed, type Row } from "../../../client/aftercare.ts";
import * as closing from "../../../client/closing.ts";
import { needsOf, PARTS, REASONS, RULES } from "../../../client/deadlines.ts";
import { RISKS } from "../../../client/schedule.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { date, moment } from "../../core/time.ts";
import { Button, Choices, Form, TextArea, Tick, Ticks } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice } from "../../kit/showing.tsx";
import { Entry, OfCase } from "./entry.tsx";
import { Keeping } from "./keeping.tsx";
import { chaseLater } from "./reading.ts";
import { Stopped } from "./stopped.tsx";
import { options } from "./words.ts";

export function Close({ record }: { record: string }): VNode {
  const { say } = useApp();
  return (
    <OfCase record={record} title={say("visits.step_close")}>
      {(held) => (held.closure ? <Closed held={held} /> : <Open held={held} />)}
    </OfCase>
  );
}

function Open({ held }: { held: Followed }): VNode {
  const { member, roles } = useApp();
  const asked = closing.recommended(held);
  return (
    <>
      {asked && <Asked held={held} row={asked} mayDecide={roles.includes("supervisor") && asked.by !== member.id} />}
      <Recommend held={held} />
    </>
  );
}

/** A recommendation that waits for a second person. */
function Asked({ held, row, mayDecide }: { held: Followed; row: Row; mayDecide: boolean }): VNode {
  const { member, say, go } = useApp();
  const words = useLoaded(() => said(member, row), [member, row.record]);
  const decide = useAction(async () => {
    await closing.authorise(member, held.case);
    chaseLater(member, held.case);
    go(`visits/${held.case}`);
  });
  const parts = [...(row.value["parts"] as string[]), ...(row.value["besides"] as string[])];
  return (
    <Card title={say("visits.waits_for_second")}>
      <Facts
        rows={[
          [say("visits.reason"), say(`visits.reason_of.${String(row.value["reason"])}`)],
          [say("visits.done_parts"), parts.map((part) => say(`visits.part.${part}`)).join("; ")],
          [say("visits.day"), moment(say, row.entered)],
        ]}
      />
      <Loaded of={words}>
        {(text) =>
          text ? (
            <p>
              <Foreign>{text}</Foreign>
            </p>
          ) : null
        }
      </Loaded>
      {mayDecide ? (
        <>
          <p>{say("visits.decide_text")}</p>
          <Button kind="main" busy={decide.busy} onClick={decide.run}>
            {say("visits.authorise")}
          </Button>
        </>
      ) : (
        <p>{say("visits.second_person")}</p>
      )}
      {decide.error ? <Stopped error={decide.error} /> : null}
    </Card>
  );
}

function Recommend({ held }: { held: Followed }): VNode {
  const { member, say, go } = useApp();
  const [reason, setReason] = useState("plan_complete");
  const [parts, setParts] = useState<readonly string[]>([]);
  const [besides, setBesides] = useState<readonly string[]>([]);
  const [early, setEarly] = useState("");
  const [panel, setPanel] = useState(false);
  const act = useAction(async () => {
    await closing.recommend(member, held.case, { reason, parts, besides, early, panel });
    go(`visits/${held.case}`);
  });
  const needs = needsOf(reason);
  return (
    <Form onSend={act.run}>
      <p>{say("visits.close_text")}</p>
      <Choices
        label={say("visits.reason")}
        value={reason}
        options={options(say, "reason_of", REASONS)}
        onChoose={(one) => {
          setReason(one);
          setBesides([]);
        }}
      />
      <Ticks label={say("visits.parts")} values={parts} options={options(say, "part", PARTS)} onChange={setParts} />
      {needs.length > 0 && (
        <Ticks
          label={say("visits.needed_besides")}
          values={besides}
          options={options(say, "part", needs)}
          onChange={setBesides}
        />
      )}
      <TextArea label={say("visits.early")} hint={say("visits.early_hint")} value={early} onInput={setEarly} optional />
      <Tick label={say("visits.panel")} checked={panel} onTick={setPanel} />
      {act.error ? <Stopped error={act.error} /> : null}
      <Button kind="main" type="submit" busy={act.busy}>
        {say("visits.recommend")}
      </Button>
    </Form>
  );
}

function Closed({ held }: { held: Followed }): VNode {
  const { member, say, go, roles } = useApp();
  const closure = held.closure!;
  const archive = useAction(async () => {
    await closing.archive(member, held.case);
    go(`visits/${held.case}`);
  });
  const [words, setWords] = useState("");
  const [risk, setRisk] = useState("high");
  const [tried, setTried] = useState(false);
  const reopen = async () => {
    setTried(true);
    return words.trim() ? closing.reopen(member, held.case, words, risk) : null;
  };
  const supervisor = roles.includes("supervisor");
  return (
    <>
      <Facts
        rows={[
          [say("visits.closed_on"), date(say, closure.on)],
          [say("visits.reason"), say(`visits.reason_of.${String(closure.value["reason"])}`)],
        ]}
      />
      {held.archived ? (
        <Notice kind="good">
          <p>{say("visits.is_archived", { day: date(say, held.archived.on) })}</p>
        </Notice>
      ) : (
        <Card title={say("visits.archive")}>
          <p>{say("visits.archive_text")}</p>
          {supervisor && (
            <Button busy={archive.busy} onClick={archive.run}>
              {say("visits.archive")}
            </Button>
          )}
          {archive.error ? <Stopped error={archive.error} /> : null}
        </Card>
      )}
      {supervisor ? (
        <Card title={say("visits.reopen")}>
          <Entry record={held.case} act={reopen} button={say("visits.reopen")}>
            <p>{say("visits.reopen_text", { n: RULES.after_reopening.days })}</p>
            <Choices
              label={say("visits.risk_level")}
              value={risk}
              options={options(say, "risk", RISKS)}
              onChoose={setRisk}
            />
            <TextArea
              label={say("visits.why")}
              value={words}
              onInput={setWords}
              error={tried && !words.trim() ? say("app.required") : null}
            />
          </Entry>
        </Card>
      ) : (
        <p>{say("visits.by_supervisor")}</p>
      )}
      <Keeping held={held} />
    </>
  );
}

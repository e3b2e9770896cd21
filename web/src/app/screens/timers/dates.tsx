/** Dates that the agency keeps for itself: what is due by when, who answers for it, alerts first; set, done, moved, seen. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as cases from "../../../client/cases.ts";
import { calledIn, colleagues, type Colleague } from "../../../client/colleagues.ts";
import { CASE_ROLES } from "../../../client/documents.ts";
import * as timers from "../../../client/timers.ts";
import { isAlert, type Timer, type Which } from "../../../client/timers.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { loadWords, type Lang, type Say, type WordFile } from "../../core/words.ts";
import { Button, Choice, DateField, TextField } from "../../kit/controls.tsx";
import { Card, Due, Empty, Foreign } from "../../kit/showing.tsx";

const DAY = 86_400;

/** The dates of one case, of the member, or those that supervisors look into. */
export function Dates({ of, mine, escalated }: { of?: string; mine?: boolean; escalated?: boolean }): VNode {
  const { member, lang, say } = useApp();
  const which: Which = {
    ...(of === undefined ? {} : { case: of }),
    ...(mine === undefined ? {} : { mine }),
    ...(escalated === undefined ? {} : { escalated }),
  };
  const loading = useLoaded(async () => {
    const [rows, people] = await Promise.all([timers.listing(member, which), colleagues(member), loadLabels(lang)]);
    return { rows, people };
  }, [member, of, mine, escalated, lang]);
  // which case each is of is told once it is known: a date that is due waits for no list of cases
  const files = useLoaded(async () => (of === undefined ? cases.listing(member) : []), [member, of]);
  const called = (record: string | null | undefined) =>
    files.is === "ready" ? (files.value.find((file) => file.record === record)?.reference ?? null) : null;
  return (
    <Loaded of={loading}>
      {({ rows, people }) => (
        <>
          {rows.length === 0 && (
            <Empty>
              <p>{say("timers.none")}</p>
            </Empty>
          )}
          <ul class="plain-list">
            {rows.map((row) => (
              <li key={row.handoff}>
                <OneDate
                  {...{ row, people }}
                  again={loading.again}
                  linked={of === undefined}
                  name={called(row.about?.case)}
                />
              </li>
            ))}
          </ul>
          {of !== undefined && <NewDate of={of} people={people} again={loading.again} />}
        </>
      )}
    </Loaded>
  );
}

interface Shown {
  readonly row: Timer;
  readonly people: readonly Colleague[];
  readonly again: () => void;
  readonly linked: boolean;
  /** The reference of the case, where it is known and not on the screen already. */
  readonly name: string | null;
}

function OneDate({ row, people, again, linked, name }: Shown): VNode {
  const { member, say } = useApp();
  const [moving, setMoving] = useState(false);
  const done = useAction(async () => {
    await timers.done(member, row.handoff);
    again();
  });
  const seen = useAction(async () => {
    await timers.acknowledge(member, row.handoff);
    again();
  });
  const label = labelOf(say, row);
  const own = row.owner === member.id;
  return (
    <Card kind={isAlert(row) ? "alert" : ""}>
      <h2>
        {isAlert(row) && <span class="mark">{say("timers.alert")} </span>}
        <Foreign>{label}</Foreign>
      </h2>
      {name !== null && (
        <p>
          <Foreign>{name}</Foreign>
        </p>
      )}
      <p>
        <Due at={row.due} />
      </p>
      <p class="quiet">
        {own ? say("timers.yours") : say("timers.of", { name: calledIn(people, row.owner) })}
        {linked && row.about?.case && (
          <>
            {" "}
            <a href={`#/cases/${row.about.case}?tab=dates`}>{say("timers.to_case")}</a>
          </>
        )}
        {row.about?.rule === "aftercare" && (
          <>
            {" "}
            <a href={`#/visits/${row.about.case}`}>{say("timers.to_visits")}</a>
          </>
        )}
      </p>
      <p class="row">
        {isAlert(row) && row.setBy !== member.id && (
          <Button kind="main" busy={seen.busy} onClick={seen.run} label={`${say("timers.acknowledge")}: ${label}`}>
            {say("timers.acknowledge")}
          </Button>
        )}
        <Button busy={done.busy} onClick={done.run} label={`${say("timers.done")}: ${label}`}>
          {say("timers.done")}
        </Button>
        {!isAlert(row) && (
          <Button onClick={() => setMoving(!moving)} label={`${say("timers.move")}: ${label}`}>
            {say("timers.move")}
          </Button>
        )}
      </p>
      {moving && <MoveDate row={row} again={again} />}
      {done.error || seen.error ? <Problem error={done.error ?? seen.error} /> : null}
    </Card>
  );
}

/** The words of this room, and what a gate or an intake leaves to be done, as Python reads it too. */
async function loadLabels(lang: Lang): Promise<void> {
  await Promise.all([
    loadWords("timers", lang, (one) => import(`./words/${one}.json`)),
    loadWords("gate_tasks", lang, async (one) => {
      const { tasks } = (await import(`../../../../../hub/casefile/gates/words/${one}.json`)).default;
      return { default: tasks as WordFile };
    }),
  ]);
}

/** What is due, in the reader's words where a rule of the program asks for it. */
function labelOf(say: Say, { about }: Timer): string {
  if (!about) return say("timers.sealed");
  const { rule, facts, label } = about;
  const keys = [
    ...(rule === "aftercare" ? [`timers.what.${String(facts["what"])}`] : []),
    ...(typeof facts["task"] === "string" ? [`gate_tasks.${facts["task"]}`] : []),
    `timers.label.${label.replace(/\.$/, "")}`,
  ];
  const known = keys.find((key) => say.has(key));
  return known === undefined ? label : say(known);
}

function MoveDate({ row, again }: { row: Timer; again: () => void }): VNode {
  const { member, say } = useApp();
  const [day, setDay] = useState("");
  const [note, setNote] = useState("");
  const [tried, setTried] = useState(false);
  const move = useAction(async () => {
    setTried(true);
    if (!day || !note.trim()) return;
    await timers.move(member, row.handoff, (await timers.calendar(member)).endOf(day), note.trim());
    again();
  });
  const required = (value: string) => (tried && !value.trim() ? say("app.required") : null);
  return (
    <>
      <DateField label={say("timers.new_day")} value={day} onInput={setDay} error={required(day)} />
      <TextField label={say("timers.why")} value={note} onInput={setNote} error={required(note)} />
      <Button kind="main" busy={move.busy} onClick={move.run}>
        {say("timers.move_it")}
      </Button>
      {move.error ? <Problem error={move.error} /> : null}
    </>
  );
}

function NewDate({ of, people, again }: { of: string; people: readonly Colleague[]; again: () => void }): VNode {
  const { member, say } = useApp();
  const [label, setLabel] = useState("");
  const [day, setDay] = useState("");
  const [owner, setOwner] = useState(member.id);
  const [tried, setTried] = useState(false);
  const keep = useAction(async () => {
    setTried(true);
    if (!label.trim() || !day) return;
    const due = (await timers.calendar(member)).endOf(day);
    const warn = due - member.now() > 2 * DAY ? DAY : null;
    await timers.setTimer(member, { label: label.trim(), case: of }, due, { owner, warn });
    setLabel("");
    setDay("");
    setTried(false);
    again();
  });
  const able = people.filter(({ roles }) => roles.some((role) => CASE_ROLES.includes(role)));
  const required = (value: string) => (tried && !value.trim() ? say("app.required") : null);
  return (
    <Card title={say("timers.new")}>
      <TextField
        label={say("timers.what_for")}
        hint={say("timers.sealed_hint")}
        maxLength={200}
        value={label}
        onInput={setLabel}
        error={required(label)}
      />
      <DateField label={say("timers.day")} value={day} onInput={setDay} error={required(day)} />
      <Choice
        label={say("timers.owner")}
        value={owner}
        options={able.map(({ member: id, login }) => [id, login])}
        onChoose={setOwner}
      />
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button kind="main" busy={keep.busy} onClick={keep.run}>
        {say("timers.set")}
      </Button>
    </Card>
  );
}

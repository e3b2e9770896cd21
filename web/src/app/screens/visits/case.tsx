/** One case after arrival: how it is followed, what is due, what was found, and what can be entered. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { due, said, type Followed, type Row } from "../../../client/aftercare.ts";
import { calledIn, colleagues, type Colleague } from "../../../client/colleagues.ts";
import { percent } from "../../../client/schedule.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { takeSaid } from "../../core/said.ts";
import { date, moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { OpenedCase } from "../cases/opened.tsx";
import { loadCaseWords } from "../cases/labels.ts";
import { settledAt } from "./dates.tsx";
import { NotFollowed } from "./entry.tsx";
import { one } from "./reading.ts";
import { loadDates, what } from "./words.ts";

const STEPS = ["review", "risk", "delay", "event", "report", "close", "plan"];

export function OneCase({ record }: { record: string }): VNode {
  const { member, say, lang } = useApp();
  const [kept] = useState(() => takeSaid(`visits/${record}`));
  const loading = useLoaded(async () => {
    const words = Promise.all([loadDates(lang), loadCaseWords(lang)]);
    const [held, people] = await Promise.all([one(member, record), colleagues(member), words]);
    return { held, people };
  }, [member, record, lang]);
  return (
    <Loaded of={loading}>
      {({ held, people }) => (
        <OpenedCase record={record} back="visits">
          {(file) => (
            <Page title={file.name ?? file.reference ?? say("visits.title")} back="visits" said={kept}>
              <p>
                <a href={`#/cases/${record}`}>{say("visits.to_file")}</a>{" "}
                <a href={`#/cases/${record}?tab=dates`}>{say("visits.to_dates")}</a>
              </p>
              {held ? <FollowedCase held={held} people={people} /> : <NotFollowed record={record} />}
            </Page>
          )}
        </OpenedCase>
      )}
    </Loaded>
  );
}

function FollowedCase({ held, people }: { held: Followed; people: readonly Colleague[] }): VNode {
  const { say, roles } = useApp();
  const share = percent(held.share);
  const steps = roles.includes("supervisor") && !held.closure ? [...STEPS, "extend"] : STEPS;
  const to = (step: string) => `#/visits/${held.case}/${step}`;
  return (
    <>
      {held.closure && (
        <Notice kind={held.archived ? "info" : "good"}>
          <p>{say(held.archived ? "visits.is_archived" : "visits.is_closed", { day: date(say, held.closure.on) })}</p>
        </Notice>
      )}
      {held.unseenSince && (
        <Notice kind="warn">
          <p>{say("visits.unseen", { day: date(say, held.unseenSince) })}</p>
        </Notice>
      )}
      <p class="row">
        {held.visited && (
          <a class="button main" href={to("record")}>
            {say("visits.record")}
          </a>
        )}
        {steps.map((step) => (
          <a class="button" href={to(step)} key={step}>
            {say(`visits.step_${step === "plan" ? "replan" : step}`)}
          </a>
        ))}
      </p>
      <Facts
        rows={[
          [say("visits.risk_level"), say(`visits.risk.${held.risk}`)],
          [say("visits.lead"), calledIn(people, held.lead)],
          [say("visits.followed_since"), date(say, held.firstDay)],
          [say("visits.made_in_time"), share === null ? say("visits.nothing_owed") : `${share} %`],
          [say("visits.mark"), <span class="digits">{String(held.facts["mark"] ?? "–")}</span>],
          [say("visits.quiet"), <Discretion held={held} />],
        ]}
      />
      <h2>{say("visits.due")}</h2>
      <ul>
        {due(held).map((row) => {
          const settled = settledAt(held, row);
          return (
            <li key={row.what}>
              <span class={row.overdue ? "due over" : "due"}>
                {what(say, row.what)}:{" "}
                {say(row.overdue ? "visits.was_due" : "visits.due_by", { day: date(say, row.day) })}
              </span>{" "}
              {settled && <a href={to(settled)}>{say("visits.settle", { what: what(say, row.what) })}</a>}
            </li>
          );
        })}
      </ul>
      <h2>{say("visits.made")}</h2>
      <VisitList held={held} people={people} />
    </>
  );
}

function Discretion({ held }: { held: Followed }): VNode {
  const { say } = useApp();
  const { caller, texts, note } = held.discretion;
  return (
    <>
      {caller && (
        <>
          {say("visits.caller")}: <Foreign>{caller}</Foreign>.{" "}
        </>
      )}
      {say(texts ? "visits.texts_yes" : "visits.texts_no")} {note && <Foreign>{note}</Foreign>}
    </>
  );
}

function VisitList({ held, people }: { held: Followed; people: readonly Colleague[] }): VNode {
  const { say } = useApp();
  const rows = [...held.of("visit")].sort(
    (one, other) => Number(other.value["happened"]) - Number(one.value["happened"]),
  );
  if (!rows.length) return <p>{say("visits.no_visits")}</p>;
  return (
    <ul class="plain-list">
      {rows.map((row) => (
        <li key={row.record}>
          <OneVisit row={row} people={people} />
        </li>
      ))}
    </ul>
  );
}

function OneVisit({ row, people }: { row: Row; people: readonly Colleague[] }): VNode {
  const { member, say } = useApp();
  const { value } = row;
  const [words, setWords] = useState<string | null>(null);
  const read = useAction(async () => setWords(await said(member, row)));
  const at = moment(say, Number(value["happened"]));
  const themes = Object.entries((value["themes"] ?? {}) as { [theme: string]: string });
  const found = themes.filter(([, finding]) => finding !== "not_asked");
  const who = (value["who"] as string[]).map((one) => say(`visits.who.${one}`)).join(", ");
  return (
    <Card>
      <h3>
        {say(`visits.method.${String(value["method"])}`)} · {at}
      </h3>
      <p>
        {value["sign"]
          ? say(`visits.sign.${String(value["sign"])}`)
          : say(value["met"] === true ? "visits.met" : "visits.not_met")}
        {who && `. ${say("visits.spoke_with", { who })}`}
      </p>
      {found.length > 0 && (
        <ul>
          {found.map(([theme, finding]) => (
            <li key={theme}>
              {say(`visits.theme.${theme}`)}: {say(`visits.finding.${finding}`)}
            </li>
          ))}
        </ul>
      )}
      <p class="quiet">{say("visits.entered", { name: calledIn(people, row.by), at: moment(say, row.entered) })}</p>
      {words !== null && (
        <p>
          <Foreign>{words}</Foreign>
        </p>
      )}
      {Boolean(value["words"]) && words === null && (
        <Button busy={read.busy} onClick={read.run} label={say("visits.read_words_of", { at })}>
          {say("visits.read_words")}
        </Button>
      )}
      {read.error ? <Problem error={read.error} /> : null}
    </Card>
  );
}

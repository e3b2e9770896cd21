/** Who is to be seen and by when: overdue first, as a list, a week or a month. */

import type { VNode } from "preact";
import { plusDays, plusMonths, weekdayOf } from "../../../client/days.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { localeOf, type Say } from "../../core/words.ts";
import { Tabs } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Page } from "../../kit/showing.tsx";
import { dueOf, followed, type DueOf, type Named } from "./reading.ts";
import { loadDates, what } from "./words.ts";

const VIEWS = ["list", "week", "month"];
const WEEK = 7;

export function Overview({ view, at }: { view: string; at: string | undefined }): VNode {
  const { member, say, go, lang } = useApp();
  const loading = useLoaded(async () => {
    await loadDates(lang);
    return followed(member, say);
  }, [member, lang]);
  const chosen = VIEWS.includes(view) ? view : "list";
  return (
    <Page title={say("visits.title")}>
      <p class="row">
        <a class="button" href="#/visits/sign">
          {say("visits.observer_sign")}
        </a>
      </p>
      <Tabs
        tabs={VIEWS.map((one) => [one, say(`visits.view_${one}`)])}
        at={chosen}
        onChoose={(one) => go(`visits?view=${one}`)}
      >
        <Loaded of={loading}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty>
                <p>{say("visits.none")}</p>
                <p>
                  <a href="#/cases">{say("visits.to_cases")}</a>
                </p>
              </Empty>
            ) : chosen === "list" ? (
              <List rows={rows} />
            ) : (
              <Days rows={rows} view={chosen} at={at} />
            )
          }
        </Loaded>
      </Tabs>
    </Page>
  );
}

function List({ rows }: { rows: readonly Named[] }): VNode {
  const { say } = useApp();
  const today = rows[0]!.held.today;
  const soon = plusDays(today, WEEK);
  const every = dueOf(rows);
  const groups: [string, DueOf[]][] = [
    ["overdue", every.filter(({ overdue }) => overdue)],
    ["soon", every.filter(({ overdue, day }) => !overdue && day <= soon)],
    ["later", every.filter(({ day }) => day > soon)],
  ];
  const unseen = rows.filter(({ held }) => held.unseenSince);
  return (
    <>
      {unseen.map(({ held, name }) => (
        <Card kind="alert" key={held.case}>
          <p>
            <span class="mark">{say("app.notice_warn")}</span>{" "}
            <a href={`#/visits/${held.case}`}>
              <Foreign>{name}</Foreign>
            </a>{" "}
            {say("visits.unseen", { day: date(say, held.unseenSince!) })}
          </p>
        </Card>
      ))}
      {groups.map(([group, some]) =>
        some.length === 0 ? null : (
          <section key={group}>
            <h2>{say.many(`visits.group_${group}`, some.length)}</h2>
            <ul class="plain-list">
              {some.map((row) => (
                <li class="card" key={`${row.case}/${row.what}`}>
                  <DueRow row={row} />
                </li>
              ))}
            </ul>
          </section>
        ),
      )}
    </>
  );
}

function DueRow({ row }: { row: DueOf }): VNode {
  const { say } = useApp();
  const label = what(say, row.what);
  return (
    <>
      <h3>
        <a href={`#/visits/${row.case}`}>
          <Foreign>{row.of.name}</Foreign>
        </a>
      </h3>
      <p>
        {label}:{" "}
        <span class={row.overdue ? "due over" : "due"}>
          {say(row.overdue ? "visits.was_due" : "visits.due_by", { day: date(say, row.day) })}
        </span>
        {row.missed > 1 && <> {say.many("visits.missed", row.missed)}</>}
      </p>
      <p class="quiet">{say("visits.led_by", { name: row.of.lead })}</p>
      {row.contact && (
        <a class="button" href={`#/visits/${row.case}/record`}>
          {say("visits.record")}
          <span class="hidden"> {row.of.name}</span>
        </a>
      )}
    </>
  );
}

/** A week or a month as days that are in it, with what is due and what was done; weeks begin on Monday. */
function Days({ rows, view, at }: { rows: readonly Named[]; view: string; at: string | undefined }): VNode {
  const { say } = useApp();
  const today = rows[0]!.held.today;
  const from = at && /^\d{4}-\d{2}-\d{2}$/.test(at) ? at : today;
  const month = view === "month";
  const first = month ? `${from.slice(0, 7)}-01` : plusDays(from, -weekdayOf(from));
  const last = month ? plusDays(plusMonths(first, 1), -1) : plusDays(first, WEEK - 1);
  const begins = plusDays(first, -weekdayOf(first));
  const ends = plusDays(last, WEEK - 1 - weekdayOf(last));
  const days: string[] = [];
  for (let day = begins; day <= ends; day = plusDays(day, 1)) days.push(day);
  const coming = dueOf(rows, ends).map((row) => ({ ...row, on: row.overdue ? today : row.day }));
  const made = rows.flatMap((of) => of.held.of("visit").map(({ on, value, record }) => ({ of, on, value, record })));
  const link = (day: string) => `#/visits?view=${view}&at=${day}`;
  const earlier = month ? plusMonths(first, -1) : plusDays(first, -WEEK);
  const later = month ? plusMonths(first, 1) : plusDays(first, WEEK);
  return (
    <>
      <h2>{month ? monthName(say, first) : say("visits.week_of", { day: date(say, first) })}</h2>
      <p class="row">
        <a class="button" href={link(earlier)}>
          {say("visits.earlier")}
        </a>
        <a class="button" href={link(today)}>
          {say("visits.today")}
        </a>
        <a class="button" href={link(later)}>
          {say("visits.later")}
        </a>
      </p>
      <ul class="month">
        {days.map((day) => {
          const due = coming.filter(({ on }) => on === day);
          const done = made.filter(({ on }) => on === day);
          const outside = day < first || day > last;
          const kinds = [
            ...(day === today ? ["today"] : []),
            ...(outside ? ["outside"] : []),
            ...(due.length + done.length === 0 ? ["bare"] : []),
          ];
          return (
            <li key={day} class={kinds.join(" ")}>
              <time dateTime={day}>{outside ? date(say, day) : dayName(say, day)}</time>
              {day === today && <span> ({say("visits.today")})</span>}
              <ul>
                {done.map(({ of, value, record }) => (
                  <li key={record}>
                    <a href={`#/visits/${of.held.case}`}>
                      <Foreign>{of.name}</Foreign>
                    </a>{" "}
                    {say(value["met"] === true ? "visits.done_short" : "visits.tried_short")}
                  </li>
                ))}
                {due.map((row, index) => (
                  <li key={index} class={row.overdue ? "due over" : "due"}>
                    <a href={`#/visits/${row.case}`}>
                      <Foreign>{row.of.name}</Foreign>
                    </a>{" "}
                    {what(say, row.what)}
                    {row.overdue && ` (${say("visits.overdue_short")})`}
                  </li>
                ))}
              </ul>
            </li>
          );
        })}
      </ul>
    </>
  );
}

const at = (day: string): Date => new Date(`${day}T00:00:00Z`);
const dayName = (say: Say, day: string): string =>
  new Intl.DateTimeFormat(localeOf(say.lang), { weekday: "short", day: "numeric", timeZone: "UTC" }).format(at(day));
const monthName = (say: Say, day: string): string =>
  new Intl.DateTimeFormat(localeOf(say.lang), { month: "long", year: "numeric", timeZone: "UTC" }).format(at(day));

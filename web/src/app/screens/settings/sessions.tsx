/** Where one is signed in, with what ends it; and what happened to the account. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { expect } from "../../../client/session.ts";
import type { Json } from "../../../rcp/encoding.ts";
import * as a from "../../../rcp/shapes.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Dialog } from "../../kit/controls.tsx";
import { Card, Empty, Table } from "../../kit/showing.tsx";

const SESSIONS = a.listOf(
  a.atLeast({ id: a.identifier, created: a.seconds, seen: a.seconds, expires: a.seconds, current: a.flag }),
  1000,
);
const EVENTS = a.listOf(a.atLeast({ member: a.identifier, what: a.string, by: a.string, at: a.seconds }), 1000);
type Session = { id: string; created: number; seen: number; expires: number; current: boolean };
const MEMBERS = a.listOf(a.atLeast({ member: a.identifier, login: a.nullOr(a.string) }), 10_000);
type Happened = { member: string; what: string; by: string; at: number };

export function Sessions(): VNode {
  const { say, member, roles } = useApp();
  const [sure, ask] = useState(false);
  const loading = useLoaded(() => sessionsOf(member), [member]);
  const ending = useAction(async (id: string) => {
    await member.hub.delete(`/api/v1/sessions/${id}`);
    loading.again();
  });
  const leaving = useAction(() => member.hub.delete("/api/v1/sessions").then(() => member.hub.get("/api/v1/me")));
  return (
    <>
      <Card title={say("settings.sessions")}>
        <p>{say("settings.sessions_what")}</p>
        <Loaded of={loading}>
          {(rows) => (
            <Table
              caption={say("settings.sessions")}
              rows={rows}
              keyOf={(row) => row.id}
              columns={[
                { title: say("settings.since"), cell: (row) => moment(say, row.created) },
                { title: say("settings.seen"), cell: (row) => moment(say, row.seen) },
                { title: say("settings.until"), cell: (row) => moment(say, row.expires) },
                {
                  title: say("settings.what"),
                  cell: (row) =>
                    row.current ? (
                      say("settings.this_one")
                    ) : (
                      <Button
                        busy={ending.busy}
                        label={say("settings.end_of", { at: moment(say, row.created) })}
                        onClick={() => ending.run(row.id)}
                      >
                        {say("settings.end")}
                      </Button>
                    ),
                },
              ]}
            />
          )}
        </Loaded>
        {ending.error !== null && <Problem error={ending.error} />}
        <Button kind="warn" onClick={() => ask(true)}>
          {say("settings.everywhere")}
        </Button>
        {sure && (
          <Dialog title={say("settings.everywhere_sure")} onClose={() => ask(false)}>
            <p>{say("settings.everywhere_what")}</p>
            <p>
              <Button kind="warn" busy={leaving.busy} onClick={() => leaving.run()}>
                {say("settings.everywhere")}
              </Button>
            </p>
            {leaving.error !== null && <Problem error={leaving.error} />}
          </Dialog>
        )}
      </Card>
      <History />
      {roles.includes("agency_admin") && <AgencyHistory />}
    </>
  );
}

function History(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => eventsOf(member), [member]);
  return (
    <Card title={say("settings.history")}>
      <Loaded of={loading}>
        {(rows) =>
          rows.length ? (
            <ul>
              {rows.map(({ what, by, at }) => (
                <li key={`${at} ${what}`}>
                  {moment(say, at)}: {say(`settings.event_${what}`)}{" "}
                  {by !== member.id && say(by === "operator" ? "settings.by_operator" : "settings.by_admin")}
                </li>
              ))}
            </ul>
          ) : (
            <Empty>
              <p>{say("settings.history_none")}</p>
            </Empty>
          )
        }
      </Loaded>
    </Card>
  );
}

/** The same of everybody in the agency, for whoever answers for its members. */
function AgencyHistory(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => eventsOfAgency(member), [member]);
  return (
    <Card title={say("settings.history_agency")}>
      <Loaded of={loading}>
        {(rows) => (
          <Table
            caption={say("settings.history_agency")}
            rows={rows.map((row, index) => ({ ...row, key: String(index) }))}
            keyOf={(row) => row.key}
            columns={[
              { title: say("settings.when"), cell: (row) => moment(say, row.at) },
              { title: say("sign_in.login"), cell: (row) => <bdi>{row.login}</bdi> },
              { title: say("settings.what_happened"), cell: (row) => say(`settings.event_${row.what}`) },
              { title: say("settings.by"), cell: (row) => <bdi>{row.whom ?? say("settings.operator")}</bdi> },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

async function eventsOfAgency(member: Member): Promise<(Happened & { login: string; whom: string | null })[]> {
  const rows = checked<Happened>(await member.hub.get("/api/v1/accounts/events"), EVENTS);
  const listed = checked<{ member: string; login: string | null }>(await member.hub.get("/api/v1/members"), MEMBERS);
  const logins = new Map(listed.map((row) => [row.member, row.login ?? row.member]));
  return rows.map((row) => ({
    ...row,
    login: logins.get(row.member) ?? row.member,
    whom: row.by === "operator" ? null : (logins.get(row.by) ?? row.by),
  }));
}

async function sessionsOf(member: Member): Promise<Session[]> {
  const rows = await member.hub.get("/api/v1/sessions");
  return checked<Session>(rows, SESSIONS);
}

async function eventsOf(member: Member): Promise<Happened[]> {
  return checked<Happened>(await member.hub.get("/api/v1/me/events"), EVENTS);
}

function checked<T>(rows: Json, shape: (value: Json) => void): T[] {
  shape(rows);
  expect(Array.isArray(rows));
  return rows as T[];
}

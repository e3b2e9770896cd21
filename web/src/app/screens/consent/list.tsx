/** The agency's lawful bases: which are in force, and which to ask for again, those that are due first. */

import type { VNode } from "preact";
import * as bases from "../../../client/basis.ts";
import type { Held } from "../../../client/basis.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Empty, Foreign, Notice, Page, Table } from "../../kit/showing.tsx";
import { basisName, standingOf, type Standing } from "./standing.ts";

interface Row {
  readonly record: string;
  readonly held: Held | null;
  readonly standing: Standing | null;
}

export function List(): VNode {
  const { member, say, now } = useApp();
  const loaded = useLoaded(async () => {
    const rows = (await bases.every(member)).map(({ record, held }): Row => {
      return { record: record.handoff, held, standing: held && standingOf(say, held, now()) };
    });
    return rows.sort((one, other) => (one.standing?.until ?? "9999").localeCompare(other.standing?.until ?? "9999"));
  }, [say]);
  return (
    <Page title={say("consent.title")}>
      <p>{say("consent.intro")}</p>
      <div class="row">
        <a class="button main" href="#/consent/new">
          {say("consent.record")}
        </a>
        <a class="button" href="#/consent/form">
          {say("consent.blank_form")}
        </a>
        <a class="button" href="#/consent/receipts">
          {say("consent.receipts")}
        </a>
        <a class="button" href="#/consent/held-back">
          {say("consent.breaches")}
        </a>
        <a class="button" href="#/consent/ground">
          {say("consent.ground")}
        </a>
      </div>
      <Loaded of={loaded}>
        {(rows) => (rows.length ? <Rows rows={rows} /> : <Empty>{say("consent.none")}</Empty>)}
      </Loaded>
    </Page>
  );
}

function Rows({ rows }: { rows: readonly Row[] }): VNode {
  const { say } = useApp();
  const broken = rows.filter(({ held }) => held === null);
  const live = ({ standing }: Row) => standing?.is === "live" || standing?.is === "soon";
  return (
    <>
      {broken.length > 0 && (
        <Notice kind="warn">
          <p>{say.many("consent.unreadable", broken.length)}</p>
        </Notice>
      )}
      <Bases caption={say("consent.in_force")} rows={rows.filter(live)} />
      <Bases caption={say("consent.not_in_force")} rows={rows.filter((row) => row.held && !live(row))} />
    </>
  );
}

function Bases({ caption, rows }: { caption: string; rows: readonly Row[] }): VNode | null {
  const { say } = useApp();
  if (rows.length === 0) return null;
  return (
    <Table
      caption={caption}
      rows={rows}
      keyOf={({ record }) => record}
      columns={[
        {
          title: say("consent.label"),
          cell: ({ record, held }) => (
            <a href={`#/consent/${record}`}>
              <Foreign>{basisName(held!) || say("consent.unnamed")}</Foreign>
            </a>
          ),
        },
        { title: say("consent.kind"), cell: ({ held }) => say(`consent.kind.${held!.kind}`) },
        { title: say("consent.standing"), cell: ({ standing }) => standing!.words },
        {
          title: say("consent.ask_again"),
          cell: ({ standing }) => (standing!.until ? date(say, standing!.until) : "–"),
        },
      ]}
    />
  );
}

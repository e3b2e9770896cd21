/** Withdrawing a consent: what that stops at once, whom it asks to erase, and how far it has come. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as withdrawal from "../../../client/withdrawal.ts";
import type { Holder } from "../../../client/withdrawal.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Choices, Dialog } from "../../kit/controls.tsx";
import { Due, Empty, Foreign, Notice, Page, Table } from "../../kit/showing.tsx";
import type { OfOne } from "./one.tsx";

const BY = ["giver", "child", "guardian", "agency", "court"];

export function Withdraw({ held, again }: OfOne): VNode {
  const { member, say } = useApp();
  const [by, choose] = useState("giver");
  const [sure, ask] = useState(false);
  const holders = useLoaded(() => withdrawal.status(member, held.handoff), [held.handoff]);
  const act = useAction(async () => {
    ask(false);
    await withdrawal.withdraw(member, held.handoff, by);
    again();
    holders.again();
  });
  return (
    <Page title={say(held.live ? "consent.withdraw" : "consent.holders")} back={`consent/${held.handoff}`}>
      {held.live ? (
        <>
          <p>{say("consent.withdraw_about")}</p>
          <Choices
            label={say("consent.withdraw_by")}
            value={by}
            onChoose={choose}
            options={BY.map((name) => [name, say(`consent.by.${name}`)])}
          />
          <Button kind="warn" busy={act.busy} onClick={() => ask(true)}>
            {say("consent.withdraw_now")}
          </Button>
          {sure && (
            <Dialog title={say("consent.withdraw_sure")} onClose={() => ask(false)}>
              <p>{say("consent.withdraw_final")}</p>
              <Button kind="warn" onClick={() => act.run()}>
                {say("consent.withdraw_now")}
              </Button>
            </Dialog>
          )}
        </>
      ) : (
        <Notice kind={act.done ? "good" : "info"} live={act.done}>
          <p>{say("consent.withdrawn_next")}</p>
        </Notice>
      )}
      {act.error !== null && <Problem error={act.error} />}
      {!held.live && (
        <div class="row">
          <Button busy={act.busy} onClick={() => act.run()}>
            {say("consent.tell_again")}
          </Button>
          <Button onClick={holders.again}>{say("consent.look_again")}</Button>
        </div>
      )}
      <Loaded of={holders}>
        {(rows) => (rows.length ? <Holders rows={rows} /> : <Empty>{say("consent.sent_nobody")}</Empty>)}
      </Loaded>
      {!held.live && <p>{say("consent.by_hand")}</p>}
    </Page>
  );
}

function Holders({ rows }: { rows: readonly Holder[] }): VNode {
  const { say } = useApp();
  return (
    <Table
      caption={say("consent.sent_to")}
      rows={rows}
      keyOf={({ handoff }) => handoff}
      columns={[
        {
          title: say("consent.to"),
          cell: (row) => (
            <a href={`#/handoff/${row.handoff}`}>
              <Foreign>{shortOf(row.to)}</Foreign>
            </a>
          ),
        },
        { title: say("consent.recall"), cell: (row) => say(`consent.recall.${row.custody?.recall ?? "none"}`) },
        { title: say("consent.answer"), cell: (row) => <Answered holder={row} /> },
      ]}
    />
  );
}

function Answered({ holder }: { holder: Holder }): VNode {
  const { say } = useApp();
  const { custody, due, ground, onward } = holder;
  if (!custody?.answer) {
    const waits = custody?.recall === "request" || custody?.recall === "pending";
    return <>{waits ? <Due at={due} /> : "–"}</>;
  }
  return (
    <>
      {say(`consent.answered.${custody.answer.said}`)} <time>{moment(say, custody.answer.at)}</time>
      {ground && (
        <p>
          <Foreign>{ground}</Foreign>
        </p>
      )}
      {onward.map(({ to, answer }) => (
        <p key={to}>
          {say("consent.passed_on")} <Foreign>{shortOf(to)}</Foreign>: {say(`consent.answered.${answer ?? "nothing"}`)}
        </p>
      ))}
    </>
  );
}

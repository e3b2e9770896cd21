/** Where a handoff stands: its state and how good the evidence is, who has to act and by when. */

import type { VNode } from "preact";
import { standing } from "../../../client/issuing.ts";
import { ballOf, dueOf, type Row } from "../../../client/queues.ts";
import { useApp, type Children } from "../../core/app.ts";
import { date, moment } from "../../core/time.ts";
import { Ball, Card, Due, Facts, Foreign, Notice, StateWord } from "../../kit/showing.tsx";
import { agencyName } from "../inbox/list.tsx";
import type { PartProps } from "./index.tsx";

/** The question at which the supervisors of both sides are told. */
const LOOPS = 3;

export function Standing({ shown }: PartProps): VNode {
  const { say, member, now } = useApp();
  const view = shown.view as unknown as Row;
  const sent = shown.from === member.agency;
  const other = agencyName(sent ? shown.to : shown.from);
  const turn = ballOf(view, member.agency);
  const link = sent ? standing(shown, now()) : null;
  const asked = shown.lines.filter(({ statement, refused }) => statement.type === "referral.ask" && !refused);
  const state = `inbox.state.${view.state}`;
  const evidence = [say("handoff.evidence"), say(`handoff.grade.${view.grade ?? "hub"}`)] as const;
  // What somebody else says of the recipient's answer is never shown as if it were the recipient's.
  const weak = view.grade !== "signed" && view.grade !== "hub";
  const first: (readonly [string, Children])[] = [
    [say(sent ? "inbox.to" : "inbox.from"), <Foreign key="other">{other}</Foreign>],
    ...(view.needed_from ? [[say("handoff.needed_from"), date(say, view.needed_from)] as const] : []),
    ...(weak ? [evidence] : []),
  ];
  const more: (readonly [string, Children])[] = [
    ...(weak ? [] : [evidence]),
    ...(view.urgency ? [[say("handoff.urgency"), say(`inbox.urgency.${view.urgency}`)] as const] : []),
    ...(link ? [[say("handoff.link"), say(`handoff.link_${link}`)] as const] : []),
    ...(view.next_at && view.next_rung && turn !== "nobody"
      ? [
          [
            say("handoff.if_nobody"),
            say("handoff.then_told", {
              who: say(`handoff.rung.${view.next_rung}`),
              at: moment(say, view.next_at),
            }),
          ] as const,
        ]
      : []),
  ];
  return (
    <Card>
      <p class="row tight">
        {say.has(state) && <StateWord words={state} />}
        <Ball who={turn} {...(turn === "them" ? { name: other } : {})} />
        <Due at={dueOf(view)} />
      </p>
      <Facts rows={first} />
      {view.being_confirmed && <p class="flag">{say("inbox.flag.confirming")}</p>}
      {shown.frozen && (
        <Notice kind="warn">
          <p>{say("handoff.frozen")}</p>
        </Notice>
      )}
      {view.custody?.withdrawn && (
        <Notice kind="warn">
          <p>{say(sent ? "handoff.withdrawn_sent" : "handoff.withdrawn_received")}</p>
        </Notice>
      )}
      {asked.length >= LOOPS && <p class="flag">{say("inbox.flag.asked_often", { count: asked.length })}</p>}
      <details>
        <summary>{say("handoff.more_facts")}</summary>
        <Facts rows={more} />
        <p class="quiet">{say("handoff.verified")}</p>
      </details>
    </Card>
  );
}

/** What supervisors look into: signatures, what escalated or stands still, reported answers, openings, closures, dates. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as access from "../../../client/access.ts";
import * as aftercare from "../../../client/aftercare.ts";
import { recommended } from "../../../client/closing.ts";
import { calledIn, colleagues, type Colleague } from "../../../client/colleagues.ts";
import * as cosigning from "../../../client/cosigning.ts";
import { show } from "../../../client/handoffs.ts";
import type { Member } from "../../../client/member.ts";
import { box, counts, rows, type Row } from "../../../client/queues.ts";
import * as records from "../../../client/records.ts";
import * as reviews from "../../../client/reviews.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, type Loading, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { day, moment } from "../../core/time.ts";
import { Button, Choice, Tabs } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Page } from "../../kit/showing.tsx";
import { Handoffs } from "../inbox/list.tsx";
import { namesOf } from "../inbox/names.ts";
import { Dates } from "../timers/dates.tsx";
import { CosignLine } from "../transfer/cosign_line.tsx";

const TABS = ["sign", "escalated", "held", "reviews", "openings", "closures", "dates"];
const QUEUES = ["escalated", "paused", "third_question", "said_no", "tenth"];
const LEG = "transfer_leg";
/** Screens of the records whose opening is written down. */
const RECORDS: { readonly [kind: string]: string } = { case: "cases", consent: "consent", handover: "handover" };

export default function Supervisor({ args: [at = TABS[0]!] }: ScreenProps): VNode {
  const { say, go } = useApp();
  return (
    <Page title={say("supervisor.title")}>
      <p>{say("supervisor.about")}</p>
      <Tabs
        tabs={TABS.map((name) => [name, say(`supervisor.tab.${name}`)])}
        at={TABS.includes(at) ? at : TABS[0]!}
        onChoose={(name) => go(`supervisor/${name}`)}
      >
        <Tab name={at} />
      </Tabs>
    </Page>
  );
}

function Tab({ name }: { name: string }): VNode {
  if (name === "escalated") return <Escalated />;
  if (name === "held") return <Queue queue="held" />;
  if (name === "reviews") return <Reviews />;
  if (name === "openings") return <Openings />;
  if (name === "closures") return <Closures />;
  if (name === "dates") return <Dates escalated />;
  return <ToSign />;
}

const Nothing = ({ words }: { words: string }): VNode => (
  <Empty>
    <p>{words}</p>
  </Empty>
);

/** Statements that wait for a second signature: the member's own first, then whom others wait for. */
function ToSign(): VNode {
  const { say, member, local } = useApp();
  const loading = useLoaded(async () => {
    const [items, people, names] = await Promise.all([cosigning.waiting(member), colleagues(member), namesOf(local)]);
    return { items, people, names };
  }, [member]);
  return (
    <Loaded of={loading}>
      {({ items, people, names }) => {
        const mine = items.filter(({ second }) => second === member.id);
        const others = items.filter(({ second }) => second !== member.id);
        if (items.length === 0) return <Nothing words={say("supervisor.waits_none")} />;
        return (
          <>
            {mine.map((item) => (
              <Card key={item.record}>
                <CosignLine item={item} first={calledIn(people, item.first)} name={names[item.handoff]} />
                <p class="quiet">{moment(say, item.at)}</p>
              </Card>
            ))}
            {others.length > 0 && (
              <>
                <h2>{say("supervisor.waits_others")}</h2>
                <ul>
                  {others.map((item) => (
                    <li key={item.record}>
                      {say("supervisor.waits_line", {
                        step: say(`transfer.step.${item.type.slice(item.type.indexOf(".") + 1)}`),
                        first: calledIn(people, item.first),
                        second: calledIn(people, item.second),
                      })}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** Referrals by what a supervisor is told of, and transfers that wait for the own side. */
function Escalated(): VNode {
  const { say, member } = useApp();
  const [queue, choose] = useState(QUEUES[0]!);
  const counted = useLoaded(() => counts(member, "supervisor"), [member]);
  return (
    <>
      <Loaded of={counted}>
        {(found) => (
          <Choice
            label={say("supervisor.queue")}
            value={queue}
            options={QUEUES.map((name) => [
              name,
              say("supervisor.queue_option", { queue: say(`supervisor.queue.${name}`), count: found[name] ?? 0 }),
            ])}
            onChoose={choose}
          />
        )}
      </Loaded>
      <Queue queue={queue} />
      {queue === QUEUES[0] && <OwnTurn />}
    </>
  );
}

function Queue({ queue }: { queue: string }): VNode {
  const { say, member, local } = useApp();
  const loading = useLoaded(async () => {
    const [found, names] = await Promise.all([rows(member, "supervisor", queue), namesOf(local)]);
    return { found, names };
  }, [member, queue]);
  return (
    <Loaded of={loading}>
      {({ found, names }) => <Handoffs rows={found.rows} names={names} nothing={say("supervisor.none")} />}
    </Loaded>
  );
}

/** Transfers in which the own side has to act and the time is over, or a child was not seen. */
function OwnTurn(): VNode {
  const { say, member, local, now } = useApp();
  const loading = useLoaded(async () => {
    const [came, went, names] = await Promise.all([box(member, LEG, "in"), box(member, LEG, "out"), namesOf(local)]);
    const all = new Map<string, Row>([...came.rows, ...went.rows].map((row) => [row.id, row]));
    const late = ({ state, due }: Row) => state === "missing_on_arrival" || (due !== null && due < now());
    return { legs: [...all.values()].filter(late), names };
  }, [member]);
  return (
    <section>
      <h2>{say("supervisor.legs")}</h2>
      <Loaded of={loading}>
        {({ legs, names }) => <Handoffs rows={legs} names={names} nothing={say("supervisor.none")} />}
      </Loaded>
    </section>
  );
}

interface RowsProps<T> {
  readonly of: Loading<{ readonly found: readonly T[]; readonly people: readonly Colleague[] }>;
  readonly children: (row: T, people: readonly Colleague[]) => VNode;
}

/** What waits for a look, a card each; or that nothing does. */
function Rows<T>({ of, children }: RowsProps<T>): VNode {
  const { say } = useApp();
  return (
    <Loaded of={of}>
      {({ found, people }) =>
        found.length === 0 ? (
          <Nothing words={say("supervisor.none")} />
        ) : (
          <>{found.map((row) => children(row, people))}</>
        )
      }
    </Loaded>
  );
}

function Reviews(): VNode {
  const { member } = useApp();
  const loading = useLoaded(async () => {
    const [found, people] = await Promise.all([reviews.listing(member), colleagues(member)]);
    return { found, people };
  }, [member]);
  return (
    <Rows of={loading}>
      {(row, people) => <Review key={row.statement} row={row} people={people} again={loading.again} />}
    </Rows>
  );
}

interface ReviewProps {
  readonly row: reviews.Review;
  readonly people: readonly Colleague[];
  readonly again: () => void;
}

function Review({ row, people, again }: ReviewProps): VNode {
  const { say, member } = useApp();
  const act = useAction(async (finding: "holds" | "doubted") => {
    await reviews.found(member, row.statement, finding);
    again();
  });
  return (
    <Card>
      <p>
        <strong>{say(`supervisor.review.${row.why}`)}</strong>
      </p>
      <p>{say("supervisor.review_by", { who: calledIn(people, row.member), day: day(say, row.since) })}</p>
      {act.error !== null && <Problem error={act.error} />}
      <p class="row">
        <a class="button" href={`#/handoff/${row.handoff}`}>
          {say("supervisor.review_look")}
        </a>
        <Button busy={act.busy} onClick={() => act.run("holds")}>
          {say("supervisor.holds")}
        </Button>
        <Button kind="warn" busy={act.busy} onClick={() => act.run("doubted")}>
          {say("supervisor.doubted")}
        </Button>
      </p>
    </Card>
  );
}

/** What colleagues opened that was not theirs, with the reason they gave (R46). */
function Openings(): VNode {
  const { member } = useApp();
  const loading = useLoaded(async () => {
    const [found, people] = await Promise.all([access.listing(member, true), colleagues(member)]);
    return { found: found.filter((row) => row.member !== member.id), people };
  }, [member]);
  return (
    <Rows of={loading}>
      {(row, people) => <Opening key={row.record} row={row} people={people} again={loading.again} />}
    </Rows>
  );
}

interface OpeningProps {
  readonly row: access.Entry;
  readonly people: readonly Colleague[];
  readonly again: () => void;
}

function Opening({ row, people, again }: OpeningProps): VNode {
  const { say, member, go } = useApp();
  const look = useAction(async () => go(await placeOf(member, row.handoff)));
  const act = useAction(async (said: access.Review) => {
    await access.review(member, row.record, said);
    again();
  });
  return (
    <Card>
      <p>
        {say("supervisor.opening_by", { who: calledIn(people, row.member), day: day(say, row.at) })} (
        {say.many("supervisor.opening_times", row.times)})
      </p>
      <p>
        <strong>{say("supervisor.opening_why")}</strong>
      </p>
      <ul>
        {row.why.map((reason) => (
          <li key={reason}>
            <Foreign>{reason}</Foreign>
          </li>
        ))}
      </ul>
      {row.due !== null && <p class="quiet">{say("supervisor.opening_due", { day: day(say, row.due) })}</p>}
      {act.error !== null && <Problem error={act.error} />}
      {look.error !== null && <Problem error={look.error} />}
      <p class="row">
        <Button busy={look.busy} onClick={look.run}>
          {say("supervisor.opening_look")}
        </Button>
        <Button busy={act.busy} onClick={() => act.run("ok")}>
          {say("supervisor.ok")}
        </Button>
        <Button kind="warn" busy={act.busy} onClick={() => act.run("concern")}>
          {say("supervisor.concern")}
        </Button>
      </p>
    </Card>
  );
}

/** Where one looks at what was opened: a handoff, or a record of the own agency, which is opened there for a reason too. */
async function placeOf(member: Member, opened: string): Promise<string> {
  const { kind } = (await show(member, opened)).view;
  if (kind !== "own_record") return `${kind === LEG ? "transfer" : "handoff"}/${opened}`;
  return `${RECORDS[(await records.get(member, opened)).kind] ?? "cases"}/${opened}`;
}

/** Cases that somebody else recommends to close. */
function Closures(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async () => {
    const [held, people] = await Promise.all([aftercare.followed(member), colleagues(member)]);
    const asked = held.flatMap((one) => {
      const row = one.closure ? null : recommended(one);
      return row && row.by !== member.id ? [{ of: one.case, row }] : [];
    });
    return { asked, people };
  }, [member]);
  return (
    <Loaded of={loading}>
      {({ asked, people }) =>
        asked.length === 0 ? (
          <Nothing words={say("supervisor.none")} />
        ) : (
          <>
            {asked.map(({ of, row }) => (
              <Card key={of}>
                <p>{say("supervisor.closure", { who: calledIn(people, row.by) })}</p>
                <p class="quiet">{moment(say, row.entered)}</p>
                <p class="row">
                  <a class="button main" href={`#/visits/${of}/close`}>
                    {say("supervisor.look_first")}
                  </a>
                </p>
              </Card>
            ))}
          </>
        )
      }
    </Loaded>
  );
}

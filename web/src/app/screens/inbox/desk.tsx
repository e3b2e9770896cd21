/** A desk: what came in, or what went out, with counts by what is to be done, and a way to see less of it. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CASE_ROLES } from "../../../client/documents.ts";
import { box, counts, dueOf, OPEN, rows, type Desk as DeskName, type Row } from "../../../client/queues.ts";
import type { Member } from "../../../client/member.ts";
import { useApp, type Children } from "../../core/app.ts";
import { inMenu } from "../../core/screens.ts";
import type { Lang } from "../../core/words.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Tick } from "../../kit/controls.tsx";
import { Empty, Notice, Page } from "../../kit/showing.tsx";
import { Handoffs } from "./list.tsx";
import { namesOf, needsOf, type Names } from "./names.ts";

const ALL = "all";
/** Kinds of handoffs beside referrals that wait for people at a desk. */
const BESIDE = ["inquiry", "transfer_leg"];
const QUEUES: { readonly [desk: string]: readonly string[] } = {
  provider: [
    "overdue",
    "due_today",
    "new",
    "undecided",
    "to_start",
    "waitlist",
    "under_way",
    "to_stop",
    "asked",
    "withdrawn",
  ],
  owner: [
    ...[
      "info_asked",
      "tasks",
      "to_close",
      "unacknowledged",
      "undecided",
      "not_started",
      "no_outcome",
      "silent",
      "untold",
    ],
  ],
};

export const worksAt = (desk: DeskName, roles: readonly string[]): boolean =>
  roles.some((role) => CASE_ROLES.includes(role) && (desk !== "owner" || role !== "provider"));

export function Desk({ desk, title, children }: { desk: DeskName; title: string; children?: Children }): VNode {
  const { say, member, roles, local, lang } = useApp();
  const [queue, setQueue] = useState(OPEN);
  const [mine, setMine] = useState(false);
  const may = worksAt(desk, roles);
  const way = desk === "owner" ? "out" : "in";
  const loading = useLoaded(async () => {
    if (!may) return null;
    const beside = queue === OPEN ? Promise.all(BESIDE.map((kind) => box(member, kind, way))) : Promise.resolve([]);
    const listed = queue === ALL ? box(member, "referral", way) : rows(member, desk, queue, { mine });
    const [found, others, counted, names] = await Promise.all([
      listed,
      beside,
      counts(member, desk, { mine }),
      namesOf(local),
    ]);
    const waiting = others.flatMap((one) => one.rows.filter(({ ball }) => ball !== null));
    return { rows: [...found.rows, ...waiting], more: found.more, counted, names };
  }, [member, queue, mine]);
  const asked = useLoaded(async () => (desk === "owner" && may ? namedByNeeds(member, lang) : {}), [member, lang]);
  const more: Names = asked.is === "ready" ? asked.value : {};
  useLookAgain(loading.again);
  return (
    <Page title={title}>
      {children}
      {!may && (
        <Empty>
          <p>{say("inbox.no_cases")}</p>
          <p class="row">
            {inMenu(roles, true).map(({ path }) => (
              <a class="button" href={`#/${path}`} key={path}>
                {say(`app.nav_${path}`)}
              </a>
            ))}
          </p>
        </Empty>
      )}
      <Loaded of={loading}>
        {(held) =>
          held && (
            <>
              <Summary {...{ desk, counted: held.counted, rows: held.rows, onChoose: setQueue, queue }} />
              <details class="filter">
                <summary>{say("inbox.filter")}</summary>
                <Choice
                  label={say("inbox.show")}
                  value={queue}
                  options={[
                    [OPEN, say("inbox.queue.open")],
                    ...QUEUES[desk]!.map(
                      (one) => [one, counted(say(`inbox.queue.${one}`), held.counted[one])] as const,
                    ),
                    [ALL, say("inbox.queue.all")],
                  ]}
                  onChoose={setQueue}
                />
                <Tick label={say("inbox.mine")} checked={mine} onTick={setMine} />
                <Button onClick={loading.again}>{say("inbox.again")}</Button>
              </details>
              <Handoffs
                rows={held.rows}
                names={{ ...more, ...held.names }}
                nothing={say(queue === OPEN ? `inbox.nothing_${way}` : "inbox.nothing")}
              />
              {held.more && (
                <Notice>
                  <p>{say("inbox.more")}</p>
                </Notice>
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

/** Names of what was sent by what it asks for. */
async function namedByNeeds(member: Member, lang: Lang): Promise<Names> {
  const needs = await needsOf(member);
  if (Object.keys(needs).length === 0) return {};
  const words = (await import(`../../../../../hub/directory/records/words/${lang}.json`)).default.needs as Names;
  const named = Object.entries(needs).filter(([, codes]) => codes.length > 0);
  return Object.fromEntries(named.map(([id, codes]) => [id, codes.map((code) => words[code] ?? code).join(", ")]));
}

/** What presses, each a way to see only that. */
function Summary({
  desk,
  counted: found,
  rows: listed,
  queue,
  onChoose,
}: {
  desk: DeskName;
  counted: { readonly [queue: string]: number };
  rows: readonly Row[];
  queue: string;
  onChoose: (queue: string) => void;
}): VNode | null {
  const { say, now } = useApp();
  const late = listed.some((row) => (dueOf(row) ?? now()) < now());
  const pressing = QUEUES[desk]!.slice(0, desk === "owner" ? 3 : 4).filter((one) => found[one]);
  if (!pressing.length && queue === OPEN) return late ? null : <p class="quiet">{say("inbox.nothing_presses")}</p>;
  const shown = queue === OPEN ? pressing : [OPEN, ...pressing];
  return (
    <p class="row tight" role="group" aria-label={say("inbox.presses")}>
      {shown.map((one) => (
        <Button key={one} pressed={one === queue} onClick={() => onChoose(one)}>
          {counted(say(`inbox.short.${one}`), found[one])}
        </Button>
      ))}
    </p>
  );
}

const counted = (words: string, count: number | undefined): string =>
  count === undefined ? words : `${words} (${count})`;

/** Look again when somebody comes back to the page. */
function useLookAgain(again: () => void): void {
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && again();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [again]);
}

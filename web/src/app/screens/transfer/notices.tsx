/** Notices of arrivals, one way: those that came, one opened at a time; or, at a body that only gives notice, a new one. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as notices from "../../../client/notices.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date, moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Empty, Facts, Foreign, Page } from "../../kit/showing.tsx";
import { useWhy } from "../handoff/why.tsx";
import { GiveNotice } from "./give_notice.tsx";

export function Notices(): VNode {
  const { member } = useApp();
  const home = useLoaded(() => member.home(), [member]);
  return <Loaded of={home}>{(own) => (notices.givesNotice(own) ? <GiveNotice /> : <Came />)}</Loaded>;
}

function Came(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => notices.listing(member), [member]);
  return (
    <Page title={say("transfer.notices")} back="transfers">
      <p>{say("transfer.notices.about")}</p>
      <Loaded of={loading}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty>
              <p>{say("transfer.notices.none")}</p>
            </Empty>
          ) : (
            <>
              {rows.map((row) => (
                <One
                  key={String(row["id"])}
                  id={String(row["id"])}
                  from={String(row["from_agency"])}
                  at={Number(row["touched"])}
                />
              ))}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function One({ id, from, at }: { id: string; from: string; at: number }): VNode {
  const { say, member } = useApp();
  const [found, show] = useState<notices.Notice | null>(null);
  const why = useWhy();
  const open = useAction(async () => show(await why.with((reason) => notices.read(member, id, reason))));
  const says = found?.says;
  const people = Array.isArray(says?.["people"]) ? says["people"].length : 0;
  return (
    <Card title={moment(say, at)}>
      <p>
        {say("transfer.from")} <Foreign>{shortOf(from)}</Foreign>
      </p>
      {why.field}
      {says ? (
        <Facts
          rows={[
            [say("transfer.notices.on"), date(say, String(says["on"]))],
            [say("transfer.notices.place"), <Foreign key="place">{String(says["place"])}</Foreign>],
            [say("transfer.notices.how"), say(`transfer.travel.${String(says["how"])}`)],
            [
              say.many("transfer.notices.people", people),
              <People key="people" rows={says["people"] as unknown as Person[]} />,
            ],
          ]}
        />
      ) : (
        <p class="row">
          <Button busy={open.busy} onClick={open.run}>
            {say("transfer.notices.open")}
          </Button>
        </p>
      )}
      {open.error !== null && !why.asked && <Problem error={open.error} />}
    </Card>
  );
}

interface Person {
  readonly age_band: string;
  readonly sex: string | null;
  readonly reference: string | null;
}

function People({ rows }: { rows: readonly Person[] }): VNode {
  return (
    <ul>
      {rows.map(({ age_band, sex, reference }, index) => (
        <li key={index}>
          <bdi>{[age_band, sex, reference].filter((part) => part !== null).join(" · ")}</bdi>
        </li>
      ))}
    </ul>
  );
}

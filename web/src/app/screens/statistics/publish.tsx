/** The own agency's counts of a month: what would be told of them, and publishing that, once and for good. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { counted, COUNTERS, publish, settledAt } from "../../../client/counts.ts";
import { CASE_ROLES } from "../../../client/documents.ts";
import { HubError } from "../../../client/session.ts";
import type { Row } from "../../../client/suppression.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { date, dateOf } from "../../core/time.ts";
import { Button, Tick } from "../../kit/controls.tsx";
import { Card, Foreign, Notice, Table } from "../../kit/showing.tsx";
import { joined } from "../services/values.ts";
import { amount, named, placeOf, type Named, type Place } from "./places.ts";

interface Counted extends Named {
  readonly rows: readonly Row[];
  readonly before: boolean;
}

export function Publish({
  month,
  published,
  done,
}: {
  month: string;
  published: boolean;
  done: () => void;
}): VNode | null {
  const { say, member, roles, now } = useApp();
  const [found, setFound] = useState<Counted | null>(null);
  const [without, setWithout] = useState(false);
  const count = useAction(async () => {
    const made = await counted(member, month);
    const areas = made.rows.map(({ at }) => at[1] ?? null);
    setFound({ ...made, ...(await named(member.hub, say.lang, areas)) });
  });
  const send = useAction(async (rows: readonly Row[]) => {
    try {
      await publish(member, month, rows, without ? ["unmet"] : []);
    } catch (error) {
      if (error instanceof HubError && error.code === "stale_version") setFound(null); // a colleague counted meanwhile
      throw error;
    }
    done();
  });
  if (!COUNTERS.some((role) => roles.includes(role))) return null;
  const free = settledAt(month);
  const reads = CASE_ROLES.some((role) => roles.includes(role));
  return (
    <Card title={say("statistics.publish_title")}>
      {published ? (
        <p role="status">{say("statistics.published_by_us")}</p>
      ) : now() < free ? (
        <p>{say("statistics.not_settled", { day: date(say, dateOf(free)) })}</p>
      ) : !reads ? (
        <p>{say("statistics.others_count")}</p>
      ) : (
        <>
          <p>{say("statistics.publish_intro")}</p>
          {found ? (
            <>
              {found.before && <Notice>{say("statistics.counted_before")}</Notice>}
              <Told found={found} />
              <Tick label={say("statistics.without_unmet")} checked={without} onTick={setWithout} />
              <p class="hint">{say("statistics.without_hint")}</p>
            </>
          ) : null}
          {[count, send].map(({ error }, index) => error !== null && <Problem error={error} key={index} />)}
          <p class="row">
            {found ? (
              <Button kind="main" busy={send.busy} onClick={() => send.run(found.rows)}>
                {say("statistics.publish")}
              </Button>
            ) : (
              <Button busy={count.busy} onClick={() => count.run()}>
                {say("statistics.count")}
              </Button>
            )}
          </p>
        </>
      )}
    </Card>
  );
}

/** What others would read: each place, and how it ended there as far as that may be told. */
function Told({ found }: { found: Counted }): VNode {
  const { say } = useApp();
  if (!found.rows.length) return <p>{say("statistics.too_few")}</p>;
  return (
    <Table
      caption={say("statistics.would_tell")}
      rows={found.rows}
      keyOf={({ at }) => at.join("/")}
      columns={[
        { title: say("statistics.place"), cell: ({ at }) => <Foreign>{placeOf(say, found, placeIn(at))}</Foreign> },
        { title: say("statistics.number"), cell: ({ sought }) => amount(say, sought), number: true },
        { title: say("statistics.split_ending"), cell: ({ told }) => endings(told["ending"]) },
      ]}
    />
  );

  function endings(told: { readonly [ending: string]: number } = {}): string {
    const words = Object.entries(told).map(
      ([code, count]) => `${say(`statistics.class_ending_${code}`)} ${amount(say, count)}`,
    );
    return joined(say, words) || say("statistics.hidden");
  }
}

function placeIn(at: Row["at"]): Place {
  const [service, area, age_band, sex] = at.map((code): string | null => code);
  return { service: service ?? null, area: area ?? null, age_band: age_band ?? null, sex: sex ?? null };
}

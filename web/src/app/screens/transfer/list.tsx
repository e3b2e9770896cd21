/** All transfers of the agency by whose turn it is, and what waits for the member's own signature. */

import type { VNode } from "preact";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import * as cosigning from "../../../client/cosigning.ts";
import { box } from "../../../client/queues.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Card, Page } from "../../kit/showing.tsx";
import { Handoffs } from "../inbox/list.tsx";
import { namesOf } from "../inbox/names.ts";
import { CosignLine, CosignWaits } from "./cosign_line.tsx";
import { CheckProof } from "./holder.tsx";

const LEG = "transfer_leg";

export default function Transfers(_: ScreenProps): VNode {
  const { say, member, local, roles } = useApp();
  const loading = useLoaded(async () => {
    const [came, went, names, waits, people] = await Promise.all([
      box(member, LEG, "in"),
      box(member, LEG, "out"),
      namesOf(local),
      cosigning.waiting(member),
      colleagues(member),
    ]);
    const rows = new Map([...came.rows, ...went.rows].map((row) => [row.id, row]));
    const mine = waits.filter(({ second }) => second === member.id);
    return { rows: [...rows.values()], names, mine, others: waits.filter((item) => !mine.includes(item)), people };
  }, [member]);
  return (
    <Page title={say("transfer.title")}>
      <p>{say("transfer.about")}</p>
      <p class="row">
        {roles.includes("caseworker") && (
          <>
            <a class="button main" href="#/transfer/offer">
              {say("transfer.offer_one")}
            </a>
            <a class="button" href="#/transfer/inquire">
              {say("transfer.step.inquire")}
            </a>
            <a class="button" href="#/transfer/intake">
              {say("transfer.take_in")}
            </a>
          </>
        )}
        <a class="button" href="#/transfer/notices">
          {say("transfer.notices")}
        </a>
        {roles.includes("supervisor") && (
          <a class="button" href="#/transfer/succession">
            {say("transfer.succession")}
          </a>
        )}
      </p>
      <Loaded of={loading}>
        {({ rows, names, mine, others, people }) => (
          <>
            {mine.length > 0 && (
              <Card title={say("transfer.waits_for_you")} kind="over">
                <ul class="plain-list">
                  {mine.map((item) => (
                    <li key={item.record}>
                      <CosignLine item={item} first={calledIn(people, item.first)} name={names[item.handoff]} />
                    </li>
                  ))}
                </ul>
              </Card>
            )}
            {others.map((item) => (
              <CosignWaits key={item.record} item={item} people={people} />
            ))}
            <Handoffs rows={rows} names={names} nothing={say("transfer.nothing")} />
          </>
        )}
      </Loaded>
      <CheckProof />
    </Page>
  );
}

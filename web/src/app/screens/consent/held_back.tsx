/** What this agency held back because it came beyond its basis: for the data officer, without what stood there. */

import type { VNode } from "preact";
import * as breach from "../../../client/breach.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Empty, Page, Table } from "../../kit/showing.tsx";
import { useSpoken } from "./room.ts";

export function HeldBackList(): VNode {
  const { member, say } = useApp();
  const spoken = useSpoken();
  const found = useLoaded(() => breach.listing(member), []);
  return (
    <Page title={say("consent.breaches")} back="consent">
      <p>{say("consent.breaches_about")}</p>
      <Loaded of={spoken}>
        {(words) => (
          <Loaded of={found}>
            {(rows) =>
              rows.length === 0 ? (
                <Empty>{say("consent.breaches_none")}</Empty>
              ) : (
                <Table
                  caption={say("consent.breaches")}
                  rows={rows}
                  keyOf={({ record }) => record}
                  columns={[
                    {
                      title: say("consent.when"),
                      cell: ({ at, handoff }) => <a href={`#/handoff/${handoff}`}>{moment(say, at)}</a>,
                    },
                    {
                      title: say("consent.what_and_rule"),
                      cell: ({ heldBack }) => (
                        <ul class="words">
                          {Object.entries(heldBack).map(([name, rules]) => (
                            <li key={name}>
                              {words.name("section", name)} {rules.length > 0 && `(${rules.join(", ")})`}
                            </li>
                          ))}
                        </ul>
                      ),
                    },
                  ]}
                />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

/**
 * Who is waited for, by agency: the own one exactly, others as few, some or many, so that no case can be told from it.
 * Counters also see how much is open there.
 */

import type { VNode } from "preact";
import { givesNotice } from "../../../client/notices.ts";
import { chaseBoard, loads, type ChaseRow, type Load } from "../../../client/reports.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Ball, Card, Empty, Foreign, Page, StateWord, Table } from "../../kit/showing.tsx";

const COUNTERS = ["coordinator"];
const WIDTH = { few: 1, some: 2, many: 3 };

export default function Board(_props: ScreenProps): VNode {
  const { say, member, roles } = useApp();
  const counts = roles.some((role) => COUNTERS.includes(role));
  const loading = useLoaded(
    async () => ({
      board: await chaseBoard(member.hub),
      loads: counts ? await loads(member.hub) : [],
      gives: givesNotice(await member.home()),
    }),
    [],
  );
  return (
    <Page title={say("board.title")}>
      <p>{say("board.intro")}</p>
      <Loaded of={loading}>
        {({ board, loads: rows, gives }) => (
          <>
            {gives && (
              <p class="row">
                <a class="button" href="#/transfer/notices">
                  {say("board.give_notice")}
                </a>
              </p>
            )}
            <p class="hint">{say("board.since", { day: day(say, board.since) })}</p>
            {board.agencies.length === 0 ? (
              <Empty>
                <p>{say("board.nothing")}</p>
              </Empty>
            ) : (
              <ul class="board">
                {board.agencies.map((row) => (
                  <li key={row.agency}>
                    <Waited row={row} own={row.agency === member.agency} />
                  </li>
                ))}
              </ul>
            )}
            {counts && <Loads rows={rows} own={member.agency} />}
            <Bands />
            {counts && (
              <p>
                <a href="#/transfer/succession">{say("board.succession")}</a>
              </p>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

const plain = (agency: string): string => agency.replace("urn:rcp:agency:", "");

/** One agency: its name, how much is late there, and a bar of as many blocks as the band has. */
function Waited({ row, own }: { row: ChaseRow; own: boolean }): VNode {
  const { say } = useApp();
  const late = row.waiting ?? null;
  const idle = late === 0;
  return (
    <div class={`waited ${row.band}`}>
      <h2>
        <Foreign>{plain(row.agency)}</Foreign> {own && <StateWord words="board.own" />}
      </h2>
      <p>
        {idle ? <Ball who="nobody" /> : own && <Ball who="us" />}{" "}
        {!idle && <strong>{late === null ? say(`board.band_${row.band}`) : say.many("board.exactly", late)}</strong>}{" "}
        {!own && row.band !== "few" && <span class="hint">{say("board.them")}</span>}
      </p>
      <svg class="blocks" viewBox="-1 -1 36 12" aria-hidden="true" focusable="false">
        {[0, 1, 2].map((index) => (
          <rect
            key={index}
            x={index * 12}
            y={0}
            width={10}
            height={10}
            class={!idle && index < WIDTH[row.band] ? "on" : "off"}
          />
        ))}
      </svg>
    </div>
  );
}

function Loads({ rows, own }: { rows: readonly Load[]; own: string }): VNode {
  const { say } = useApp();
  const said = (value: string) => (/^\d+$/.test(value) ? value : say(`board.band_${value}`));
  return (
    <Card title={say("board.loads")}>
      <Table
        caption={say("board.loads_caption")}
        rows={rows}
        keyOf={({ agency }) => agency}
        columns={[
          {
            title: say("board.agency"),
            cell: ({ agency }) => (
              <>
                <Foreign>{plain(agency)}</Foreign> {agency === own && <StateWord words="board.own" />}
              </>
            ),
          },
          { title: say("board.open"), cell: ({ open }) => said(open) },
          { title: say("board.late"), cell: ({ past_due }) => said(past_due) },
          {
            title: say("board.median"),
            cell: ({ median_days }) =>
              median_days === null ? say("board.not_told") : say.many("board.days", median_days),
          },
        ]}
      />
    </Card>
  );
}

function Bands(): VNode {
  const { say } = useApp();
  return (
    <Card title={say("board.why_bands")}>
      <p>{say("board.bands")}</p>
    </Card>
  );
}

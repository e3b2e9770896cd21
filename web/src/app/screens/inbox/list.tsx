/** A list of handoffs: whose turn it is and by when, the overdue first. The rows are the hub's word, to choose from. */

import type { VNode } from "preact";
import { ballOf, dueOf, type Row } from "../../../client/queues.ts";
import { useApp } from "../../core/app.ts";
import { date } from "../../core/time.ts";
import { Ball, Due, Empty, Foreign, StateWord, type Holder } from "../../kit/showing.tsx";
import type { Names } from "./names.ts";

const ADDRESS = "urn:rcp:agency:";
const NEVER = 10 ** 12;
/** Their turn is shown after ours, and what is on its way or over after that. */
const TURNS: readonly Holder[] = ["us", "them", "hub", "nobody"];
const SCREENS: { readonly [kind: string]: string } = { transfer_leg: "transfer" };

export const agencyName = (agency: string): string => agency.replace(ADDRESS, "");

export function Handoffs({ rows, names, nothing }: { rows: readonly Row[]; names: Names; nothing: string }): VNode {
  const { say, member } = useApp();
  if (rows.length === 0) {
    return (
      <Empty>
        <p>{nothing}</p>
      </Empty>
    );
  }
  const turns = TURNS.map((turn) => [turn, inTurn(rows, turn, member.agency)] as const);
  return (
    <>
      {turns.map(([turn, some]) =>
        some.length === 0 ? null : (
          <section key={turn}>
            <h2>{say(`inbox.turn_${turn}`, { count: some.length })}</h2>
            <ul class="plain-list">
              {some.map((row) => (
                <Item key={row.id} row={row} turn={turn} name={names[row.id] ?? null} />
              ))}
            </ul>
          </section>
        ),
      )}
    </>
  );
}

function inTurn(rows: readonly Row[], turn: Holder, agency: string): Row[] {
  const some = rows.filter((row) => ballOf(row, agency) === turn);
  const due = (row: Row) => dueOf(row) ?? NEVER - row.touched;
  return some.sort((one, other) => due(one) - due(other));
}

function Item({ row, turn, name }: { row: Row; turn: Holder; name: string | null }): VNode {
  const { say, member, now } = useApp();
  const sent = row.from_agency === member.agency;
  const other = agencyName(sent ? row.to_agency : row.from_agency);
  const due = dueOf(row);
  const over = turn === "us" && due !== null && due < now();
  const states = [...(row.kind === "transfer_leg" ? ["transfer"] : []), "inbox"].map(
    (room) => `${room}.state.${row.state}`,
  );
  const state = states.find(say.has);
  return (
    <li class={over ? "card item over" : "card item"}>
      <h3>
        <a href={`#/${SCREENS[row.kind] ?? "handoff"}/${row.id}`}>
          {name ? <Foreign>{name}</Foreign> : say(`inbox.kind_${row.kind}`)}
        </a>
      </h3>
      <p>
        {say(sent ? "inbox.to" : "inbox.from")} <Foreign>{other}</Foreign>
        {row.urgency && row.urgency !== "routine" && (
          <>
            {" "}
            <strong>{say(`inbox.urgency.${row.urgency}`)}</strong>
          </>
        )}
      </p>
      <p class="row tight">
        {state !== undefined && <StateWord words={state} />}
        <Ball who={turn} {...(turn === "them" ? { name: other } : {})} />
        <Due at={due} />
      </p>
      {flagsOf(row).map((flag) => (
        <p class="flag" key={flag}>
          {say(`inbox.flag.${flag}`, { day: row.needed_from ? date(say, row.needed_from) : "", count: row.asked })}
        </p>
      ))}
    </li>
  );
}

/** What else people must know of a row before they open it. */
function flagsOf(row: Row): string[] {
  const { custody } = row;
  return [
    ...(custody?.frozen ? ["frozen"] : []),
    ...(custody?.withdrawn ? ["withdrawn"] : []),
    ...(row.silence === "transport" ? ["away"] : []),
    ...(row.untold ? ["untold"] : []),
    ...(row.doubted ? ["doubted"] : []),
    ...(row.grade === "reported" ? ["reported"] : []),
    ...(row.being_confirmed ? ["confirming"] : []),
    ...(row.paused ? ["paused"] : []),
    ...(row.needed_from ? ["needed_from"] : []),
    ...(row.asked > 2 ? ["asked_often"] : []),
  ];
}

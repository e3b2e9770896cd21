/** The journey drawn: its stations, which of them are behind, and who is responsible along the way. */

import type { VNode } from "preact";
import { shortOf } from "../../../client/agencies.ts";
import type { Shown } from "../../../client/handoffs.ts";
import type { Holding } from "../../../client/register.ts";
import { newest } from "../../../client/register.ts";
import { useApp } from "../../core/app.ts";
import { moment } from "../../core/time.ts";
import { dirOf } from "../../core/words.ts";
import { Card } from "../../kit/showing.tsx";

/** The stations, each with the step that reaches it. */
const STATIONS = [
  ["offered", "transfer.offer"],
  ["accepted", "transfer.accept"],
  ["travels", "transfer.depart"],
  ["arrived", "transfer.arrive"],
  ["released", "transfer.release"],
  ["taken", "transfer.take"],
  ["followed", "transfer.first_contact"],
] as const;
const HANDED_OVER = 5;
/** States in which nothing goes on by this leg. */
const ENDED = [
  ...["declined", "expired", "cancelled", "closed_declined", "closed_expired", "consent_withdrawn", "onward", "closed"],
];
const GAP = 56;
const WIDTH = 260;
const FIRST = 26;

export function Way({ shown, holding }: { shown: Shown; holding: Holding }): VNode {
  const { say, member, lang } = useApp();
  const at = reached(shown);
  const ended = ENDED.includes(shown.state ?? "");
  const place = (x: number) => (dirOf(lang) === "rtl" ? WIDTH - x : x);
  const facts = {
    at: at + 1,
    all: STATIONS.length,
    station: at < 0 ? "" : stationWord(at),
    agency: shortOf(holding.holder),
  };
  function stationWord(index: number): string {
    return say(`transfer.station.${STATIONS[index]![0]}`);
  }
  const y = (index: number) => FIRST + index * GAP;
  const moved = holding.holder !== shown.from && at >= HANDED_OVER;
  return (
    <Card title={say("transfer.way")}>
      <svg
        class="way"
        viewBox={`0 0 ${WIDTH} ${y(STATIONS.length - 1) + FIRST}`}
        role="img"
        aria-label={at < 0 ? say("transfer.way_before") : say("transfer.way_told", facts)}
      >
        <Band x={place(10)} from={y(0)} to={y(HANDED_OVER)} kind="sender" />
        <Band x={place(10)} from={y(HANDED_OVER)} to={y(STATIONS.length - 1)} kind={moved ? "receiver" : "later"} />
        <line class="rail" x1={place(40)} x2={place(40)} y1={y(0)} y2={y(STATIONS.length - 1)} />
        <line class="rail behind" x1={place(40)} x2={place(40)} y1={y(0)} y2={y(Math.max(0, at))} />
        {STATIONS.map(([name, type], index) => {
          const when = index <= at ? newest(shown, type)?.statement.at : undefined;
          const standing =
            index < at || (index === at && at === STATIONS.length - 1) ? "behind" : index === at ? "here" : "ahead";
          return (
            <g key={name} class={standing}>
              <circle cx={place(40)} cy={y(index)} r={standing === "here" ? 13 : 10} />
              {standing === "behind" && <path d={tick(place(40), y(index))} />}
              {standing === "here" && <circle class="dot" cx={place(40)} cy={y(index)} r={5} />}
              <text x={place(64)} y={y(index) + 1}>
                {stationWord(index)}
              </text>
              <text class="small" x={place(64)} y={y(index) + 18}>
                {when === undefined
                  ? say(standing === "here" ? "transfer.here" : "transfer.to_come")
                  : moment(say, when)}
              </text>
            </g>
          );
        })}
      </svg>
      <p class="key-line">
        <span class="swatch sender" aria-hidden="true" /> {say("transfer.holder")}: <bdi>{shortOf(shown.from)}</bdi>
        {moved && (
          <>
            {" → "}
            <span class="swatch receiver" aria-hidden="true" /> <bdi>{shortOf(holding.holder)}</bdi>
          </>
        )}
        {holding.holder === member.agency && ` (${say("transfer.holder_own")})`}
      </p>
      {at < 0 && <p>{say("transfer.way_before")}</p>}
      {ended && <p>{say("transfer.way_ended", { state: say(`transfer.state.${shown.state}`) })}</p>}
    </Card>
  );
}

function Band({ x, from, to, kind }: { x: number; from: number; to: number; kind: string }): VNode {
  return <rect class={`band ${kind}`} x={x - 4} y={from} width={8} height={to - from} rx={4} />;
}

const tick = (x: number, y: number): string => `M ${x - 4.5} ${y} l 3.2 3.4 l 6 -6.6`;

/** The last station that was reached, -1 before an offer: a release that was taken back counts no more. */
function reached(shown: Shown): number {
  const open = ["released", "responsibility_transferred", "monitoring", "onward", "closed"].includes(shown.state ?? "");
  const counts = STATIONS.map(([name, type]) => newest(shown, type) !== null && (name !== "released" || open));
  return counts.lastIndexOf(true);
}

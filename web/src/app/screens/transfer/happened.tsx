/** What happened, day by day: who signed what, on which leg, and where it stands in the logs. */

import type { VNode } from "preact";
import { shortOf } from "../../../client/agencies.ts";
import type { Entry, Timeline } from "../../../client/timeline.ts";
import { useApp } from "../../core/app.ts";
import { moment, weekday } from "../../core/time.ts";
import { Card, Foreign } from "../../kit/showing.tsx";
import type { Coded } from "../handoff/coded.ts";
import { agencyWord } from "./room.ts";

const DAY = 86_400;
const QUIET = ["receipt"];

export function Happened({ made, coded }: { made: Timeline; coded: Coded }): VNode {
  const { say, member } = useApp();
  const entries = made.entries.filter(({ step }) => !QUIET.includes(step));
  const days = [...new Set(entries.map(({ at }) => Math.floor(at / DAY)))];
  const several = made.stretches.length > 1;
  return (
    <Card title={say("transfer.happened")}>
      {days.map((day) => (
        <section key={day}>
          <h3>{weekday(say, day * DAY)}</h3>
          <ol class="timeline">
            {entries
              .filter(({ at }) => Math.floor(at / DAY) === day)
              .map((entry, index) => (
                <li key={index} class={entry.refused ? "refused" : ""}>
                  <Step entry={entry} coded={coded} several={several} />
                  {entry.holder !== null && (
                    <p class="moves">
                      {say("transfer.from_here", { agency: agencyWord(say, entry.holder, member.agency) })}
                    </p>
                  )}
                </li>
              ))}
          </ol>
        </section>
      ))}
    </Card>
  );
}

function Step({ entry, coded, several }: { entry: Entry; coded: Coded; several: boolean }): VNode {
  const { say } = useApp();
  const { stretch, by, places } = entry;
  return (
    <>
      <p class="what">
        <strong>{coded.word("steps", entry.step)}</strong>
        {several && stretch.kind === "transfer_leg" && (
          <>
            {" "}
            <a class="state" href={`#/transfer/${stretch.id}`}>
              {say("transfer.leg")} {stretch.number}
            </a>
          </>
        )}
      </p>
      <p class="quiet">
        {moment(say, entry.at)}
        {by.map(([name, role]) => (
          <span key={`${name}${role}`}>
            {" · "}
            {role !== null && `${coded.word("roles", role)}, `}
            <Foreign>{shortOf(name)}</Foreign>
          </span>
        ))}
      </p>
      {entry.refused && <p class="flag">{say("handoff.refused")}</p>}
      {entry.waits && <p class="flag">{say("handoff.waits")}</p>}
      {places.length > 0 && (
        <details>
          <summary>{say.many("handoff.logged", places.length)}</summary>
          <ul>
            {places.map(([host, index]) => (
              <li key={host}>{say("handoff.log_place", { host, index })}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** What happened, step by step: who signed it, how good the evidence is, and in which hubs' logs it stands. */

import type { VNode } from "preact";
import type { Line } from "../../../client/handoffs.ts";
import { isMember } from "../../../client/statements.ts";
import { useApp } from "../../core/app.ts";
import { date, moment } from "../../core/time.ts";
import { Card, Foreign } from "../../kit/showing.tsx";
import { agencyName } from "../inbox/list.tsx";
import type { Coded } from "./coded.ts";
import type { PartProps } from "./index.tsx";

/** What hubs sign about statements themselves stands beside those. */
export const QUIET = ["hub.receipt", "packet.rewrap"];
const DAYS = ["first_contact", "contact", "review"];

export function Timeline({ shown, coded }: PartProps): VNode {
  const { say } = useApp();
  const lines = shown.lines.filter(({ statement }) => !QUIET.includes(statement.type));
  return (
    <Card title={say("handoff.timeline")}>
      <ol class="timeline">
        {lines.map((line) => (
          <li key={line.hash} class={line.refused ? "refused" : ""}>
            <Step line={line} coded={coded} />
          </li>
        ))}
      </ol>
      <p class="quiet">{say("handoff.timeline_note")}</p>
    </Card>
  );
}

function Step({ line, coded }: { line: Line; coded: Coded }): VNode {
  const { say } = useApp();
  const { type, by, at, grade, body } = line.statement;
  const name = type.slice(type.indexOf(".") + 1);
  const logs = line.words.flatMap(({ receipt, host }) => (receipt ? [{ host, index: receipt.index }] : []));
  const day = DAYS.map((key) => body[key]).find((value) => typeof value === "string");
  return (
    <>
      <p class="what">
        <strong>{coded.word("steps", name)}</strong>
        {typeof day === "string" && <> · {date(say, day)}</>}
        {grade !== "signed" && grade !== "hub" && <span class="state"> {say(`handoff.grade.${grade}`)}</span>}
      </p>
      <p class="quiet">
        {moment(say, at)}
        {by.map((actor) => (
          <span key={isMember(actor) ? actor.member : actor.hub}>
            {" · "}
            {isMember(actor) ? (
              <>
                {coded.word("roles", actor.role)}, <Foreign>{agencyName(actor.agency)}</Foreign>
              </>
            ) : (
              <>
                {say("handoff.a_hub")} <Foreign>{actor.hub}</Foreign>
              </>
            )}
          </span>
        ))}
      </p>
      {line.refused && <p class="flag">{say("handoff.refused")}</p>}
      {!line.refused && line.standing === "waiting" && <p class="flag">{say("handoff.waits")}</p>}
      {logs.length > 0 && (
        <details>
          <summary>{say.many("handoff.logged", logs.length)}</summary>
          <ul>
            {logs.map(({ host, index }) => (
              <li key={host}>{say("handoff.log_place", { host, index })}</li>
            ))}
          </ul>
          <p class="digits">{line.hash}</p>
        </details>
      )}
    </>
  );
}

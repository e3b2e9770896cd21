/**
 * The receipts of a handoff on paper: who signed what and when, and where it stands in which hub's log. It says nothing of a
 * person, and whoever holds it can compare it with the logs.
 */

import type { VNode } from "preact";
import type { Line } from "../../../client/handoffs.ts";
import { isMember } from "../../../client/statements.ts";
import { useApp } from "../../core/app.ts";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Facts, Foreign, Notice } from "../../kit/showing.tsx";
import { agencyName } from "../inbox/list.tsx";
import type { Coded } from "./coded.ts";
import type { PartProps } from "./index.tsx";
import { QUIET } from "./timeline.tsx";

export function Receipts({ shown, coded }: Pick<PartProps, "shown" | "coded">): VNode {
  const { say, now } = useApp();
  const lines = shown.lines.filter(({ statement }) => !QUIET.includes(statement.type));
  const state = `inbox.state.${shown.state}`;
  return (
    <>
      <div class="no-print">
        <Notice>
          <p>{say("handoff.receipts_about")}</p>
        </Notice>
        <Button kind="main" onClick={() => globalThis.print()}>
          {say("app.print")}
        </Button>
      </div>
      <Facts
        rows={[
          [say("handoff.number"), <Digits key="id">{shown.id}</Digits>],
          [say("inbox.from"), <Foreign key="from">{agencyName(shown.from)}</Foreign>],
          [say("inbox.to"), <Foreign key="to">{agencyName(shown.to)}</Foreign>],
          ...(say.has(state) ? [[say("handoff.state"), say(state)] as const] : []),
          [say("handoff.printed"), moment(say, now())],
        ]}
      />
      <ol class="timeline">
        {lines.map((line) => (
          <li key={line.hash}>
            <OneReceipt line={line} coded={coded} />
          </li>
        ))}
      </ol>
      <p class="quiet">{say("handoff.verified")}</p>
    </>
  );
}

function OneReceipt({ line, coded }: { line: Line; coded: Coded }): VNode {
  const { say } = useApp();
  const { type, by, at, grade } = line.statement;
  const logs = line.words.flatMap(({ receipt, host, at: logged }) => (receipt ? [{ ...receipt, host, logged }] : []));
  return (
    <>
      <p class="what">
        <strong>{coded.word("steps", type.slice(type.indexOf(".") + 1))}</strong>
        {line.refused && ` (${say("handoff.refused")})`}
      </p>
      <Facts
        rows={[
          [say("handoff.signed_at"), `${moment(say, at)} (${say(`handoff.grade.${grade}`)})`],
          ...by.map(
            (actor) =>
              [
                say("handoff.signed_by"),
                isMember(actor) ? (
                  <>
                    {coded.word("roles", actor.role)}, <Foreign>{agencyName(actor.agency)}</Foreign>{" "}
                    <Digits>{actor.member}</Digits>
                  </>
                ) : (
                  <Foreign>{actor.hub}</Foreign>
                ),
              ] as const,
          ),
          [say("handoff.hash"), <Digits key="hash">{line.hash}</Digits>],
          ...logs.map(
            ({ host, index, log, logged }) =>
              [
                say("handoff.receipt_of"),
                <>
                  {say("handoff.log_place", { host, index })} · {moment(say, logged)}
                  <br />
                  {say("handoff.log_root", { size: log.size })} <Digits>{log.root}</Digits>
                </>,
              ] as const,
          ),
        ]}
      />
    </>
  );
}

/** What is compared sign by sign, in its own direction. */
function Digits({ children }: { children: string }): VNode {
  return (
    <bdi class="digits" dir="ltr">
      {children}
    </bdi>
  );
}

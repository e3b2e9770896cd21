/** What changed in the own agency's documents since this member last looked: each device, each removal, each recovery. */

import type { VNode } from "preact";
import { devices } from "../../../client/enrol.ts";
import type { Member } from "../../../client/member.ts";
import { changes, type Change } from "../../../client/watching.ts";
import { useApp } from "../../core/app.ts";
import type { Local } from "../../core/local.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";

const NAME = "watched";

export function Watched(): VNode {
  const { say, member, local } = useApp();
  const loading = useLoaded(() => found(member, local), [member]);
  const seeing = useAction(async (rows: readonly Change[]) => {
    await local.put("setting", NAME, rows[rows.length - 1]!.index);
    loading.again();
  });
  return (
    <Card title={say("keys.watched")}>
      <p>{say("keys.watched_what")}</p>
      <Loaded of={loading}>
        {({ rows, logins }) =>
          rows.length ? (
            <>
              <ol class="plain-list">
                {rows.map(({ index, what, member: whose, at }) => (
                  <li key={index}>
                    {at !== null && <time>{day(say, at)} </time>}
                    <strong>{say(`keys.what_${what.replace("-", "_")}`)}</strong>{" "}
                    {whose !== null && <bdi>{logins.get(whose) ?? whose}</bdi>}
                  </li>
                ))}
              </ol>
              <p>{say("keys.watched_odd")}</p>
              <Button busy={seeing.busy} onClick={() => seeing.run(rows)}>
                {say("keys.watched_seen")}
              </Button>
            </>
          ) : (
            <Notice kind="good">
              <p>{say("keys.watched_none")}</p>
            </Notice>
          )
        }
      </Loaded>
    </Card>
  );
}

async function found(
  member: Member,
  local: Local,
): Promise<{ rows: Change[]; logins: ReadonlyMap<string, string | null> }> {
  const since = await local.get("setting", NAME);
  const rows = await changes(member, typeof since === "number" ? since : -1);
  const listed = rows.length ? await devices(member) : [];
  return { rows, logins: new Map(listed.map(({ member: whose, login }) => [whose, login])) };
}

/** Who is on duty when. The rota is put as a whole; turns that are over drop out of it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { isObject, type Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Choice, TextField, type Option } from "../../kit/controls.tsx";
import { Card } from "../../kit/showing.tsx";

const LONGEST = 31 * 86_400;
const PATH = "/api/v1/directory/duty";

type Turn = { member: string; since: number; until: number };

export function Rota({ colleagues }: { colleagues: readonly Option[] }): VNode {
  const { say, member, roles } = useApp();
  const loading = useLoaded(() => turnsOf(member), [member]);
  const keeps = roles.some((role) => ["agency_admin", "supervisor"].includes(role));
  const putting = useAction(async (turns: readonly Turn[]) => {
    await member.hub.put(PATH, { turns: turns as unknown as Json[] });
    loading.again();
  });
  const login = (id: string) => colleagues.find(([name]) => name === id)?.[1] ?? id;
  return (
    <Card title={say("admin.rota")}>
      <p>{say("admin.rota_what")}</p>
      <Loaded of={loading}>
        {(turns) => (
          <>
            {turns.length === 0 && <p>{say("admin.rota_none")}</p>}
            <ul class="plain-list">
              {turns.map((turn) => (
                <li key={`${turn.member}${turn.since}`} class="row">
                  <bdi>{login(turn.member)}</bdi>
                  <span>
                    {say("admin.rota_span", { since: moment(say, turn.since), until: moment(say, turn.until) })}
                  </span>
                  {keeps && (
                    <Button
                      busy={putting.busy}
                      label={say("admin.rota_end_of", { login: login(turn.member), since: moment(say, turn.since) })}
                      onClick={() => putting.run(turns.filter((one) => one !== turn))}
                    >
                      {say("admin.rota_end")}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            {keeps && <Add {...{ colleagues }} busy={putting.busy} onAdd={(turn) => putting.run([...turns, turn])} />}
          </>
        )}
      </Loaded>
      {putting.error !== null && <Problem error={putting.error} />}
    </Card>
  );
}

function Add({
  colleagues,
  busy,
  onAdd,
}: {
  colleagues: readonly Option[];
  busy: boolean;
  onAdd: (turn: Turn) => void;
}): VNode {
  const { say } = useApp();
  const [who, choose] = useState("");
  const [since, begin] = useState("");
  const [until, end] = useState("");
  const [tried, attempt] = useState(false);
  const turn = { member: who, since: secondsOf(since), until: secondsOf(until) };
  const fits = 0 < turn.until - turn.since && turn.until - turn.since <= LONGEST;
  const missing = (text: string) => (tried && !text ? say("app.required") : null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        attempt(true);
        if (!who || !since || !until || !fits) return;
        onAdd(turn);
        attempt(false);
        begin("");
        end("");
      }}
    >
      <Choice
        label={say("admin.rota_who")}
        value={who}
        none={say("join.choose")}
        error={missing(who)}
        options={colleagues}
        onChoose={choose}
      />
      <TextField
        label={say("admin.rota_since")}
        type="datetime-local"
        value={since}
        error={missing(since)}
        onInput={begin}
      />
      <TextField
        label={say("admin.rota_until")}
        type="datetime-local"
        value={until}
        error={missing(until) ?? (tried && since && !fits ? say("admin.rota_wrong") : null)}
        onInput={end}
      />
      <Button type="submit" busy={busy}>
        {say("admin.rota_add")}
      </Button>
    </form>
  );
}

/** A moment as the reader's own clock shows it. */
const secondsOf = (text: string): number => Math.floor(new Date(text).getTime() / 1000);

async function turnsOf(member: Member): Promise<Turn[]> {
  const found = await member.hub.get(PATH);
  const turns = isObject(found) && Array.isArray(found["turns"]) ? (found["turns"] as unknown as Turn[]) : [];
  return turns.map(({ member: id, since, until }) => ({ member: id, since, until }));
}

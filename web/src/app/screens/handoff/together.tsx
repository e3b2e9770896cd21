/**
 * Referrals that belong together, as only the own agency knows: who else was asked and who answered what, who else of the
 * household was referred, what follows what. Of several that were asked, the one that said yes is chosen here.
 */

import type { VNode } from "preact";
import * as groups from "../../../client/groups.ts";
import type { Group } from "../../../client/groups.ts";
import { ballOf, box, dueOf, type Row } from "../../../client/queues.ts";
import { known } from "../../../client/register.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { loadWords } from "../../core/words.ts";
import { Button } from "../../kit/controls.tsx";
import { Ball, Card, Due, Foreign, Notice, StateWord } from "../../kit/showing.tsx";
import { agencyName } from "../inbox/list.tsx";
import { namesOf, type Names } from "../inbox/names.ts";
import type { PartProps } from "./index.tsx";
import { useWhy } from "./why.tsx";

/** What a handoff belongs together with. */
export function Together({ shown, done }: PartProps): VNode {
  const { say, member, local } = useApp();
  const loading = useLoaded(async () => {
    const found = await groups.around(member, shown);
    const others = new Set(found.flatMap(({ handoffs }) => handoffs).filter((one) => one !== shown.id));
    const there = await Promise.all([...others].map((one) => known(member, one))); // none: not sent yet
    const rows = [shown, ...there].flatMap((one) => (one ? [one.view as unknown as Row] : []));
    return { found, rows, names: await namesOf(local) };
  }, [shown]);
  return (
    <Loaded of={loading}>
      {({ found, rows, names }) => (
        <>
          {found.map((group) => (
            <OneGroup
              key={group.record}
              {...{ group, names, rows: rowsOf(group, rows), here: shown.id }}
              done={() => done(say("handoff.chosen_done"))}
            />
          ))}
        </>
      )}
    </Loaded>
  );
}

/** In the outbox: where several were asked and none is chosen, as far as this device has the agency's records. */
export function OpenChoices(): VNode {
  const { member, local, lang } = useApp();
  const loading = useLoaded(async () => {
    if (!(await member.shelf?.load("records"))) return { found: [], names: {} };
    const [every, sent, names] = await Promise.all([
      groups.every(member),
      box(member, "referral", "out"),
      namesOf(local),
      loadWords("handoff", lang, (one) => import(`./words/${one}.json`)),
    ]);
    const open = every.filter(({ how, chosen }) => how === "choice" && chosen === null);
    const found = open.map((group) => ({ group, rows: rowsOf(group, sent.rows) }));
    return { found: found.filter(({ rows }) => rows.some(({ ball }) => ball !== null)), names };
  }, [member, lang]);
  return (
    <Loaded of={loading}>
      {({ found, names }) => (
        <>
          {found.map((one) => (
            <OneGroup key={one.group.record} {...one} names={names} here={null} done={loading.again} />
          ))}
        </>
      )}
    </Loaded>
  );
}

const rowsOf = ({ handoffs }: Group, rows: readonly Row[]): Row[] =>
  handoffs.flatMap((id) => rows.find((row) => row.id === id) ?? []);

interface GroupProps {
  readonly group: Group;
  readonly rows: readonly Row[];
  readonly names: Names;
  /** The handoff that is looked at already. */
  readonly here: string | null;
  readonly done: () => void;
}

function OneGroup({ group, rows, names, here, done }: GroupProps): VNode {
  const { say, member } = useApp();
  const why = useWhy();
  const act = useAction(async (handoff: string) => {
    await why.with((reason) => groups.choose(member, handoff, reason));
    done();
  });
  const choosing = group.how === "choice" && group.chosen === null;
  const yes = choosing ? rows.filter(({ state }) => groups.CONFIRMED.includes(state ?? "")) : [];
  const about = group.how === "choice" ? rows.map(({ id }) => names[id]).find(Boolean) : undefined;
  return (
    <Card title={say(`handoff.together_${group.how}`)}>
      {about && (
        <p>
          <Foreign>{about}</Foreign>
        </p>
      )}
      <ul class="plain-list">
        {rows.map((row) => (
          <li key={row.id}>
            <Member row={row} name={group.how === "choice" ? null : (names[row.id] ?? null)} here={row.id === here} />
            {group.chosen === row.id && <p class="flag">{say("handoff.chosen_one")}</p>}
          </li>
        ))}
      </ul>
      {choosing && (
        <Notice>
          <p>{say(yes.length ? "handoff.choose_about" : "handoff.none_yes")}</p>
        </Notice>
      )}
      {why.field}
      {act.error !== null && !why.asked && <Problem error={act.error} />}
      {yes.length > 0 && (
        <p class="row">
          {yes.map(({ id, to_agency }) => (
            <Button key={id} kind="main" busy={act.busy} onClick={() => act.run(id)}>
              {say("handoff.choose_this", { name: agencyName(to_agency) })}
            </Button>
          ))}
        </p>
      )}
      <p class="quiet">{say("handoff.together_about")}</p>
    </Card>
  );
}

function Member({ row, name, here }: { row: Row; name: string | null; here: boolean }): VNode {
  const { say, member } = useApp();
  const turn = ballOf(row, member.agency);
  const state = `inbox.state.${row.state}`;
  const called = (
    <>
      {name !== null && (
        <>
          <Foreign>{name}</Foreign>
          {" · "}
        </>
      )}
      <Foreign>{agencyName(row.to_agency)}</Foreign>
    </>
  );
  return (
    <>
      <p>
        {here ? <strong>{called}</strong> : <a href={`#/handoff/${row.id}`}>{called}</a>}
        {here && ` (${say("handoff.this_one")})`}
      </p>
      <p class="row tight">
        {say.has(state) && <StateWord words={state} />}
        <Ball who={turn} {...(turn === "them" ? { name: agencyName(row.to_agency) } : {})} />
        <Due at={dueOf(row)} />
      </p>
    </>
  );
}

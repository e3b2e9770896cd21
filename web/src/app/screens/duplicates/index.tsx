/**
 * Records that may be one: side by side, with what speaks for and against. A person decides; what the record that stays
 * shall take over from the other is written first, as a change of its own.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  compare,
  decide,
  edit,
  pairs,
  record,
  type Kind,
  type MapRecord,
  type Pair,
} from "../../../client/servicemap.ts";
import { HubError } from "../../../client/session.ts";
import type { Json } from "../../../rcp/encoding.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Choices, Tick, type Option } from "../../kit/controls.tsx";
import { Empty, Foreign, Notice, Page, StateWord } from "../../kit/showing.tsx";
import { FIELDS, isEmpty, topOf } from "../services/fields.ts";
import { Lines, MapNav } from "../services/parts.tsx";
import { plainAgency } from "../services/record.tsx";
import { readerOf } from "../services/reader.ts";
import { labelOf, linesOf, type Reader } from "../services/values.ts";

const UNDECIDED = ["open", "agreed", "later"];
const DECIDED = ["merged", "not_same"];
const PAGE = 20;
/** What one record cannot take over from another: whose it is, and which agency it is. */
const OWN = new Set(["organization_id", "agency", "names"]);

export default function Duplicates({ args }: ScreenProps): VNode {
  const { say } = useApp();
  return args[0] ? <Compared id={args[0]} /> : <Pairs title={say("duplicates.title")} />;
}

function Pairs({ title }: { title: string }): VNode {
  const { say, member } = useApp();
  const [which, setWhich] = useState("open");
  const [kind, setKind] = useState<Kind>("provider");
  const [after, setAfter] = useState(0);
  const loading = useLoaded(
    () => pairs(member.hub, { states: which === "open" ? UNDECIDED : DECIDED, kind, after, limit: PAGE }),
    [which, kind, after],
  );
  const comparing = useAction(async () => {
    await compare(member.hub, kind);
    loading.again();
  });
  const kinds = (["provider", "service", "site"] as const).map((one): Option => [one, say(`services.kinds_${one}`)]);
  return (
    <Page title={title}>
      <MapNav here="duplicates" />
      <p>{say("duplicates.intro")}</p>
      <div class="row">
        <Choice
          label={say("services.what_kind")}
          value={kind}
          options={kinds}
          onChoose={(one) => (setKind(one as Kind), setAfter(0))}
        />
        <Choice
          label={say("services.which")}
          value={which}
          options={["open", "over"].map((one): Option => [one, say(`duplicates.which_${one}`)])}
          onChoose={(one) => (setWhich(one), setAfter(0))}
        />
        <Button busy={comparing.busy} onClick={() => comparing.run()}>
          {say("duplicates.compare")}
        </Button>
      </div>
      {comparing.error !== null && <Problem error={comparing.error} />}
      {comparing.done && (
        <Notice kind="good" live>
          {say("duplicates.compared")}
        </Notice>
      )}
      <Loaded of={loading}>
        {({ items, after: next }) => (
          <>
            {items.length === 0 && (
              <Empty>
                <p>{say("duplicates.nothing")}</p>
              </Empty>
            )}
            <ul class="results">
              {items.map((pair) => (
                <li class="card" key={pair.id}>
                  <Brief pair={pair} changed={loading.again} />
                </li>
              ))}
            </ul>
            <p class="row">
              {after > 0 && (
                <Button onClick={() => setAfter(Math.max(0, after - PAGE))}>{say("services.page_before")}</Button>
              )}
              {next !== null && <Button onClick={() => setAfter(next)}>{say("services.page_next")}</Button>}
            </p>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Brief({ pair, changed }: { pair: Pair; changed: () => void }): VNode {
  const { say, member } = useApp();
  const undo = useAction(async () => {
    await decide(member.hub, pair.id, "undo");
    changed();
  });
  const names = pair.records.map(({ name }) => name).join(" – ");
  return (
    <>
      <h2>
        <Foreign>{names}</Foreign>
      </h2>
      <Reasons pair={pair} />
      {pair.state === "agreed" && <p>{say("duplicates.waits_for_other")}</p>}
      {undo.error !== null && <Problem error={undo.error} />}
      <p class="row">
        {UNDECIDED.includes(pair.state) ? (
          <a class="button" href={`#/duplicates/${pair.id}`} aria-label={`${say("duplicates.look")}: ${names}`}>
            {say("duplicates.look")}
          </a>
        ) : (
          <Button busy={undo.busy} label={`${say("duplicates.undo")}: ${names}`} onClick={() => undo.run()}>
            {say("duplicates.undo")}
          </Button>
        )}
      </p>
    </>
  );
}

function Reasons({ pair }: { pair: Pair }): VNode {
  const { say } = useApp();
  return (
    <>
      <p class="row">
        <StateWord words={`duplicates.strength_${pair.strength}`} kind={pair.strength === "likely" ? "soon" : ""} />
        <StateWord words={`duplicates.state_${pair.state}`} />
      </p>
      <ul class="plain">
        {pair.reasons.map(({ code, points }) => (
          <li key={code}>
            {say(points > 0 ? "duplicates.speaks_for" : "duplicates.speaks_against")} {say(`duplicates.reason_${code}`)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Compared({ id }: { id: string }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async () => {
    const pair = await find(id);
    const two = await Promise.all(pair.records.map((half) => record(member.hub, half.id)));
    return {
      pair,
      two,
      reader: await readerOf(
        member.hub,
        say,
        two.map(({ document }) => document),
      ),
    };
  }, [id, say.lang]);
  const find = async (wanted: string): Promise<Pair> => {
    for (let after: number | null = 0; after !== null;) {
      const page: Awaited<ReturnType<typeof pairs>> = await pairs(member.hub, { states: UNDECIDED, after, limit: 200 });
      const found = page.items.find((one) => one.id === wanted);
      if (found) return found;
      after = page.after;
    }
    throw new HubError("not_found");
  };
  return (
    <Page title={say("duplicates.compare_title")} back="duplicates">
      <Loaded of={loading}>{({ pair, two, reader }) => <Choosing {...{ pair, two, reader }} />}</Loaded>
    </Page>
  );
}

/** Which record stays, and what it takes over from the other. */
function Choosing({ pair, two, reader }: { pair: Pair; two: readonly MapRecord[]; reader: Reader }): VNode {
  const { say, member } = useApp();
  const [keep, setKeep] = useState(two[0]!.id);
  const [taken, setTaken] = useState<readonly string[]>([]);
  const [state, setState] = useState<string | null>(null);
  const stays = two.find(({ id }) => id === keep)!;
  const goes = two.find(({ id }) => id !== keep)!;
  const edits = stays.may.includes("edit");
  const deciding = useAction(async (decision: "merge" | "not_same" | "later") => {
    if (decision === "merge" && taken.length) {
      const changes = Object.fromEntries(taken.map((name) => [name, goes.document[name] ?? null]));
      await edit(member.hub, stays.id, stays.version, changes, "");
      setTaken([]);
    }
    setState((await decide(member.hub, pair.id, decision, decision === "merge" ? keep : undefined)).state);
  });
  if (state !== null) {
    return (
      <>
        <Notice kind="good" live>
          {say(`duplicates.done_${state}`)}
        </Notice>
        <p>
          <a class="button" href="#/duplicates">
            {say("duplicates.to_list")}
          </a>
        </p>
      </>
    );
  }
  return (
    <>
      <Reasons pair={pair} />
      <Choices
        label={say("duplicates.which_stays")}
        hint={say("duplicates.stays_hint")}
        value={keep}
        options={two.map(({ id, document, steward }): Option => [
          id,
          `${String(document["name"] ?? id)} (${plainAgency(steward)})`,
        ])}
        onChoose={(one) => (setKeep(one), setTaken([]))}
      />
      <Sides {...{ stays, goes, reader, taken, setTaken, edits }} />
      {deciding.error !== null && <Problem error={deciding.error} />}
      <p class="row">
        <Button kind="main" busy={deciding.busy} onClick={() => deciding.run("merge")}>
          {say("duplicates.merge")}
        </Button>
        <Button busy={deciding.busy} onClick={() => deciding.run("not_same")}>
          {say("duplicates.not_same")}
        </Button>
        <Button busy={deciding.busy} onClick={() => deciding.run("later")}>
          {say("duplicates.later")}
        </Button>
      </p>
    </>
  );
}

function Sides({
  stays,
  goes,
  reader,
  taken,
  setTaken,
  edits,
}: {
  stays: MapRecord;
  goes: MapRecord;
  reader: Reader;
  taken: readonly string[];
  setTaken: (names: readonly string[]) => void;
  edits: boolean;
}): VNode {
  const { say } = useApp();
  const names = [...new Set(FIELDS[stays.kind].map(({ path }) => topOf(path)))].filter(
    (name) => !isEmpty(stays.document[name]) || !isEmpty(goes.document[name]),
  );
  const same = (name: string) =>
    JSON.stringify(stays.document[name] ?? null) === JSON.stringify(goes.document[name] ?? null);
  const side = (found: MapRecord, name: string) => (
    <Lines lines={linesOf(reader, found.kind, name, (found.document[name] ?? null) as Json)} />
  );
  return (
    <div class="scroll" role="region" aria-label={say("duplicates.side_by_side")} tabIndex={0}>
      <table class="sides">
        <caption>{say("duplicates.side_by_side")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("duplicates.field")}</th>
            <th scope="col">{say("duplicates.stays")}</th>
            <th scope="col">{say("duplicates.goes")}</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{labelOf(say, name)}</th>
              <td data-title={say("duplicates.stays")}>{side(stays, name)}</td>
              <td data-title={say("duplicates.goes")}>
                {same(name) ? <span class="hint">{say("duplicates.same")}</span> : side(goes, name)}
                {edits && !same(name) && !OWN.has(name) && !isEmpty(goes.document[name]) && (
                  <Tick
                    label={say("duplicates.take", { field: labelOf(say, name) })}
                    checked={taken.includes(name)}
                    onTick={(on) => setTaken(on ? [...taken, name] : taken.filter((one) => one !== name))}
                  />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

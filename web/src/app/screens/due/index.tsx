/**
 * What must be checked of the records that the own agency keeps or offers: the longest due first, by record. "Still right"
 * is one tap; many at once are first shown as they would become.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { due, renew, verify, type DueItem, type Outcome } from "../../../client/servicemap.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date, moment } from "../../core/time.ts";
import { Button, Choice, Choices, DateField, Dialog, Tick, type Option } from "../../kit/controls.tsx";
import { Empty, Foreign, Notice, Page, StateWord, Table } from "../../kit/showing.tsx";
import { labelsIn, type Labels } from "../services/labels.ts";
import { AreaField, MapNav, tapsOf } from "../services/parts.tsx";
import { joined, labelOf } from "../services/values.ts";

const CHECKED = ["offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway", "place"];
const OTHERS = ["ends", "source", "funded"];
const MOST = 500;

/** All that is due of one record. */
interface DueRecord {
  readonly record: string;
  readonly name: string;
  readonly kind: string;
  readonly version: number;
  /** How this member may know that it is still right. */
  readonly still_right: readonly string[];
  readonly items: readonly DueItem[];
}

export default function DueList(_props: ScreenProps): VNode {
  const { say, member } = useApp();
  const [area, setArea] = useState<readonly string[]>([]);
  const [group, setGroup] = useState("");
  const loading = useLoaded(async () => {
    const choice = { ...(area[0] ? { area: area[0] } : {}), ...(group ? { groups: [group] } : {}) };
    const [labels, page] = await Promise.all([labelsIn(say.lang), due(member.hub, { ...choice, limit: MOST })]);
    return { labels, page, rows: byRecord(page.items) };
  }, [area.join(), group, say.lang]);
  return (
    <Page title={say("due.title")}>
      <MapNav here="due" />
      <p>{say("due.intro")}</p>
      <Loaded of={loading}>
        {({ labels, page, rows }) => (
          <>
            <details class="card" open={Boolean(area.length || group) || undefined}>
              <summary>{say("services.filters")}</summary>
              <Choice
                label={say("due.what")}
                none={say("services.all")}
                value={group}
                options={[...CHECKED, ...OTHERS].map((one): Option => [one, wordsOf(say, labels, one)])}
                onChoose={setGroup}
              />
              <AreaField label={say("services.in_area")} codes={area} onChange={setArea} />
            </details>
            <p role="status">{say.many("due.count", page.records)}</p>
            {page.after !== null && <p class="hint">{say("due.first_only", { count: rows.length })}</p>}
            {rows.length === 0 ? (
              <Empty>
                <p>{say("due.nothing")}</p>
              </Empty>
            ) : (
              <Rows {...{ rows, labels, changed: loading.again }} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function byRecord(items: readonly DueItem[]): readonly DueRecord[] {
  const found = new Map<string, DueItem[]>();
  for (const item of items) found.set(item.record, [...(found.get(item.record) ?? []), item]);
  return [...found.values()].map((rows) => {
    const { record, name, kind, version, still_right } = rows[0]!;
    return { record, name, kind, version, still_right, items: rows };
  });
}

const wordsOf = (say: ReturnType<typeof useApp>["say"], labels: Labels, group: string): string =>
  OTHERS.includes(group) ? say(`due.what_${group}`) : labels.code("groups", group);

/** What can be said to be right of a record: what is due of it, and, where its source lost it, that it is there. */
const groupsOf = (rows: readonly DueRecord[]): string[] => {
  const found = rows.flatMap(({ items, kind }) =>
    items.map(({ group }) => (group === "source" ? (kind === "site" ? "place" : "offer") : group)),
  );
  return [...new Set(found)].filter((group) => CHECKED.includes(group));
};

const hasEnded = ({ items }: DueRecord): boolean => items.some(({ group }) => group === "ends");

/** Whether the own agency keeps it and this member may renew it; else they only offer it, or look on. */
const renewable = (row: DueRecord): boolean =>
  row.still_right.includes("call") && (hasEnded(row) || groupsOf([row]).length > 0);

interface RowsProps {
  readonly rows: readonly DueRecord[];
  readonly labels: Labels;
  readonly changed: () => void;
}

function Rows({ rows, labels, changed }: RowsProps): VNode {
  const { say } = useApp();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState(false);
  const ours = rows.filter(renewable).map(({ record }) => record);
  const tick = (record: string) => (on: boolean) =>
    setChosen(on ? [...chosen, record] : chosen.filter((one) => one !== record));
  const many = rows.filter(({ record }) => chosen.includes(record));
  return (
    <>
      {ours.length > 0 && (
        <div class="row">
          <Tick
            label={say("due.choose_all")}
            checked={ours.every((record) => chosen.includes(record))}
            onTick={(on) => setChosen(on ? ours : [])}
          />
          {many.length > 0 && <Button onClick={() => setAsking(true)}>{say.many("due.renew", many.length)}</Button>}
        </div>
      )}
      {asking && (
        <Dialog title={say.many("due.renew", many.length)} onClose={() => setAsking(false)}>
          <Renewal rows={many} labels={labels} changed={() => (setAsking(false), setChosen([]), changed())} />
        </Dialog>
      )}
      <ul class="results">
        {rows.map((row) => (
          <li class="card" key={row.record}>
            {renewable(row) && (
              <Tick
                label={say("due.choose", { name: row.name })}
                checked={chosen.includes(row.record)}
                onTick={tick(row.record)}
              />
            )}
            <One row={row} labels={labels} changed={changed} />
          </li>
        ))}
      </ul>
    </>
  );
}

function One({ row, labels, changed }: { row: DueRecord; labels: Labels; changed: () => void }): VNode {
  const { say, member } = useApp();
  const groups = groupsOf([row]);
  const still = useAction(async (how: string) => {
    await verify(member.hub, row.record, groups, how);
    changed();
  });
  const name = row.name || say("services.unnamed");
  return (
    <>
      <h2>
        <a href={`#/services/${row.record}`}>
          <Foreign>{name}</Foreign>
        </a>
      </h2>
      <ul class="plain">
        {row.items.map((item) => (
          <li key={item.group}>
            <StateWord words={`services.standing.${item.state}`} kind={item.state === "due" ? "soon" : "late"} />{" "}
            {wordsOf(say, labels, item.group)}
            {item.due && `: ${say("due.since", { day: date(say, item.due) })}`}
            {item.told_at !== null && (
              <span class="hint"> {say(`due.told_${item.rung}`, { at: moment(say, item.told_at) })}</span>
            )}
          </li>
        ))}
      </ul>
      {still.error !== null && <Problem error={still.error} />}
      <p class="row">
        {groups.length > 0 &&
          tapsOf(row).map((how) => (
            <Button
              key={how}
              kind={how === "visit" ? "plain" : "main"}
              busy={still.busy}
              label={`${say(`services.still_${how}`)}: ${name}`}
              onClick={() => still.run(how)}
            >
              {say(`services.still_${how}`)}
            </Button>
          ))}
        <a class="button" href={`#/services/${row.record}/edit`} aria-label={`${say("due.not_right")}: ${name}`}>
          {say("due.not_right")}
        </a>
      </p>
    </>
  );
}

/** Many records at once: what would become of each is shown before anything is written. */
function Renewal({
  rows,
  labels,
  changed,
}: {
  rows: readonly DueRecord[];
  labels: Labels;
  changed: () => void;
}): VNode {
  const { say, member } = useApp();
  const [how, setHow] = useState("call");
  const [ends, setEnds] = useState("");
  const [done, setDone] = useState<{ readonly items: readonly Outcome[]; readonly dry: boolean } | null>(null);
  const [tried, setTried] = useState(false);
  const ended = rows.every(hasEnded);
  const these = ended ? rows : rows.filter((row) => !hasEnded(row)); // a new last day is said of those that ended alone
  const groups = groupsOf(these);
  const renewal = useAction(async (dry: boolean) => {
    setTried(true);
    if (ended && !ends) return;
    const versions = Object.fromEntries(these.map(({ record, version }) => [record, version]));
    const given = { groups, how, dry_run: dry, ...(ends ? { ends } : {}) };
    setDone({ items: (await renew(member.hub, versions, given)).items, dry });
  });
  if (done && !done.dry) {
    return (
      <>
        <Notice kind="good" live>
          {say.many("due.renewed", done.items.length)}
        </Notice>
        <Button kind="main" onClick={changed}>
          {say("due.to_list")}
        </Button>
      </>
    );
  }
  return (
    <>
      {ended && <p>{say("due.renew_ended")}</p>}
      {these.length < rows.length && <Notice>{say.many("due.renew_apart", rows.length - these.length)}</Notice>}
      {groups.length > 0 && (
        <p>
          {say("due.renew_groups", {
            groups: joined(
              say,
              groups.map((one) => labels.code("groups", one)),
            ),
          })}
        </p>
      )}
      <Choices
        label={say("services.how_known")}
        value={how}
        options={["call", "visit", "coordinator"].map((one): Option => [one, say(`services.how_${one}`)])}
        onChoose={setHow}
      />
      <DateField
        label={say("due.new_end")}
        hint={say("due.new_end_hint")}
        optional={!ended}
        value={ends}
        onInput={setEnds}
        error={ended && tried && !ends ? say("app.required") : null}
      />
      {renewal.error !== null && <Problem error={renewal.error} />}
      {done && (
        <Table
          caption={say("due.would_be")}
          rows={done.items}
          keyOf={({ id }) => id}
          columns={[
            { title: say("services.record"), cell: ({ name }) => <Foreign>{name ?? ""}</Foreign> },
            {
              title: say("services.what_changes"),
              cell: ({ fields }) =>
                joined(
                  say,
                  fields.map((name) => labelOf(say, name)),
                ) || say("services.no_changes"),
            },
          ]}
        />
      )}
      <p class="row">
        <Button kind={done ? "plain" : "main"} busy={renewal.busy} onClick={() => renewal.run(true)}>
          {say("due.look_first")}
        </Button>
        {done && (
          <Button kind="main" busy={renewal.busy} onClick={() => renewal.run(false)}>
            {say.many("due.renew", these.length)}
          </Button>
        )}
      </p>
    </>
  );
}

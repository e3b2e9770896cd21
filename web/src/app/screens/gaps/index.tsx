/**
 * Where nobody helps: one need drawn by hatching and numbers, all needs as a table, and the same as a file. What is hidden
 * from partners is counted nowhere, and small counts of unmet need are said as a few.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { gaps, gapsCsv, outlines, type GapCell, type GapTable, type Outlines } from "../../../client/servicemap.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { save } from "../../core/save.ts";
import { Button, Choice, type Option } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Page, StateWord, Table } from "../../kit/showing.tsx";
import { useCountry } from "../services/country.tsx";
import { labelsIn, type Labels } from "../services/labels.ts";
import { MapNav } from "../services/parts.tsx";
import { sheetOf } from "./draw.ts";

const KINDS = ["none", "far", "doubt", "usable"] as const;
const GROUPS = ["all", "0-5", "6-11", "12-14", "15-17", "18+", "female", "male"];
const FIRST = 10;

/** What an area is for one need, the worst first. */
const kindOf = ({ usable, here, covers }: GapCell): (typeof KINDS)[number] =>
  usable ? "usable" : here ? "doubt" : covers ? "far" : "none";

interface Told {
  readonly table: GapTable;
  readonly shapes: Outlines;
  readonly labels: Labels;
}

export default function Gaps({ query }: ScreenProps): VNode {
  const { say, member } = useApp();
  const [at, choice] = useCountry(query["country"] ?? "");
  const [need, setNeed] = useState(query["need"] ?? "reception");
  const [group, setGroup] = useState("all");
  const loading = useLoaded(async (): Promise<Told | null> => {
    if (!at) return null;
    const [labels, table, shapes] = await Promise.all([
      labelsIn(say.lang),
      gaps(member.hub, { country: at, group }),
      outlines(member.hub, at, 1).catch(() => ({ features: [] })),
    ]);
    return { labels, table, shapes };
  }, [at, group, say.lang]);
  return (
    <Page title={say("gaps.title")}>
      <MapNav here="gaps" />
      <p>{say("gaps.intro")}</p>
      <Loaded of={loading}>
        {(told) =>
          told && (
            <>
              <div class="columns">
                {choice(told.labels)}
                <Choice
                  label={say("services.field.needs")}
                  value={need}
                  options={told.labels.options("needs")}
                  onChoose={setNeed}
                />
                <Choice
                  label={say("gaps.group")}
                  value={group}
                  options={GROUPS.map((one): Option => [one, groupWords(say, told.labels, one)])}
                  onChoose={setGroup}
                />
              </div>
              <First told={told} choose={setNeed} />
              <OneNeed told={told} need={need} />
              <File country={at} group={group} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

const groupWords = (say: ReturnType<typeof useApp>["say"], labels: Labels, group: string): string =>
  group === "all"
    ? say("gaps.everybody")
    : /\d/.test(group)
      ? labels.code("age_groups", group)
      : labels.code("sexes", group);

const unmetWords = (
  say: ReturnType<typeof useApp>["say"],
  { unmet, hidden }: Pick<GapCell, "unmet" | "hidden">,
): string =>
  unmet === null
    ? hidden
      ? say("gaps.few")
      : say("gaps.none_said")
    : say(hidden ? "gaps.or_more" : "gaps.count", { count: unmet });

/** Where nothing is usable and most asked in vain. */
function First({ told: { table, labels }, choose }: { told: Told; choose: (need: string) => void }): VNode | null {
  const { say } = useApp();
  const named = new Map(table.areas.map((row) => [row.code, labels.area(row)]));
  if (!table.first.length) return null;
  return (
    <Card title={say("gaps.first")}>
      <p class="hint">{table.month ? say("gaps.month", { month: table.month }) : say("gaps.no_month")}</p>
      <ol>
        {table.first.slice(0, FIRST).map(({ area, need, ...asked }) => (
          <li key={`${area} ${need}`}>
            <Button onClick={() => choose(need)}>
              {labels.code("needs", need)}: {named.get(area) ?? area}
            </Button>{" "}
            {unmetWords(say, asked)}
          </li>
        ))}
      </ol>
    </Card>
  );
}

function OneNeed({ told, need }: { told: Told; need: string }): VNode {
  const { say } = useApp();
  const { table, labels } = told;
  const rows = table.areas.flatMap((row) => {
    const cell = row.cells[need];
    return cell ? [{ code: row.code, name: labels.area(row), cell, kind: kindOf(cell) }] : [];
  });
  const sorted = rows
    .sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || one.name.localeCompare(other.name))
    .map((row, index) => ({ ...row, number: index + 1 }));
  if (!rows.length) {
    return (
      <Empty>
        <p>{say("gaps.nothing")}</p>
      </Empty>
    );
  }
  return (
    <Card title={labels.code("needs", need)}>
      <Drawn rows={sorted} shapes={told.shapes} title={labels.code("needs", need)} />
      <Table
        caption={say("gaps.table", { need: labels.code("needs", need) })}
        rows={sorted}
        keyOf={({ code }) => code}
        columns={[
          { title: "#", cell: ({ number }) => String(number), number: true },
          { title: say("gaps.area"), cell: ({ name }) => <Foreign>{name}</Foreign> },
          {
            title: say("gaps.standing"),
            cell: ({ kind }) => <StateWord words={`gaps.kind_${kind}`} kind={kind === "none" ? "late" : ""} />,
          },
          ...(["here", "covers", "open", "usable", "claimed"] as const).map((name) => ({
            title: say(`gaps.layer_${name}`),
            cell: ({ cell }: { cell: GapCell }) => String(cell[name]),
            number: true,
          })),
          { title: say("gaps.unmet"), cell: ({ cell }) => unmetWords(say, cell) },
        ]}
      />
      <p class="hint">{say("gaps.layers")}</p>
    </Card>
  );
}

interface Numbered {
  readonly code: string;
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly number: number;
}

/** The drawing says nothing that the table does not: each area has its number of the table, and the hatching of its kind. */
function Drawn({ rows, shapes, title }: { rows: readonly Numbered[]; shapes: Outlines; title: string }): VNode {
  const { say } = useApp();
  const sheet = sheetOf(shapes);
  if (!sheet) return <p class="hint">{say("gaps.no_outlines")}</p>;
  const byCode = new Map(rows.map((row) => [row.code, row]));
  const counts = KINDS.map((kind) => [kind, rows.filter((row) => row.kind === kind).length] as const);
  return (
    <figure class="gap-map">
      <svg
        viewBox={`-8 -8 ${sheet.width + 16} ${sheet.height + 16}`}
        role="img"
        aria-label={say("gaps.drawn", { need: title })}
      >
        <Patterns />
        {sheet.shapes.map(({ code, path }) => (
          <path key={code} d={path} class={`gap-${byCode.get(code)?.kind ?? "unknown"}`} />
        ))}
        {sheet.shapes.map(({ code, x, y }) => (
          <text key={code} x={x} y={y}>
            {byCode.get(code)?.number ?? ""}
          </text>
        ))}
      </svg>
      <figcaption>
        <ul class="plain">
          {counts.map(([kind, count]) => (
            <li key={kind}>
              <svg class="swatch" viewBox="0 0 24 16" aria-hidden="true" focusable="false">
                <rect x="0.5" y="0.5" width="23" height="15" class={`gap-${kind}`} />
              </svg>{" "}
              {say.many("gaps.areas", count, { kind: say(`gaps.kind_${kind}`), all: rows.length })}
            </li>
          ))}
        </ul>
        <p class="hint">{say("services.borders")}</p>
      </figcaption>
    </figure>
  );
}

function Patterns(): VNode {
  return (
    <defs>
      <pattern id="gap-none" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="gap-paper" width="6" height="6" />
        <path class="gap-ink" d="M0 0V6M3 0V6" />
      </pattern>
      <pattern id="gap-far" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
        <rect class="gap-paper" width="10" height="10" />
        <path class="gap-ink" d="M0 0V10" />
      </pattern>
      <pattern id="gap-doubt" width="9" height="9" patternUnits="userSpaceOnUse">
        <rect class="gap-paper" width="9" height="9" />
        <circle class="gap-dot" cx="4.5" cy="4.5" r="1.4" />
      </pattern>
    </defs>
  );
}

function File({ country, group }: { country: string; group: string }): VNode {
  const { say, member, lang } = useApp();
  const fetching = useAction(async () =>
    save(`gaps-${country}.csv`, `\ufeff${await gapsCsv(member.hub, { country, group }, lang)}`, "text/csv"),
  );
  return (
    <>
      {fetching.error !== null && <Problem error={fetching.error} />}
      <p>
        <Button busy={fetching.busy} onClick={() => fetching.run()}>
          {say("gaps.csv")}
        </Button>
      </p>
      {fetching.done && <p role="status">{say("gaps.saved")}</p>}
    </>
  );
}

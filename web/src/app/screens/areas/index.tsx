/**
 * Administrative areas: the tree of a country with its outlines, which agencies work where, and files of areas, which are
 * gone through before anything is changed. Who sees what is open to an area alone hangs on this tree.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { areasOf, outlines, type Area, type Outlines } from "../../../client/servicemap.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Choice, type Option } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Page, Table } from "../../kit/showing.tsx";
import { useCountry } from "../services/country.tsx";
import { labelsIn, type Labels } from "../services/labels.ts";
import { MapNav } from "../services/parts.tsx";
import { EDITORS } from "../services/reader.ts";
import { Outline } from "./drawn.tsx";
import { ImportAreas } from "./files.tsx";
import { OneArea } from "./one.tsx";

const DEEPEST = 8;

export default function Areas({ args, query }: ScreenProps): VNode {
  return args[0] ? <OneArea code={args[0]} /> : <Country given={query["country"] ?? ""} />;
}

interface Told {
  readonly labels: Labels;
  readonly areas: readonly Area[];
  readonly shapes: Outlines;
}

function Country({ given }: { given: string }): VNode {
  const { say, member, roles } = useApp();
  const [at, choice] = useCountry(given);
  const [level, setLevel] = useState(1);
  const loading = useLoaded(async (): Promise<Told | null> => {
    if (!at) return null;
    const [labels, areas, shapes] = await Promise.all([
      labelsIn(say.lang),
      areasOf(member.hub, at),
      outlines(member.hub, at, level).catch(() => ({ features: [] })),
    ]);
    return { labels, areas, shapes };
  }, [at, level, say.lang]);
  return (
    <Page title={say("areas.title")}>
      <MapNav here="areas" />
      <p>{say("areas.intro")}</p>
      <Loaded of={loading}>
        {(told) =>
          told && (
            <>
              <div class="columns">
                {choice(told.labels)}
                <Choice
                  label={say("areas.level")}
                  value={String(level)}
                  options={levels(told.areas).map((one): Option => [
                    String(one),
                    say("areas.level_is", { level: one }),
                  ])}
                  onChoose={(one) => setLevel(Number(one))}
                />
              </div>
              <Level told={told} level={level} />
              {EDITORS.some((role) => roles.includes(role)) && (
                <ImportAreas key={at} country={at} done={loading.again} />
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

/** The levels that a country has here; the first one below it always. */
const levels = (areas: readonly Area[]): number[] =>
  Array.from({ length: DEEPEST + 1 }, (_one, level) => level).filter(
    (level) => level === 1 || areas.some((area) => area.level === level),
  );

function Level({ told, level }: { told: Told; level: number }): VNode {
  const { say } = useApp();
  const { labels, areas, shapes } = told;
  const byCode = new Map(areas.map((area) => [area.code, area]));
  const rows = areas
    .filter((area) => area.level === level)
    .map((area) => ({ code: area.code, name: labels.area(area), above: byCode.get(area.path[level - 1] ?? "") }))
    .sort((one, other) => one.name.localeCompare(other.name))
    .map((row, index) => ({ ...row, number: index + 1 }));
  if (!rows.length) {
    return (
      <Empty>
        <p>{say("areas.nothing")}</p>
      </Empty>
    );
  }
  return (
    <Card title={say.many("areas.count", rows.length)}>
      <Outline shapes={shapes} numbers={new Map(rows.map(({ code, number }) => [code, number]))} />
      <Table
        caption={say("areas.table")}
        rows={rows}
        keyOf={({ code }) => code}
        columns={[
          { title: "#", cell: ({ number }) => String(number), number: true },
          {
            title: say("areas.area"),
            cell: ({ code, name }) => (
              <a href={`#/areas/${encodeURIComponent(code)}`}>
                <Foreign>{name}</Foreign>
              </a>
            ),
          },
          { title: say("areas.code"), cell: ({ code }) => <Foreign>{code}</Foreign> },
          { title: say("areas.in"), cell: ({ above }) => (above ? <Foreign>{labels.area(above)}</Foreign> : "–") },
        ]}
      />
    </Card>
  );
}

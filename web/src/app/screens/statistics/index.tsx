/**
 * Statistics without children: how fast the own agency's referrals of a month went, and what agencies counted of their
 * cases, published and suppressed. A hidden number is said to be hidden, and nothing is worked out of it.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { STEPS, timeliness, together, type Corridor, type CountLine, type Together } from "../../../client/reports.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { localeOf, type Say } from "../../core/words.ts";
import { Choice, Tabs, type Option } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Page } from "../../kit/showing.tsx";
import { labelsIn, type Labels } from "../services/labels.ts";
import { joined } from "../services/values.ts";
import { plainCode, reasonWords, type Codes } from "./codes.ts";
import { Plot, type Bar } from "./chart.tsx";
import { amount, named, placeOf, type Named } from "./places.ts";
import { Publish } from "./publish.tsx";
import { UnmetFile } from "./unmet.tsx";

const HOUR = 3600;
const DAY = 24 * HOUR;
const MONTHS = 24;
/** A month is published three months after its end. */
const SETTLED = 4;
const SPLITS = ["", "ending", "grade", "reason.declined", "reason.not_completed", "unmet", "again"];

export default function Statistics(_props: ScreenProps): VNode {
  const { say } = useApp();
  const [tab, setTab] = useState("speed");
  return (
    <Page title={say("statistics.title")}>
      <Tabs
        tabs={[
          ["speed", say("statistics.tab_speed")],
          ["counts", say("statistics.tab_counts")],
        ]}
        at={tab}
        onChoose={setTab}
      >
        {tab === "speed" ? <Speed /> : <Counts />}
      </Tabs>
    </Page>
  );
}

/** The last months, the newest first, from so many months ago on. */
function months(say: Say, now: number, from: number): readonly Option[] {
  const [year, month] = dateOf(now).split("-").map(Number) as [number, number];
  const format = new Intl.DateTimeFormat(localeOf(say.lang), { month: "long", year: "numeric", timeZone: "UTC" });
  return Array.from({ length: MONTHS }, (_one, index) => {
    const at = Date.UTC(year, month - 1 - from - index, 1);
    return [new Date(at).toISOString().slice(0, 7), format.format(at)];
  });
}

function Speed(): VNode {
  const { say, member, now } = useApp();
  const options = months(say, now(), 0);
  const [month, setMonth] = useState(options[0]![0]);
  const loading = useLoaded(
    async () => ({ labels: await labelsIn(say.lang), rows: await timeliness(member.hub, month) }),
    [month, say.lang],
  );
  return (
    <>
      <p>{say("statistics.speed_intro")}</p>
      <Choice label={say("statistics.month")} value={month} options={options} onChoose={setMonth} />
      <Loaded of={loading}>
        {({ labels, rows }) =>
          rows.length === 0 ? (
            <Empty>
              <p>{say("statistics.no_referrals")}</p>
            </Empty>
          ) : (
            <>
              {rows.map((row) => (
                <CorridorCard row={row} labels={labels} key={`${row.direction} ${row.from} ${row.to}`} />
              ))}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function CorridorCard({ row, labels }: { row: Corridor; labels: Labels }): VNode {
  const { say } = useApp();
  const way = say(`statistics.${row.direction}`, { from: labels.country(row.from), to: labels.country(row.to) });
  const counts = (["referrals", "delivered", "answered", "answered_in_time", "expired", "open"] as const).map(
    (name) => ({
      name: say(`statistics.${name}`),
      value: row[name],
    }),
  );
  const times = STEPS.map((step) => ({ name: say(`statistics.step_${step}`), ...row.times[step]! }));
  return (
    <Card title={way}>
      <Plot
        title={say("statistics.how_many", { way })}
        bars={counts.map(({ name, value }): Bar => ({ name, value, said: amount(say, value) }))}
        rows={counts}
        keyOf={({ name }) => name}
        columns={[
          { title: say("statistics.what"), cell: ({ name }) => name },
          { title: say("statistics.number"), cell: ({ value }) => amount(say, value), number: true },
          {
            title: say("statistics.share"),
            cell: ({ value }) => (row.referrals ? share(say, value / row.referrals) : "–"),
            number: true,
          },
        ]}
      />
      <Plot
        title={say("statistics.how_fast", { way })}
        bars={times.map(({ name, median }): Bar => ({ name, value: median, said: spell(say, median) }))}
        rows={times}
        keyOf={({ name }) => name}
        columns={[
          { title: say("statistics.until"), cell: ({ name }) => name },
          { title: say("statistics.of"), cell: ({ count }) => amount(say, count), number: true },
          { title: say("statistics.median"), cell: ({ median }) => spell(say, median), number: true },
          { title: say("statistics.p90"), cell: ({ p90 }) => spell(say, p90), number: true },
        ]}
      />
      <p class="hint">{say("statistics.median_hint")}</p>
    </Card>
  );
}

const share = (say: Say, value: number): string =>
  new Intl.NumberFormat(localeOf(say.lang), { style: "percent", maximumFractionDigits: 0 }).format(value);

/** A span of time in hours, or in days from two on. */
function spell(say: Say, seconds: number | null): string {
  if (seconds === null) return "–";
  const [unit, size] = seconds >= 2 * DAY ? (["day", DAY] as const) : (["hour", HOUR] as const);
  const format = { style: "unit", unit, maximumFractionDigits: 1, unitDisplay: "short" } as const;
  return new Intl.NumberFormat(localeOf(say.lang), format).format(seconds / size);
}

interface Read extends Named {
  readonly codes: Codes;
  readonly month: Together;
}

function Counts(): VNode {
  const { say, member, now } = useApp();
  const options = months(say, now(), SETTLED);
  const [month, setMonth] = useState(options[0]![0]);
  const [split, setSplit] = useState("");
  const loading = useLoaded(async (): Promise<Read> => {
    const [codes, told] = await Promise.all([reasonWords(say.lang), together(member.hub, month, split)]);
    const areas = told.rows.map(({ area }) => area);
    return { ...(await named(member.hub, say.lang, areas)), codes, month: told };
  }, [month, split, say.lang]);
  return (
    <>
      <p>{say("statistics.counts_intro")}</p>
      <div class="columns">
        <Choice label={say("statistics.month")} value={month} options={options} onChoose={setMonth} />
        <Choice
          label={say("statistics.split")}
          value={split}
          options={SPLITS.map((one): Option => [one, say(`statistics.split_${one.replace(".", "_") || "sought"}`)])}
          onChoose={setSplit}
        />
      </div>
      <Loaded of={loading}>
        {(read) => (
          <>
            <Published read={read} split={split} />
            <Publish key={month} month={month} published={read.month.own !== null} done={loading.again} />
          </>
        )}
      </Loaded>
      <UnmetFile />
      <Card title={say("statistics.why_hidden")}>
        <p>{say("statistics.hidden_explained")}</p>
      </Card>
    </>
  );
}

function Published({ read, split }: { read: Read; split: string }): VNode {
  const { say } = useApp();
  const { rows, agencies } = read.month;
  if (!rows.length) {
    return (
      <Empty>
        <p>{say("statistics.nothing_published")}</p>
      </Empty>
    );
  }
  const shown = rows.map((row) => ({
    ...row,
    key: keyOf(row),
    name: placeOf(say, read, row),
    what: classOf(say, read, split, row),
  }));
  const whole = shown.filter(({ service }) => service === null);
  const drawn = split ? whole : shown.filter(({ area }) => area === null);
  return (
    <>
      <p role="status">{say.many("statistics.of_agencies", agencies)}</p>
      <Plot
        title={say(`statistics.split_${split.replace(".", "_") || "sought"}`)}
        bars={drawn.map(({ name, what, ...row }): Bar => ({
          name: what || name,
          value: row.count,
          said: countWords(say, row),
        }))}
        rows={shown}
        keyOf={({ key }) => key}
        columns={[
          { title: say("statistics.place"), cell: ({ name }) => <Foreign>{name}</Foreign> },
          ...(split ? [{ title: say("statistics.class"), cell: ({ what }: { what: string }) => what }] : []),
          { title: say("statistics.number"), cell: (row) => countWords(say, row), number: true },
          {
            title: say("statistics.share"),
            cell: ({ percent }) => (percent === null ? "–" : share(say, percent / 100)),
            number: true,
          },
          { title: say("statistics.grades"), cell: (row) => gradeWords(say, row) },
        ]}
      />
    </>
  );
}

const keyOf = ({ service, area, age_band, sex, class: what }: CountLine): string =>
  [service, area, age_band, sex, what].map((one) => one ?? "").join("/");

function classOf(say: Say, { codes }: Read, split: string, { class: code }: CountLine): string {
  if (code === null) return "";
  if (split.startsWith("reason.")) return plainCode(codes, code);
  return say(`statistics.class_${split}_${code}`);
}

const countWords = (say: Say, { count, least }: Pick<CountLine, "count" | "least">): string =>
  count === null ? say(least ? "statistics.hidden_least" : "statistics.hidden", { least }) : amount(say, count);

/** How good the evidence is at a place, or at the nearest place above that tells it. */
function gradeWords(say: Say, { grades, grades_of: depth }: CountLine): string {
  if (depth === null) return say("statistics.grades_hidden");
  const said = Object.entries(grades).map(
    ([grade, count]) => `${say(`statistics.class_grade_${grade}`)} ${amount(say, count)}`,
  );
  return joined(say, said);
}

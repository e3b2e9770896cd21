/**
 * Files into the service map and out of it. A file is first gone through without writing anything; its report says row by
 * row what would become of it, and only then somebody takes it in.
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import {
  applyImport,
  exported,
  importRows,
  imports,
  oneImport,
  sendFile,
  type Import,
  type ImportRow,
} from "../../../client/servicemap.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { save } from "../../core/save.ts";
import { date, dateOf, moment } from "../../core/time.ts";
import { Button, Choice, Choices, DateField, TextField, Tick, type Option } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Notice, Page, Progress, StateWord, Table } from "../../kit/showing.tsx";
import { FileField } from "../services/file_field.tsx";
import { MapNav } from "../services/parts.tsx";
import { EDITORS } from "../services/reader.ts";
import { joined, labelOf } from "../services/values.ts";

const IN = ["xlsx", "csv", "services-advisor", "hxl", "hsds-json", "hsds-ndjson", "hsds-datapackage", "hsds-2.0"];
/** What the provider's own spreadsheet is; the others are sources, which coordinators alone take in. */
const EDITS = ["xlsx", "csv"];
const OUT = ["xlsx", "csv", "hxl", "hsds-json", "hsds-ndjson", "hsds-datapackage"];
const ENDINGS: { readonly [format: string]: string } = {
  xlsx: "xlsx",
  csv: "zip",
  hxl: "csv",
  "hsds-json": "json",
  "hsds-ndjson": "ndjson",
  "hsds-datapackage": "zip",
};
const RESULTS = ["new", "changed", "unchanged", "proposed", "duplicate", "problem", "vanished"];
const MOST_BYTES = 128 * 1024 * 1024;
const PAUSE = 1000;

export default function Imports({ args }: ScreenProps): VNode {
  return args[0] ? <Report id={args[0]} /> : <All />;
}

function All(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => imports(member.hub), []);
  return (
    <Page title={say("imports.title")}>
      <MapNav here="imports" />
      <p>{say("imports.intro")}</p>
      <Send />
      <Export />
      <Card title={say("imports.earlier")}>
        <Loaded of={loading}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty>
                <p>{say("imports.nothing")}</p>
              </Empty>
            ) : (
              <Table
                caption={say("imports.earlier")}
                rows={rows}
                keyOf={({ id }) => id}
                columns={[
                  { title: say("imports.source"), cell: (row) => <ToReport row={row} /> },
                  { title: say("imports.format"), cell: ({ format }) => say(`imports.format_${formKey(format)}`) },
                  { title: say("imports.at"), cell: ({ at }) => moment(say, at) },
                  { title: say("imports.state"), cell: ({ state }) => <StateWord words={`imports.state_${state}`} /> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

const formKey = (format: string): string => format.replace(/[-.]/g, "_");

function ToReport({ row }: { row: Import }): VNode {
  return (
    <a href={`#/imports/${row.id}`}>
      <Foreign>{row.source.name}</Foreign>
    </a>
  );
}

/** A file, what it is, whose words these are, and the day that it describes. */
function Send(): VNode {
  const { say, member, roles, go, now } = useApp();
  const edits = roles.some((role) => EDITORS.includes(role));
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState("xlsx");
  const [source, setSource] = useState("");
  const [licence, setLicence] = useState("");
  const [country, setCountry] = useState("");
  const [day, setDay] = useState(dateOf(now()));
  const [whole, setWhole] = useState("");
  const [tried, setTried] = useState(false);
  const isSource = !EDITS.includes(format);
  const wrong = {
    file: !file ? say("imports.file_missing") : file.size > MOST_BYTES ? say("imports.file_large") : null,
    source: source.trim() ? null : say("imports.source_missing"),
    country: /^([A-Za-z]{2})?$/.test(country) ? null : say("services.two_letters"),
  };
  const sending = useAction(async () => {
    const from = {
      ...{ name: source.trim(), day },
      ...(licence.trim() ? { licence: licence.trim() } : {}),
      ...(country ? { country: country.toUpperCase() } : {}),
      language: say.lang,
    };
    const about = { format, source: from, ...(whole ? { whole: whole === "whole" } : {}) };
    const data = new Uint8Array(await file!.arrayBuffer());
    go(`imports/${(await sendFile(member.hub, about, data)).id}`);
  });
  const send = () => {
    setTried(true);
    if (!Object.values(wrong).some(Boolean)) void sending.run();
  };
  const formats = IN.filter((one) => edits || EDITS.includes(one)).map((one): Option => [
    one,
    say(`imports.format_${formKey(one)}`),
  ]);
  return (
    <Card title={say("imports.send_title")}>
      <FileField
        label={say("imports.file")}
        hint={file ? say("imports.file_chosen", { name: file.name }) : undefined}
        error={tried ? wrong.file : null}
        onFile={(first) => {
          setFile(first);
          const ending = first.name.split(".").pop()!.toLowerCase();
          if (EDITS.includes(ending)) setFormat(ending);
          if (!source) setSource(first.name.replace(/\.[^.]+$/, ""));
        }}
      />
      <Choice label={say("imports.format")} value={format} options={formats} onChoose={setFormat} />
      <TextField
        label={say("imports.source")}
        hint={say("imports.source_hint")}
        error={tried ? wrong.source : null}
        value={source}
        onInput={setSource}
        maxLength={200}
      />
      {isSource && (
        <>
          <TextField label={say("imports.licence")} optional value={licence} onInput={setLicence} maxLength={200} />
          <TextField
            label={say("services.field.country")}
            hint={say("services.two_letters")}
            error={tried ? wrong.country : null}
            optional
            value={country}
            onInput={setCountry}
            maxLength={2}
            code
          />
          <Choices
            label={say("imports.whole")}
            hint={say("imports.whole_hint")}
            value={whole}
            options={["", "whole", "part"].map((one): Option => [one, say(`imports.whole_${one || "usual"}`)])}
            onChoose={setWhole}
          />
        </>
      )}
      <DateField
        label={say("imports.day")}
        hint={say("imports.day_hint")}
        value={day}
        onInput={setDay}
        max={dateOf(now())}
      />
      {sending.error !== null && <Problem error={sending.error} />}
      <Button kind="main" busy={sending.busy} onClick={send}>
        {say("imports.look_first")}
      </Button>
    </Card>
  );
}

function Export(): VNode {
  const { say, member } = useApp();
  const [format, setFormat] = useState("xlsx");
  const [mine, setMine] = useState(false);
  const fetching = useAction(async () =>
    save(`service-map.${ENDINGS[format]}`, await exported(member.hub, format, mine)),
  );
  return (
    <Card title={say("imports.export_title")}>
      <p>{say("imports.export_hint")}</p>
      <Choice
        label={say("imports.format")}
        value={format}
        options={OUT.map((one): Option => [one, say(`imports.format_${formKey(one)}`)])}
        onChoose={setFormat}
      />
      <Tick label={say("imports.only_mine")} checked={mine} onTick={setMine} />
      {fetching.error !== null && <Problem error={fetching.error} />}
      <Button busy={fetching.busy} onClick={() => fetching.run()}>
        {say("imports.export")}
      </Button>
      {fetching.done && <p role="status">{say("imports.exported")}</p>}
    </Card>
  );
}

/** One file: how far the hub is, what became or would become of its rows, and the decision to take it in. */
function Report({ id }: { id: string }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => oneImport(member.hub, id), [id]);
  const state = loading.is === "ready" ? loading.value.state : "";
  const waits = ["check", "apply"].includes(state);
  const { again } = loading;
  useEffect(() => {
    if (!waits) return;
    const timer = setTimeout(again, PAUSE);
    return () => clearTimeout(timer);
  }, [waits, loading]);
  return (
    <Page title={say("imports.report_title")} back="imports">
      <Loaded of={loading}>
        {(found) => (
          <>
            <p>
              <Foreign>{found.source.name}</Foreign> · {say(`imports.format_${formKey(found.format)}`)} ·{" "}
              {date(say, found.source.day)}
            </p>
            {waits ? (
              <Progress
                label={say(`imports.state_${found.state}`)}
                part={found.total ? found.done / found.total : null}
              />
            ) : (
              <Ended found={found} again={again} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Ended({ found, again }: { found: Import; again: () => void }): VNode {
  const { say, member } = useApp();
  const taking = useAction(async () => {
    await applyImport(member.hub, found.id);
    again();
  });
  const kinds = Object.entries(found.counts).filter(([kind]) => kind !== "problems");
  return (
    <>
      {found.state === "failed" && (
        <Notice kind="warn" live>
          <p>{say("imports.failed")}</p>
          <p lang="en" dir="ltr">
            {found.error}
          </p>
        </Notice>
      )}
      {found.state === "checked" && <Notice live>{say("imports.dry")}</Notice>}
      {found.state === "done" && (
        <Notice kind="good" live>
          {say("imports.done")}
        </Notice>
      )}
      <Table
        caption={say("imports.counts")}
        rows={kinds}
        keyOf={([kind]) => kind}
        columns={[
          { title: say("imports.kind"), cell: ([kind]) => say(`services.kinds_${kind}`) },
          ...RESULTS.map((what) => ({
            title: say(`imports.what_${what}`),
            cell: ([, counts]: (typeof kinds)[number]) => String(counts[what] ?? 0),
            number: true,
          })),
        ]}
      />
      {found.state === "checked" && (
        <>
          {taking.error !== null && <Problem error={taking.error} />}
          <Button kind="main" busy={taking.busy} onClick={() => taking.run()}>
            {say("imports.apply")}
          </Button>
        </>
      )}
      <Rows id={found.id} state={found.state} />
    </>
  );
}

function Rows({ id, state }: { id: string; state: string }): VNode {
  const { say, member } = useApp();
  const [all, setAll] = useState(false);
  const [after, setAfter] = useState<readonly number[]>([0]);
  const loading = useLoaded(() => importRows(member.hub, id, after[after.length - 1]!, all), [id, state, all, after]);
  return (
    <Card title={say("imports.rows")}>
      <Tick label={say("imports.all_rows")} checked={all} onTick={(on) => (setAll(on), setAfter([0]))} />
      <Loaded of={loading}>
        {({ items, after: next }) => (
          <>
            {items.length === 0 ? (
              <p>{say("imports.no_rows")}</p>
            ) : (
              <Table
                caption={say("imports.rows")}
                rows={items}
                keyOf={({ n }) => String(n)}
                columns={[
                  { title: say("imports.row"), cell: (row) => <RowName row={row} taken={state === "done"} /> },
                  {
                    title: say("imports.result"),
                    cell: ({ what }) => (
                      <StateWord words={`imports.what_${what}`} kind={what === "problem" ? "late" : ""} />
                    ),
                  },
                  { title: say("imports.said"), cell: (row) => <Said row={row} /> },
                ]}
              />
            )}
            <p class="row">
              {after.length > 1 && (
                <Button onClick={() => setAfter(after.slice(0, -1))}>{say("services.page_before")}</Button>
              )}
              {next !== null && <Button onClick={() => setAfter([...after, next])}>{say("services.page_next")}</Button>}
            </p>
          </>
        )}
      </Loaded>
    </Card>
  );
}

/** A row, and where its record is; a new one has none before the file was taken in. */
function RowName({ row, taken }: { row: ImportRow; taken: boolean }): VNode {
  if (!row.record || row.what === "problem" || (row.what === "new" && !taken)) return <Foreign>{row.row}</Foreign>;
  return (
    <a href={`#/services/${row.record}`}>
      <Foreign>{row.row}</Foreign>
    </a>
  );
}

/** What there is to say of a row: its faults by field, what was kept as it is here, what waits. */
function Said({ row }: { row: ImportRow }): VNode {
  const { say } = useApp();
  const named = (names: readonly string[]) =>
    joined(
      say,
      names.map((name) => labelOf(say, name)),
    );
  return (
    <>
      {row.problems.length > 0 && (
        <ul class="plain">
          {row.problems.map(({ field, code, message }) => (
            <li key={`${field} ${code}`}>
              {field && (
                <>
                  <Foreign>{labelOf(say, field)}</Foreign>:{" "}
                </>
              )}
              {say.has(`services.problem.${code}`) ? (
                say(`services.problem.${code}`)
              ) : (
                <span lang="en" dir="ltr">
                  {message}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {row.fields.length > 0 && <p>{say("imports.changes", { fields: named(row.fields) })}</p>}
      {row.kept.length > 0 && <p>{say("imports.kept", { fields: named(row.kept) })}</p>}
      {row.held.length > 0 && <p>{say("imports.held", { fields: named(row.held) })}</p>}
    </>
  );
}

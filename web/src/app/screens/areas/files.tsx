/** A file of areas: first gone through without changing anything, row by row; then taken in. */

import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { importAreas, type AreaReport } from "../../../client/servicemap.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { LANGS } from "../../core/words.ts";
import { Button, Choice, TextArea, TextField, type Option } from "../../kit/controls.tsx";
import { Card, Foreign, Notice, StateWord, Table } from "../../kit/showing.tsx";
import { FileField } from "../services/file_field.tsx";
import { inEachLanguage } from "../services/labels.ts";

const MOST_BYTES = 32 * 1024 * 1024;
const DEEPEST = 8;
const SHOWN = 300;
/** What a column may mean, where its name does not say it. */
const MEANINGS = ["code", "parent", "name", "level", "from", "to", "iso", "country"] as const;
/** As the reports write them, what needs somebody first. */
const RESULTS = ["problem", "outside", "new", "changed", "reissued", "ended", "alias", "same"];

export function ImportAreas({ country, done }: { country: string; done: () => void }): VNode {
  const { say, member } = useApp();
  const [file, setFile] = useState<File | null>(null);
  const [level, setLevel] = useState("");
  const [language, setLanguage] = useState<string>(say.lang);
  const [scheme, setScheme] = useState("cod");
  const [location, setLocation] = useState("");
  const [columns, setColumns] = useState<{ readonly [meaning: string]: string }>({});
  const [same, setSame] = useState("");
  const [report, setReport] = useState<AreaReport | null>(null);
  const round = useRef(0);
  const sending = useAction(async (apply: boolean) => {
    const options: JsonObject = {
      ...{ country, language, scheme: scheme.trim(), location: location.trim(), apply },
      ...(level ? { level: Number(level) } : {}),
      columns: Object.fromEntries(Object.entries(columns).filter(([, name]) => name)),
      same: Object.fromEntries(pairsOf(same)),
    };
    const asked = round.current;
    const found = await importAreas(member.hub, options, new Uint8Array(await file!.arrayBuffer()));
    if (apply || asked === round.current) setReport(found); // what was found of other options is not shown beside these
    if (apply) done();
  });
  /** Whatever is said anew of the file makes what was found of it old. */
  const anew =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      round.current++;
      set(value);
      setReport(null);
    };
  const large = file !== null && file.size > MOST_BYTES;
  return (
    <Card title={say("areas.import")}>
      <p>{say("areas.import_intro")}</p>
      <FileField
        label={say("areas.file")}
        hint={file ? say("areas.file_chosen", { name: file.name }) : say("areas.file_hint")}
        error={large ? say("areas.file_large") : null}
        onFile={anew(setFile)}
      />
      <div class="columns">
        <Choice
          label={say("areas.file_level")}
          none={say("areas.level_said")}
          value={level}
          options={Array.from({ length: DEEPEST + 1 }, (_one, at): Option => [
            String(at),
            say("areas.level_is", { level: at }),
          ])}
          onChoose={anew(setLevel)}
        />
        <Choice
          label={say("areas.language")}
          value={language}
          options={inEachLanguage().filter(([lang]) => (LANGS as readonly string[]).includes(lang))}
          onChoose={anew(setLanguage)}
        />
      </div>
      <details>
        <summary>{say("areas.more")}</summary>
        <p class="hint">{say("areas.columns_hint")}</p>
        <div class="columns">
          {MEANINGS.map((meaning) => (
            <TextField
              key={meaning}
              label={say(`areas.column_${meaning}`)}
              optional
              value={columns[meaning] ?? ""}
              onInput={(name) => anew(setColumns)({ ...columns, [meaning]: name.trim() })}
              maxLength={100}
              code
            />
          ))}
          <TextField
            label={say("areas.location")}
            hint={say("areas.location_hint")}
            optional
            value={location}
            onInput={anew(setLocation)}
            maxLength={100}
          />
          <TextField
            label={say("areas.scheme")}
            hint={say("areas.scheme_hint")}
            value={scheme}
            onInput={anew(setScheme)}
            maxLength={16}
            code
          />
        </div>
        <TextArea
          label={say("areas.same")}
          hint={say("areas.same_hint")}
          optional
          value={same}
          onInput={anew(setSame)}
        />
      </details>
      {sending.error !== null && <Problem error={sending.error} />}
      <Button
        kind={report ? "plain" : "main"}
        busy={sending.busy}
        disabled={!file || large}
        onClick={() => sending.run(false)}
      >
        {say("areas.look_first")}
      </Button>
      {report && <Report report={report} />}
      {report && !report.applied && (
        <Button kind="main" busy={sending.busy} onClick={() => sending.run(true)}>
          {say("areas.apply")}
        </Button>
      )}
    </Card>
  );
}

/** `CODE=AREA` on a line each. */
const pairsOf = (text: string): string[][] =>
  text
    .split("\n")
    .map((line) => line.split("=").map((part) => part.trim()))
    .filter(([code, area]) => code && area);

function Report({ report }: { report: AreaReport }): VNode {
  const { say } = useApp();
  const counts = RESULTS.filter((result) => report.counts[result]);
  const rows = [...report.rows].sort((one, other) => RESULTS.indexOf(one.result) - RESULTS.indexOf(other.result));
  return (
    <>
      <Notice kind={report.applied ? "good" : "info"} live>
        {say(report.applied ? "areas.applied" : "areas.dry")}
      </Notice>
      <ul class="plain">
        {counts.map((result) => (
          <li key={result}>
            <StateWord words={`areas.result_${result}`} kind={result === "problem" ? "late" : ""} />{" "}
            {report.counts[result]}
          </li>
        ))}
      </ul>
      {report.unseen.length > 0 && <p>{say.many("areas.unseen", report.unseen.length)}</p>}
      {report.elsewhere > 0 && <p>{say.many("areas.elsewhere", report.elsewhere)}</p>}
      {rows.length > 0 && (
        <Table
          caption={say("areas.rows")}
          rows={rows.slice(0, SHOWN)}
          keyOf={({ row, result }) => `${row} ${result}`}
          columns={[
            { title: say("areas.row"), cell: ({ row }) => String(row), number: true },
            {
              title: say("areas.result"),
              cell: ({ result }) => (
                <StateWord words={`areas.result_${result}`} kind={result === "problem" ? "late" : ""} />
              ),
            },
            { title: say("areas.code"), cell: ({ code }) => <Foreign>{code ?? "–"}</Foreign> },
            { title: say("areas.area"), cell: ({ name }) => <Foreign>{name ?? "–"}</Foreign> },
            {
              title: say("areas.what"),
              cell: ({ area, because }) => (
                <>
                  {area && say("areas.is_here", { code: area })} {because && say(`areas.because_${because}`)}
                </>
              ),
            },
          ]}
        />
      )}
      {rows.length > SHOWN && <p class="hint">{say("areas.first_rows", { count: SHOWN })}</p>}
    </>
  );
}

/** Papers of a case: chosen, dragged in or photographed; hashed and sealed on this device, named in the file. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { attach, MAX_PAPER, paper, type File as Paper } from "../../../client/cases.ts";
import type { Bytes, JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, DateField, FileDrop, TextField } from "../../kit/controls.tsx";
import { Card, Empty, Facts, Foreign, Notice, Progress } from "../../kit/showing.tsx";
import type { CaseProps } from "./home.tsx";
import { codeName, memberName, useLabels, worldName, type Labels } from "./labels.ts";

/** Phones and tablets have one at hand; a desk chooses a file. */
const HAS_CAMERA = globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
const COPIES = ["original", "certified_copy", "copy", "photo"];

export function Papers(props: CaseProps): VNode {
  return <Loaded of={useLabels()}>{(labels) => <PaperList {...props} labels={labels} />}</Loaded>;
}

function PaperList({ held, put, labels }: CaseProps & { labels: Labels }): VNode {
  const { say } = useApp();
  return (
    <>
      {held.papers.length === 0 && (
        <Empty>
          <p>{say("cases.no_papers")}</p>
        </Empty>
      )}
      <ul class="plain-list">
        {held.papers.map((row) => (
          <li key={String(row["id"])}>
            <OnePaper held={held} row={row} labels={labels} />
          </li>
        ))}
      </ul>
      <AddPapers held={held} put={put} labels={labels} />
    </>
  );
}

function OnePaper({ held, row, labels }: { held: CaseProps["held"]; row: JsonObject; labels: Labels }): VNode {
  const { member, say } = useApp();
  const name = String(row["title"] ?? row["type"] ?? "");
  const fetch = useAction(async () => {
    const found = await paper(member, held, String(row["id"]));
    if (found) save(found);
    else setGone(true);
  });
  const [gone, setGone] = useState(false);
  const label = (member: string) => memberName(labels, "documents", member);
  const rows: [string, VNode | string][] = [[label("state"), codeName(labels, String(row["state"]))]];
  const said = (member: string, show: (text: string) => VNode | string) => {
    if (typeof row[member] === "string") rows.push([label(member), show(row[member])]);
  };
  const foreign = (text: string) => <Foreign>{text}</Foreign>;
  said("type", foreign);
  said("issuer", foreign);
  said("issued", (text) => date(say, text));
  said("expires", (text) => date(say, text));
  said("copy", (text) => codeName(labels, text));
  said("sha256", (text) => <span class="digits">{text}</span>);
  const translations = Array.isArray(row["translations"]) ? row["translations"] : [];
  const languages = translations.map((one) => worldName(say, "language", String((one as JsonObject)["language"])));
  if (languages.length) rows.push([label("translations"), languages.join(", ")]);
  return (
    <Card title={name}>
      <Facts rows={rows} />
      {row["attachment"] !== undefined && (
        <Button busy={fetch.busy} onClick={fetch.run} label={say("cases.save_paper_named", { name })}>
          {say("cases.save_paper")}
        </Button>
      )}
      {gone && <p role="status">{say("cases.paper_elsewhere")}</p>}
      {fetch.error ? <Problem error={fetch.error} /> : null}
    </Card>
  );
}

function AddPapers({ held, put, labels }: CaseProps & { labels: Labels }): VNode {
  const { member, say } = useApp();
  const [files, setFiles] = useState<readonly File[]>([]);
  const [facts, setFacts] = useState<{ readonly [name: string]: string }>({});
  const [at, setAt] = useState(0);
  const set = (name: string) => (value: string) => setFacts({ ...facts, [name]: value });
  const label = (name: string) => memberName(labels, "documents", name);
  const large = files.find(({ size }) => size > MAX_PAPER);
  const [tried, setTried] = useState(false);
  const keep = useAction(async () => {
    setTried(true);
    if (!facts["type"]?.trim() || large || !files.length) return;
    const said = Object.entries(facts).flatMap(([name, text]) => (text.trim() ? [[name, text.trim()] as const] : []));
    let now = held;
    for (const [index, file] of files.entries()) {
      setAt(index);
      await frame();
      const data = new Uint8Array(await file.arrayBuffer()) as Bytes;
      now = await attach(member, now, { name: file.name, data }, Object.fromEntries(said));
    }
    setFiles([]);
    setFacts({});
    setTried(false);
    put(now);
  });
  const add = (more: File[]) => setFiles([...files, ...more]);
  return (
    <Card title={say("cases.add_papers")}>
      <FileDrop label={say("cases.choose_files")} hint={say("cases.files_hint")} onFiles={add} />
      {HAS_CAMERA && (
        <FileDrop label={say("cases.take_photo")} accept="image/*" camera onFiles={add} multiple={false} />
      )}
      {files.length > 0 && (
        <ul>
          {files.map((file, index) => (
            <li key={index}>
              <Foreign>{file.name}</Foreign>{" "}
              <Button
                onClick={() => setFiles(files.filter((one) => one !== file))}
                label={say("cases.remove_row", { name: file.name })}
              >
                {say("cases.remove")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {large && (
        <Notice kind="warn" live>
          <p>{say("cases.too_large", { name: large.name })}</p>
        </Notice>
      )}
      <TextField
        label={say("cases.paper_type")}
        hint={say("cases.paper_type_hint")}
        value={facts["type"] ?? ""}
        onInput={set("type")}
        error={tried && !facts["type"]?.trim() ? say("app.required") : null}
      />
      <TextField label={label("title")} optional value={facts["title"] ?? ""} onInput={set("title")} />
      <TextField label={label("issuer")} optional value={facts["issuer"] ?? ""} onInput={set("issuer")} />
      <DateField label={label("issued")} optional value={facts["issued"] ?? ""} onInput={set("issued")} />
      <Choice
        label={label("copy")}
        value={facts["copy"] ?? ""}
        none={say("cases.not_said")}
        options={COPIES.map((code) => [code, codeName(labels, code)])}
        onChoose={set("copy")}
      />
      {keep.busy && (
        <Progress label={say("cases.sealing", { n: at + 1, of: files.length })} part={at / (files.length || 1)} />
      )}
      {keep.error ? <Problem error={keep.error} /> : null}
      {keep.done && !tried && <p role="status">{say("cases.papers_kept")}</p>}
      <Button kind="main" busy={keep.busy} disabled={!files.length} onClick={keep.run}>
        {say("cases.keep_papers")}
      </Button>
    </Card>
  );
}

/** Let the page draw what it says before the device is busy sealing. */
const frame = (): Promise<void> => new Promise((done) => setTimeout(done, 30));

function save({ name, data }: Paper): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([data]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The files that go along: papers of the case file, and what is dropped in. Nothing leaves the page before it is sent. */

import type { VNode } from "preact";
import * as cases from "../../../client/cases.ts";
import type { CaseFile } from "../../../client/cases.ts";
import type { Member } from "../../../client/member.ts";
import { isObject, type Bytes, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Button, FileDrop, Ticks, type Option } from "../../kit/controls.tsx";
import { Foreign } from "../../kit/showing.tsx";
import { codeName, type Labels } from "../cases/labels.ts";

/** The section that papers of a case belong to: without it none of them goes. */
const PAPERS = "documents";

export type Files = ReadonlyMap<string, Bytes>;

/** What goes along besides `sections`: files that were dropped in, and papers of the case by their ids. */
export interface Along {
  readonly held: CaseFile | null;
  readonly sections: readonly string[];
  readonly files: Files;
  readonly papers: readonly string[];
}

interface AttachProps extends Along {
  readonly labels: Labels;
  readonly onFiles: (files: Files) => void;
  readonly onPapers: (papers: readonly string[]) => void;
}

export function Attach({ held, sections, files, papers, labels, onFiles, onPapers }: AttachProps): VNode {
  const { say } = useApp();
  const options = paperOptions(held, labels);
  return (
    <>
      {options.length > 0 &&
        (sections.includes(PAPERS) ? (
          <Ticks label={say("handoff.papers")} values={papers} options={options} onChange={onPapers} />
        ) : (
          <p class="hint">{say("handoff.papers_need")}</p>
        ))}
      <DroppedFiles files={files} onFiles={onFiles} />
    </>
  );
}

export function DroppedFiles({ files, onFiles }: Pick<AttachProps, "files" | "onFiles">): VNode {
  const { say } = useApp();
  const add = async (some: File[]) => {
    const read = some.map(async (file) => [named(file), new Uint8Array(await file.arrayBuffer())] as const);
    onFiles(new Map([...files, ...(await Promise.all(read))]));
  };
  return (
    <>
      <FileDrop label={say("handoff.attach")} optional onFiles={(some) => void add(some)} />
      {[...files.keys()].map((name) => (
        <p class="row tight" key={name}>
          <Foreign>{name}</Foreign>
          <Button onClick={() => onFiles(new Map([...files].filter(([one]) => one !== name)))}>
            {say("handoff.leave_out")}
          </Button>
        </p>
      ))}
    </>
  );
}

/** What the files that go along are called, for whoever looks at what the other side will see. */
export const titlesOf = (along: Along, labels: Labels): string[] => [
  ...along.files.keys(),
  ...paperOptions(along.held, labels)
    .filter(([id]) => chosen(along).includes(id))
    .map(([, words]) => words),
];

export const countOf = (along: Along): number => along.files.size + chosen(along).length;

/** The names of the files that went along with what an agency keeps a copy of. */
export function SentFiles({ copy, labels }: { copy: JsonObject; labels: Labels }): VNode | null {
  const { say } = useApp();
  const [names, sections] = [copy["attachments"], copy["sections"] as JsonObject | undefined];
  if (!Array.isArray(names) || names.length === 0) return null;
  const documents = sections?.[PAPERS];
  const items = isObject(documents) && Array.isArray(documents["items"]) ? documents["items"].filter(isObject) : [];
  return (
    <section>
      <h4>{say("handoff.attachments")}</h4>
      <ul>
        {names.map(String).map((name) => {
          const row = items.find(({ attachment }) => attachment === name);
          return (
            <li key={name}>
              <Foreign>{row ? titleOf(row, labels) : name}</Foreign>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The files as they are sealed; a paper that is kept elsewhere does not go. */
export async function gathered(member: Member, along: Along): Promise<Map<string, Bytes>> {
  const found = new Map(along.files);
  for (const id of chosen(along)) {
    const paper = await cases.paper(member, along.held!, id);
    if (paper) found.set(paper.name, paper.data);
  }
  return found;
}

/** The papers that were ticked, where the section that they belong to goes and they still stand in the case file. */
const chosen = ({ held, sections, papers }: Along): readonly string[] =>
  sections.includes(PAPERS) ? (held?.papers ?? []).map(({ id }) => String(id)).filter((id) => papers.includes(id)) : [];

function paperOptions(held: CaseFile | null, labels: Labels): Option[] {
  return (held?.papers ?? []).map((row): Option => [String(row["id"]), titleOf(row, labels)]);
}

function titleOf(row: JsonObject, labels: Labels): string {
  const kind = typeof row["type"] === "string" ? codeName(labels, row["type"]) : String(row["attachment"]);
  return typeof row["title"] === "string" ? `${kind}: ${row["title"]}` : kind;
}

/** A name as a packet may have it: letters of ours, and the ending. */
function named({ name }: File): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "");
  return plain.slice(-80) || "document";
}

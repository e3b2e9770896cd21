/** One meeting: facts, the joint checklist with each side's ticks, what is missing, where both say different things, papers. */

import type { ComponentType, VNode } from "preact";
import { useState } from "preact/hooks";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { asksWhy } from "../../../client/access.ts";
import * as cases from "../../../client/cases.ts";
import { calledIn, colleagues, type Colleague } from "../../../client/colleagues.ts";
import type { Shown } from "../../../client/handoffs.ts";
import { FACTS, missing, otherSide, type Mark, type Row, type Side } from "../../../client/handover.ts";
import * as meetings from "../../../client/meetings.ts";
import type { Meeting } from "../../../client/meetings.ts";
import { known } from "../../../client/register.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, TextField, Tick } from "../../kit/controls.tsx";
import { Foreign, Notice, Page } from "../../kit/showing.tsx";
import { AskWhy } from "../cases/opened.tsx";
import { loadCaseWords } from "../cases/labels.ts";
import { FactCard } from "./fact_card.tsx";
import { wordsOf } from "./facts.ts";
import { Scans } from "./scans.tsx";

export interface MeetingProps {
  readonly meeting: Meeting;
  readonly put: (meeting: Meeting) => void;
  readonly people: readonly Colleague[];
  /** Papers of the case file that have a hash, as choices. */
  readonly papers: readonly (readonly [hash: string, title: string])[];
  /** The section `plan` of the case file. */
  readonly plan: JsonObject | null;
  /** The section `safety_plan` of the case file. */
  readonly safety: JsonObject | null;
  /** The leg in which the case is handed over. */
  readonly leg: Shown | null;
  /** The agency's first number on duty, "" without one. */
  readonly phone: string;
}

/** A meeting once it is opened, shown by `children`, else as it is worked on. */
export function OpenedMeeting({
  record,
  children,
}: {
  record: string;
  children: ComponentType<MeetingProps> | null;
}): VNode {
  const { member, lang } = useApp();
  const [why, setWhy] = useState<string | undefined>();
  const [changed, put] = useState<Meeting | null>(null);
  const loading = useLoaded(async () => {
    const [meeting, people, home] = await Promise.all([
      meetings.load(member, record, why),
      colleagues(member),
      member.home(),
      loadCaseWords(lang),
    ]);
    const files = await cases.listing(member);
    const file = files.find((held) => held.record === meeting.case || held.legs.includes(meeting.leg ?? ""));
    const papers = (file?.papers ?? []).flatMap((row) =>
      typeof row["sha256"] === "string" ? [[row["sha256"], String(row["title"] ?? row["type"])] as const] : [],
    );
    const section = (name: string) => (isObject(file?.sections[name]) ? file.sections[name] : null);
    const leg = meeting.leg === null ? null : await known(member, meeting.leg);
    return {
      meeting,
      people,
      papers,
      plan: section("plan"),
      safety: section("safety_plan"),
      leg,
      phone: home.entry.duty[0] ?? "",
    };
  }, [member, record, why, lang]);
  if (loading.is === "failed" && asksWhy(loading.error)) return <AskWhy back="handover" onWhy={setWhy} />;
  const Of = children ?? OneMeeting;
  return <Loaded of={loading}>{(found) => <Of {...found} meeting={changed ?? found.meeting} put={put} />}</Loaded>;
}

function OneMeeting(props: MeetingProps): VNode {
  const { say, lang } = useApp();
  const { meeting } = props;
  const { document, differences } = meeting.merged;
  const open = missing(document);
  const words = wordsOf(lang);
  return (
    <Page title={say("handover.title")} back="handover">
      <p>{say(`handover.as_${meeting.side}`)}</p>
      <Notice kind={open.length ? "info" : "good"} live>
        <p>{open.length ? say.many("handover.missing", open.length) : say("handover.complete")}</p>
        <p>{say("handover.goes_along")}</p>
      </Notice>
      {differences.length > 0 && (
        <Notice kind="warn">
          <p>{say("handover.different")}</p>
          <ul>
            {differences.map((name) => (
              <li key={name}>
                {name.startsWith("checklist/")
                  ? (words.items[name.slice(10)] ?? name.slice(10))
                  : (words.facts[name] ?? name)}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <p class="row">
        <a class="button" href={`#/handover/${meeting.record}/print`}>
          {say("handover.to_paper")}
        </a>
        {meeting.leg && (
          <a class="button" href={`#/transfer/${meeting.leg}`}>
            {say("handover.to_transfer")}
          </a>
        )}
      </p>
      <h2>{words.labels["checklist"]}</h2>
      <Checklist {...props} />
      <h2>{say("handover.facts")}</h2>
      {FACTS.map((fact) => (
        <FactCard key={fact} fact={fact} {...props} />
      ))}
      <h2>{say("handover.signed_papers")}</h2>
      <Scans {...props} />
    </Page>
  );
}

/** Each side ticks for itself; many at once, or one with the reason why not. */
function Checklist({ meeting, put, people }: MeetingProps): VNode {
  const { member, say, lang } = useApp();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const words = wordsOf(lang);
  const { side } = meeting;
  const keep = useAction(async () => {
    if (!chosen.length) return;
    put(await meetings.tick(member, meeting, chosen));
    setChosen([]);
  });
  const rows = meeting.document.checklist;
  const toggle = (item: string) => (on: boolean) =>
    setChosen(on ? [...chosen, item] : chosen.filter((one) => one !== item));
  return (
    <>
      <p class="hint">{words.labels["checklist_how"]}</p>
      <ul class="plain-list">
        {rows.map((row) => (
          <li key={row.item} class="section-row">
            <div class="section-head">
              <h3>{words.items[row.item] ?? row.item}</h3>
              {row[side] ? (
                <SideMark row={row} side={side} people={people} own />
              ) : (
                <Tick
                  label={say(`handover.tick_${side}`)}
                  checked={chosen.includes(row.item)}
                  onTick={toggle(row.item)}
                />
              )}
              <SideMark row={row} side={otherSide(side)} people={people} own={false} />
            </div>
            {row[side] === null && <WhyNot row={row} meeting={meeting} put={put} />}
          </li>
        ))}
      </ul>
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button kind="main" busy={keep.busy} disabled={!chosen.length} onClick={keep.run}>
        {say.many("handover.keep_ticks", chosen.length)}
      </Button>
    </>
  );
}

interface SideProps {
  readonly row: Row;
  readonly side: Side;
  readonly people: readonly Colleague[];
  readonly own: boolean;
}

function SideMark({ row, side, people, own }: SideProps): VNode {
  const { say, lang } = useApp();
  const mark: Mark | null = row[side];
  const name = wordsOf(lang).sides[side] ?? side;
  if (!mark) {
    return (
      <p class="quiet">
        {name}: {say("handover.not_yet")}
      </p>
    );
  }
  const by = own ? calledIn(people, mark.by) : say("handover.other_side");
  return (
    <p>
      {name}: {mark.reason ? <Foreign>{mark.reason}</Foreign> : say("handover.ticked")}{" "}
      <span class="quiet">
        ({by}, {moment(say, mark.at)})
      </span>
    </p>
  );
}

function WhyNot({ row, meeting, put }: { row: Row } & Pick<MeetingProps, "meeting" | "put">): VNode {
  const { member, say, lang } = useApp();
  const [words, setWords] = useState("");
  const item = wordsOf(lang).items[row.item] ?? row.item;
  const keep = useAction(async () => {
    if (words.trim()) put(await meetings.tick(member, meeting, [row.item], words.trim()));
  });
  return (
    <details>
      <summary>
        {wordsOf(lang).labels["reason"]}
        <span class="hidden"> {item}</span>
      </summary>
      <TextField label={say("handover.reason")} maxLength={200} value={words} onInput={setWords} />
      <Button busy={keep.busy} onClick={keep.run} label={`${say("handover.keep_reason")}: ${item}`}>
        {say("handover.keep_reason")}
      </Button>
      {keep.error ? <Problem error={keep.error} /> : null}
    </details>
  );
}

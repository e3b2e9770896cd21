/** One case: what is missing next, the sections with how much stands in each, questions, papers, dates, and who changed what. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isObject } from "../../../rcp/encoding.ts";
import type { CaseFile } from "../../../client/cases.ts";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import { versions } from "../../../client/records.ts";
import { ofCase } from "../../../client/telling.ts";
import * as forms from "../../../client/sections.ts";
import type { Phase } from "../../../client/sections.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Choice, Tabs } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Page } from "../../kit/showing.tsx";
import { Dates } from "../timers/dates.tsx";
import { caseName } from "./case_picker.tsx";
import { sectionName, useLabels, type Labels } from "./labels.ts";
import { Papers } from "./papers.tsx";
import { Questions } from "./questions.tsx";
import { Section } from "./section_view.tsx";
import { Untold } from "./untold.tsx";

const TABS = ["sections", "questions", "papers", "dates", "history"];
const SHOWN_GAPS = 5;

export interface CaseProps {
  readonly held: CaseFile;
  readonly put: (held: CaseFile) => void;
}

export function CaseHome({ held, put, tab }: CaseProps & { tab: string }): VNode {
  const { say, go, member } = useApp();
  const labels = useLabels();
  const untold = useLoaded(
    async () => (held.legs.length ? Promise.all([ofCase(member, held), colleagues(member)]) : null),
    [member, held.record, held.at],
  );
  const [phase, setPhase] = usePhase(held);
  const situation = { child: forms.childOf(held.sections), phase };
  const complete = forms.completeness(held.sections, situation);
  const at = TABS.includes(tab) ? tab : "sections";
  return (
    <Page title={held.name ?? caseName(say, held, member.id)} back="cases">
      <Facts
        rows={[
          [say("cases.reference"), <Foreign>{held.reference ?? "–"}</Foreign>],
          [say("cases.complete"), <Meter label={say("cases.complete")} part={complete.score} />],
        ]}
      />
      <p class="row">
        <a class="button" href={`#/compose?case=${held.record}`}>
          {say("cases.to_compose")}
        </a>
        <a class="button" href={`#/transfer/offer/${held.record}`}>
          {say("cases.to_transfer")}
        </a>
        {held.legs.length > 0 && (
          <a class="button" href={`#/transfer/${held.legs[held.legs.length - 1]}`}>
            {say("cases.see_transfer")}
          </a>
        )}
        <a class="button" href={`#/visits/${held.record}`}>
          {say("cases.to_visits")}
        </a>
        <a class="button" href={`#/handover?case=${held.record}`}>
          {say("cases.to_handover")}
        </a>
        <a class="button" href={`#/programme/${held.record}`}>
          {say("cases.to_programme")}
        </a>
        <a class="button" href={`#/cases/${held.record}/print`}>
          {say("cases.on_paper")}
        </a>
      </p>
      <Choice
        label={say("cases.phase")}
        hint={say("cases.phase_hint")}
        value={phase}
        options={forms.PHASES.map((one) => [one, say(`cases.phase_${one}`)])}
        onChoose={(one) => setPhase(one as Phase)}
      />
      <Loaded of={labels}>
        {(words) => (
          <>
            {held.legs.length > 0 && (
              <Loaded of={untold}>
                {(found) => found && <Untold tellings={found[0]} labels={words} people={found[1]} />}
              </Loaded>
            )}
            <Missing held={held} gaps={complete.gaps} labels={words} />
            <Tabs
              tabs={TABS.map((one) => [one, say(`cases.tab_${one}`)])}
              at={at}
              onChoose={(one) => go(`cases/${held.record}?tab=${one}`)}
            >
              {at === "sections" && <SectionList held={held} scores={complete.sections} labels={words} />}
              {at === "questions" && <Questions held={held} put={put} situation={situation} labels={words} />}
              {at === "papers" && <Papers held={held} put={put} />}
              {at === "dates" && <Dates of={held.record} />}
              {at === "history" && <History held={held} />}
            </Tabs>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** Where the journey stands decides what is asked; it is this desk's choice, and kept on this device. */
function usePhase({ record }: CaseFile): [Phase, (phase: Phase) => void] {
  const { local } = useApp();
  const [phase, set] = useState<Phase>("pre_return");
  const name = `phase/${record}`;
  useEffect(() => {
    void local.get("setting", name).then((kept) => set(forms.PHASES.find((one) => one === kept) ?? "pre_return"));
  }, [name]);
  const choose = (chosen: Phase) => {
    set(chosen);
    void local.put("setting", name, chosen);
  };
  return [phase, choose];
}

function Meter({ label, part }: { label: string; part: number }): VNode {
  return (
    <span class="meter">
      <meter min={0} max={100} value={part} aria-label={label} /> {part} %
    </span>
  );
}

function Missing({ held, gaps, labels }: { held: CaseFile; gaps: readonly forms.Gap[]; labels: Labels }): VNode | null {
  const { say } = useApp();
  const first = [...gaps].sort((one, other) => other.weight - one.weight).slice(0, SHOWN_GAPS);
  if (!first.length) return <p>{say("cases.nothing_missing")}</p>;
  return (
    <Card title={say("cases.missing")}>
      <ul>
        {first.map(({ key, section }) => (
          <li key={key}>
            <a href={`#/cases/${held.record}/section/${section}`}>
              {say("cases.gap", { what: labels.gaps[key] ?? key, section: sectionName(labels, section) })}
            </a>
          </li>
        ))}
      </ul>
      {gaps.length > first.length && <p>{say.many("cases.more_missing", gaps.length - first.length)}</p>}
    </Card>
  );
}

function SectionList({
  held,
  scores,
  labels,
}: {
  held: CaseFile;
  scores: { readonly [name: string]: number };
  labels: Labels;
}): VNode {
  const { say } = useApp();
  const others = Object.keys(held.sections).filter((name) => !forms.NAMES.includes(name));
  return (
    <ul class="plain-list">
      {[...forms.NAMES, ...others].map((name) => {
        const document = held.sections[name];
        const title = sectionName(labels, name);
        const editable = forms.NAMES.includes(name) && !forms.isNewer(document);
        return (
          <li key={name} class="section-row">
            <div class="section-head">
              <h2>{title}</h2>
              {scores[name] !== undefined && <Meter label={say("cases.complete_of", { title })} part={scores[name]!} />}
              {editable && (
                <a class="button" href={`#/cases/${held.record}/section/${name}`}>
                  {say(isObject(document) ? "cases.change" : "cases.fill_in")}
                  <span class="hidden"> {title}</span>
                </a>
              )}
            </div>
            {document !== undefined && (
              <details>
                <summary>
                  {say("cases.read")}
                  <span class="hidden"> {title}</span>
                </summary>
                <Section name={name} document={document} labels={labels} />
              </details>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function History({ held }: { held: CaseFile }): VNode {
  const { member, say } = useApp();
  const loading = useLoaded(
    () => Promise.all([versions(member, held.record), colleagues(member)]),
    [member, held.record, held.at],
  );
  return (
    <Loaded of={loading}>
      {([rows, people]) => (
        <ol reversed>
          {[...rows].reverse().map(({ manifest, at, by }) => (
            <li key={manifest}>
              {moment(say, at)} <Foreign>{calledIn(people, by.member)}</Foreign>
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  );
}

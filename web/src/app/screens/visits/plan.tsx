/** How a case is followed: since when, at which risk, by which benchmarks, by whom, and how not to draw attention. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { follow, ownSets, planned, today, type Followed } from "../../../client/aftercare.ts";
import type { CaseFile } from "../../../client/cases.ts";
import { colleagues, type Colleague } from "../../../client/colleagues.ts";
import { CASE_ROLES } from "../../../client/documents.ts";
import { RISKS, SETS } from "../../../client/schedule.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Choice, Choices, DateField, TextField, Tick } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { OpenedCase } from "../cases/opened.tsx";
import { loadCaseWords } from "../cases/labels.ts";
import { Entry } from "./entry.tsx";
import { one } from "./reading.ts";
import { options } from "./words.ts";

const AFTER_CLOSURE = "after_closure";

export function BeginPlan({ record }: { record: string }): VNode {
  const { member, say, lang } = useApp();
  const loading = useLoaded(async () => {
    const [held, people, sets, day] = await Promise.all([
      one(member, record),
      colleagues(member),
      ownSets(member),
      today(member),
      loadCaseWords(lang),
    ]);
    return { held, people, sets: Object.keys(sets), day };
  }, [member, record, lang]);
  return (
    <OpenedCase record={record} back={`visits/${record}`}>
      {(file) => (
        <Page title={say("visits.step_plan")} back={`visits/${record}`}>
          <Loaded of={loading}>{(known) => <PlanForm file={file} {...known} />}</Loaded>
        </Page>
      )}
    </OpenedCase>
  );
}

interface Known {
  readonly file: CaseFile;
  readonly held: Followed | null;
  readonly people: readonly Colleague[];
  readonly sets: readonly string[];
  readonly day: string;
}

function PlanForm({ file, held, people, sets, day }: Known): VNode {
  const { member, say } = useApp();
  const said = planned(file.sections);
  const [begins, setBegins] = useState(held?.plan.begins ?? day);
  const [risk, setRisk] = useState<string>(held?.risk ?? said.risk ?? "high");
  const named = [...SETS.filter((name) => name !== AFTER_CLOSURE), ...sets.filter((name) => !SETS.includes(name))];
  const wanted = held?.plan.benchmarks.name ?? said.benchmark ?? "standard";
  const [benchmark, setBenchmark] = useState(named.includes(wanted) ? wanted : "standard");
  const [lead, setLead] = useState(held?.lead ?? member.id);
  const known = held?.discretion ?? { caller: "", texts: true, note: "", ...said.discretion };
  const [caller, setCaller] = useState(known.caller);
  const [texts, setTexts] = useState(known.texts);
  const [note, setNote] = useState(known.note);
  const [exploited, setExploited] = useState(held ? held.facts["exploited"] === true : said.exploited === true);
  const able = people.filter(({ roles }) => roles.some((role) => CASE_ROLES.includes(role)));
  const act = async () => {
    const bases = Array.isArray(held?.facts["bases"]) ? (held.facts["bases"] as string[]) : [];
    return follow(member, file.record, begins, risk, benchmark, {
      lead,
      born: (held?.facts["born"] as string | null | undefined) ?? said.born ?? null,
      country: (held?.facts["country"] as string | null | undefined) ?? said.country ?? null,
      corridor: (held?.facts["corridor"] as string | null | undefined) ?? null,
      exploited,
      bases,
      discretion: { caller: caller.trim(), texts, note: note.trim() },
    });
  };
  const title = (name: string) => (say.has(`visits.set.${name}`) ? say(`visits.set.${name}`) : name);
  return (
    <Entry record={file.record} act={act} button={say("visits.begin")}>
      <DateField
        label={say("visits.first_day")}
        hint={say("visits.first_day_hint")}
        value={begins}
        onInput={setBegins}
      />
      <Choices
        label={say("visits.risk_level")}
        hint={say("visits.risk_hint")}
        value={risk}
        options={options(say, "risk", RISKS)}
        onChoose={setRisk}
      />
      <Choice
        label={say("visits.benchmarks")}
        value={benchmark}
        options={named.map((name) => [name, title(name)])}
        onChoose={setBenchmark}
      />
      <Choice
        label={say("visits.lead")}
        value={lead}
        options={able.map(({ member: id, login }) => [id, login])}
        onChoose={setLead}
      />
      <Tick label={say("visits.was_exploited")} checked={exploited} onTick={setExploited} />
      <fieldset class="group">
        <legend>{say("visits.quiet")}</legend>
        <TextField label={say("visits.caller")} optional value={caller} onInput={setCaller} />
        <Tick label={say("visits.texts_yes")} checked={texts} onTick={setTexts} />
        <TextField label={say("visits.quiet_note")} optional value={note} onInput={setNote} />
      </fieldset>
    </Entry>
  );
}

/** Assessments before the journey: asked for with the least about the child, sent back section by section, kept. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import * as cases from "../../../client/cases.ts";
import * as findings from "../../../client/findings.ts";
import { PURPOSES as LEG_PURPOSES } from "../../../client/journey.ts";
import { PURPOSES } from "../../../consent/policy.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Choices, Form } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { CasePicker } from "../cases/case_picker.tsx";
import { loadLabels } from "../cases/labels.ts";
import { basisName } from "../consent/standing.ts";
import { useWhy } from "../handoff/why.tsx";
import type { PartProps } from "./room.ts";
import { Foot, SectionTicks } from "./signing.tsx";

const FIRST = "family_tracing";

/** Asks for tracing, a home study, or what is known of the country; on a consent for that. */
export function AskAssessment({ shown, coded, done }: PartProps): VNode {
  const { say, member, lang } = useApp();
  const [said, setSaid] = useState({ case: "", basis: "", purpose: FIRST, leg: LEG_PURPOSES[0]! });
  const [sections, choose] = useState<readonly string[]>([]);
  const [tried, setTried] = useState(false);
  const why = useWhy();
  const loading = useLoaded(async () => {
    const [all, labels, files] = await Promise.all([bases.listing(member), loadLabels(lang), cases.listing(member)]);
    return { live: all.filter(({ live }) => live), labels, files };
  }, [member, lang]);
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const act = useAction(async () => {
    setTried(true);
    if (!said.case || !said.basis || sections.length === 0) return;
    await why.with(async (reason) => {
      const basis = await bases.load(member, said.basis, reason);
      const journey = { purpose: said.leg };
      const asked = { case: said.case, to: shown.to, sections, basis, purpose: said.purpose, journey, leg: shown.id };
      return findings.requestAssessment(member, asked, reason);
    });
    done();
  });
  const needed = (value: string): string | null => (tried && !value ? say("app.required") : null);
  return (
    <Loaded of={loading}>
      {({ live, labels, files }) => {
        const held = files.find(({ record }) => record === said.case) ?? null;
        return (
          <Form onSend={act.run}>
            <CasePicker
              label={say("transfer.offer.case")}
              value={said.case}
              onChoose={set("case")}
              error={needed(said.case)}
            />
            <Choice
              label={say("transfer.assess.purpose")}
              value={said.purpose}
              options={coded.options("purposes", PURPOSES)}
              onChoose={set("purpose")}
            />
            <Choice
              label={say("transfer.offer.basis")}
              none={say("transfer.offer.basis_none")}
              value={said.basis}
              options={live.map((one) => [one.handoff, basisName(one)])}
              onChoose={set("basis")}
              error={needed(said.basis)}
            />
            <Choices
              label={say("transfer.offer.purpose")}
              value={said.leg}
              options={LEG_PURPOSES.map((name) => [name, say(`transfer.purpose.${name}`)])}
              onChoose={set("leg")}
            />
            <SectionTicks
              {...{ held, labels, tried }}
              hint={say("transfer.assess.least")}
              values={sections}
              onChange={choose}
            />
            <Foot act={act} why={why} />
          </Form>
        );
      }}
    </Loaded>
  );
}

/** Sends back sections of an own case file in which the assessment was written down. */
export function SendAssessment({ shown, done }: PartProps): VNode {
  const { say, member, lang } = useApp();
  const [record, setRecord] = useState("");
  const [sections, choose] = useState<readonly string[]>([]);
  const [tried, setTried] = useState(false);
  const why = useWhy();
  const loading = useLoaded(async () => {
    const [labels, files] = await Promise.all([loadLabels(lang), cases.listing(member)]);
    return { labels, files };
  }, [member, lang]);
  const act = useAction(async () => {
    setTried(true);
    if (!record || sections.length === 0) return;
    await why.with(async (reason) => {
      const held = await cases.load(member, record, reason);
      const whole = Object.fromEntries(sections.map((name) => [name, held.sections[name]!]));
      return findings.returnAssessment(member, shown.id, whole);
    });
    done();
  });
  return (
    <Loaded of={loading}>
      {({ labels, files }) => {
        const held = files.find((one) => one.record === record) ?? null;
        return (
          <Form onSend={act.run}>
            <p>{say("transfer.assess.write")}</p>
            <CasePicker
              label={say("transfer.offer.case")}
              value={record}
              onChoose={setRecord}
              error={tried && !record ? say("app.required") : null}
            />
            <SectionTicks {...{ held, labels, tried }} values={sections} onChange={choose} />
            <Foot act={act} why={why} />
          </Form>
        );
      }}
    </Loaded>
  );
}

/** Puts an assessment that came back into the case file, each section with who said it. */
export function KeepAssessment({ leg }: { leg: string }): VNode {
  const { say, member } = useApp();
  const why = useWhy();
  const act = useAction(() => why.with((reason) => findings.keepAssessment(member, leg, reason)));
  return (
    <>
      {why.field}
      <p class="row">
        <Button busy={act.busy} onClick={act.run}>
          {say("transfer.assessment_keep")}
        </Button>
      </p>
      {act.error !== null && !why.asked && <Problem error={act.error} />}
      {act.done && (
        <Notice kind="good" live>
          <p>{say("transfer.assess.kept")}</p>
        </Notice>
      )}
    </>
  );
}

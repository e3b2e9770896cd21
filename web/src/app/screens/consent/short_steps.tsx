/** The two bases beside a consent: the duty to tell a child-protection authority, and a danger to life or health. */

import type { VNode } from "preact";
import { shortOf } from "../../../client/agencies.ts";
import { colleagues } from "../../../client/colleagues.ts";
import { useApp } from "../../core/app.ts";
import { useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Choices, DateField, TextArea } from "../../kit/controls.tsx";
import { Foreign, Notice } from "../../kit/showing.tsx";
import { AgencyChoice } from "./agency_choice.tsx";
import { Scan, type Paper } from "./step_paper.tsx";
import type { StepProps } from "./steps.tsx";

export function Duty({ form, change, wrong, words, today, files, put }: StepProps & Paper): VNode {
  const { say } = useApp();
  return (
    <>
      <p>{say("consent.duty_about")}</p>
      <Recipients form={form} change={change} error={wrong("recipients")} />
      <Choices
        label={say("consent.childs_answer")}
        hint={say("consent.duty_asked")}
        error={wrong("answer")}
        value={form.answer}
        onChoose={(answer) => change({ answer })}
        options={["agreed", "refused", "too_young"].map((name) => [name, words.file.choices[name]!])}
      />
      <DateField label={say("consent.given_on")} max={today} value={form.on} onInput={(on) => change({ on })} />
      <DateField
        label={say("consent.lasts")}
        hint={say("consent.duty_lasts")}
        error={wrong("until")}
        min={today}
        value={form.until}
        onInput={(until) => change({ until })}
      />
      <Scan files={files} put={put} error={wrong("scan")} />
    </>
  );
}

export function Emergency({ form, change, wrong }: StepProps): VNode {
  const { member, say } = useApp();
  const found = useLoaded(() => colleagues(member), []);
  const rows = found.is === "ready" ? found.value : [];
  const supervisors = rows.filter((row) => row.roles.includes("supervisor") && row.member !== member.id);
  return (
    <>
      <Notice>
        <p>{say("consent.emergency_about")}</p>
      </Notice>
      <Recipients form={form} change={change} error={wrong("recipients")} />
      <Choice
        label={say("consent.supervisor")}
        hint={say("consent.supervisor_hint")}
        error={wrong("supervisor")}
        value={form.supervisor}
        none={say("consent.choose")}
        onChoose={(supervisor) => change({ supervisor })}
        options={supervisors.map((row) => [row.member, row.login])}
      />
      <TextArea
        label={say("consent.reason")}
        hint={say("consent.no_names")}
        error={wrong("reason")}
        value={form.reason}
        onInput={(reason) => change({ reason })}
      />
    </>
  );
}

function Recipients({ form, change, error }: Pick<StepProps, "form" | "change"> & { error: string | null }): VNode {
  const { member, say } = useApp();
  return (
    <>
      <AgencyChoice
        label={say("consent.to")}
        error={error}
        value=""
        onChoose={(agency) => agency && change({ recipients: [...form.recipients, agency] })}
        without={[member.agency, ...form.recipients]}
      />
      {form.recipients.map((agency) => (
        <p key={agency} class="row">
          <Foreign>{shortOf(agency)}</Foreign>
          <Button
            label={say("consent.remove", { what: shortOf(agency) })}
            onClick={() => change({ recipients: form.recipients.filter((one) => one !== agency) })}
          >
            {say("consent.remove_short")}
          </Button>
        </p>
      ))}
    </>
  );
}

/** To whom a case is offered, what for, and when the child travels. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { known as agencies, labelOf } from "../../../client/agencies.ts";
import { PURPOSES, RETURN_MODES, type Purpose } from "../../../client/journey.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { Button, Choice, Choices, DateField, Form } from "../../kit/controls.tsx";
import type { StepProps } from "./offer_draft.ts";
import { PlanFields, wrongPlan } from "./plan_fields.tsx";

const URGENCIES = ["emergency", "urgent", "high", "routine"];

export function WhereTo({ draft, put, next }: StepProps): VNode {
  const { say, member, now } = useApp();
  const [tried, setTried] = useState(false);
  const rows = useLoaded(() => agencies(member), [member]);
  const { purpose, plan } = draft;
  const wrong = wrongPlan(say, plan, now());
  const change = (changes: Partial<Purpose>) => put({ purpose: { ...purpose, ...changes } });
  const isReturn = purpose.purpose === "return";
  return (
    <Form
      onSend={() => {
        setTried(true);
        if (draft.to && wrong === null) next();
      }}
    >
      <Loaded of={rows}>
        {(known) => (
          <Choice
            label={say("transfer.offer.to")}
            none={say("transfer.offer.to_none")}
            value={draft.to}
            options={known.filter(({ agency }) => agency !== member.agency).map((row) => [row.agency, labelOf(row)])}
            onChoose={(to) => put({ to })}
            error={tried && !draft.to ? say("app.required") : null}
          />
        )}
      </Loaded>
      <Choices
        label={say("transfer.offer.purpose")}
        value={purpose.purpose}
        options={PURPOSES.map((name) => [name, say(`transfer.purpose.${name}`)])}
        onChoose={(name) =>
          change({
            ...{ purpose: name, return_mode: name === "return" ? RETURN_MODES[0]! : null, returned: null },
            interim: name === "placement" ? false : null,
          })
        }
      />
      <Choices
        label={say("transfer.offer.final")}
        value={purpose.final ? "yes" : "no"}
        options={[
          ["yes", say("app.yes")],
          ["no", say("app.no")],
        ]}
        onChoose={(said) => change({ final: said === "yes" })}
      />
      {isReturn && (
        <Choices
          label={say("transfer.offer.mode")}
          value={purpose.return_mode ?? ""}
          options={RETURN_MODES.map((mode) => [mode, say(`transfer.mode.${mode}`)])}
          onChoose={(mode) => change({ return_mode: mode, returned: null })}
        />
      )}
      {isReturn && purpose.return_mode !== RETURN_MODES[0] && (
        <DateField
          label={say("transfer.offer.returned")}
          hint={say("transfer.offer.returned_hint")}
          value={purpose.returned ?? ""}
          max={dateOf(now())}
          onInput={(day) => change({ returned: day || null })}
          optional
        />
      )}
      {purpose.purpose === "placement" && (
        <Choices
          label={say("transfer.offer.interim")}
          value={purpose.interim ? "yes" : "no"}
          options={[
            ["yes", say("transfer.offer.interim_yes")],
            ["no", say("transfer.offer.interim_no")],
          ]}
          onChoose={(said) => change({ interim: said === "yes" })}
        />
      )}
      <PlanFields typed={plan} onType={(typed) => put({ plan: typed })} error={tried ? wrong : null} />
      <Choice
        label={say("transfer.offer.urgency")}
        value={draft.urgency}
        options={URGENCIES.map((name) => [name, say(`inbox.urgency.${name}`)])}
        onChoose={(urgency) => put({ urgency })}
      />
      <p class="row">
        <Button kind="main" type="submit">
          {say("app.next")}
        </Button>
      </p>
    </Form>
  );
}

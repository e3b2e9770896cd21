/** A child who came without a file: the case begins here, with what the child says, two dates and two signatures. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { colleagues } from "../../../client/colleagues.ts";
import { intake, MODES } from "../../../client/intake.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { Choices, DateField, Form } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { CasePicker } from "../cases/case_picker.tsx";
import { useWhy } from "../handoff/why.tsx";
import { seconds } from "./room.ts";
import { Second } from "./second.tsx";
import { Foot } from "./signing.tsx";

const DAY = 86_400;

export function Intake({ record }: { record: string }): VNode {
  const { say, member, now } = useApp();
  const [said, setSaid] = useState({
    ...{ case: record, mode: MODES[0]!, next: dateOf(now() + 3 * DAY), second: "" },
    ...{ biaDue: dateOf(now() + 14 * DAY), bidDue: dateOf(now() + 60 * DAY) },
  });
  const [tried, setTried] = useState(false);
  const why = useWhy();
  const people = useLoaded(() => colleagues(member), [member]);
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const order = said.bidDue < said.biaDue;
  const act = useAction(async () => {
    setTried(true);
    if (!said.case || !said.second || order) return;
    await why.with((reason) => intake(member, said, reason));
  });
  return (
    <Page title={say("transfer.take_in")} back="transfers">
      <p class="lead">{say("transfer.intake.about")}</p>
      {act.done && said.case && said.second && !order ? (
        <Notice kind="good" live>
          <p>{say("transfer.prepared")}</p>
        </Notice>
      ) : (
        <Form onSend={act.run}>
          <CasePicker
            label={say("transfer.offer.case")}
            value={said.case}
            onChoose={set("case")}
            error={tried && !said.case ? say("app.required") : null}
          />
          <Choices
            label={say("transfer.intake.how")}
            value={said.mode}
            options={MODES.map((mode) => [mode, say(`transfer.mode.${mode}`)])}
            onChoose={set("mode")}
          />
          <DateField label={say("transfer.intake.next")} value={said.next} onInput={set("next")} />
          <DateField label={say("transfer.lift.bia_due")} value={said.biaDue} onInput={set("biaDue")} />
          <DateField
            label={say("transfer.lift.bid_due")}
            value={said.bidDue}
            onInput={set("bidDue")}
            error={tried && order ? say("transfer.intake.order") : null}
          />
          <Loaded of={people}>
            {(rows) => (
              <Second
                options={seconds(rows, member.id)}
                value={said.second}
                onChoose={set("second")}
                missing={tried && !said.second}
              />
            )}
          </Loaded>
          <Foot act={act} why={why} words="prepare" />
        </Form>
      )}
    </Page>
  );
}

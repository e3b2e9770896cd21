/** How a child is, told to the agency that sent the case: codes and days, no single visit, where the consent covers it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Followed } from "../../../client/aftercare.ts";
import * as cases from "../../../client/cases.ts";
import { plusMonths } from "../../../client/days.ts";
import { show } from "../../../client/handoffs.ts";
import type { Member } from "../../../client/member.ts";
import { followUp } from "../../../client/transfer_steps.ts";
import { progressReport } from "../../../client/visits.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { DateField, TextArea } from "../../kit/controls.tsx";
import { Empty, Foreign } from "../../kit/showing.tsx";
import { Entry, OfCase } from "./entry.tsx";

/** The last leg by which the case came here. */
async function cameBy(member: Member, record: string): Promise<{ leg: string; from: string } | null> {
  const file = (await cases.listing(member)).find((held) => held.record === record);
  for (const leg of [...(file?.legs ?? [])].reverse()) {
    const shown = await show(member, leg);
    if (shown.to === member.agency && shown.from !== member.agency) return { leg, from: shown.from };
  }
  return null;
}

export function Report({ record }: { record: string }): VNode {
  const { member, say } = useApp();
  const leg = useLoaded(() => cameBy(member, record), [member, record]);
  return (
    <OfCase record={record} title={say("visits.step_report")}>
      {(held) => (
        <Loaded of={leg}>
          {(found) =>
            found ? (
              <ReportForm held={held} {...found} />
            ) : (
              <Empty>
                <p>{say("visits.came_from_nobody")}</p>
              </Empty>
            )
          }
        </Loaded>
      )}
    </OfCase>
  );
}

function ReportForm({ held, leg, from }: { held: Followed; leg: string; from: string }): VNode {
  const { member, say } = useApp();
  const [since, setSince] = useState(plusMonths(held.today, -1));
  const [words, setWords] = useState("");
  const act = async () => {
    const progress = await progressReport(member, held.case, since, words.trim() || null);
    return followUp(member, leg, held.today, held.reviewDue, progress);
  };
  return (
    <Entry record={held.case} act={act} button={say("app.send")} said={say("visits.report_sent")}>
      <p>
        {say("visits.report_text")} <Foreign>{from.slice(from.lastIndexOf(":") + 1)}</Foreign>
      </p>
      <DateField label={say("visits.since")} value={since} onInput={setSince} max={held.today} />
      <TextArea label={say("visits.report_words")} hint={say("visits.report_hint")} value={words} onInput={setWords} />
    </Entry>
  );
}

/** A new record of a meeting: which side the own agency is, and of which case. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { SIDES, type Side } from "../../../client/handover.ts";
import { begin } from "../../../client/meetings.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choices } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { CasePicker } from "../cases/case_picker.tsx";

interface Begun {
  readonly of: string;
  readonly leg: string | null;
  readonly side: Side;
}

export function BeginMeeting({ of, leg, side: known }: Begun): VNode {
  const { member, say, go } = useApp();
  const [side, setSide] = useState<string>(known);
  const [record, setRecord] = useState(of);
  const keep = useAction(async () => {
    const made = await begin(member, side as Side, {}, { case: record || null, leg });
    go(`handover/${made.record}`);
  });
  return (
    <Page title={say("handover.begin")} back="handover">
      <Choices
        label={say("handover.side")}
        value={side}
        options={SIDES.map((one) => [one, say(`handover.as_${one}`)])}
        onChoose={setSide}
      />
      <CasePicker label={say("handover.case")} value={record} onChoose={setRecord} />
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button kind="main" busy={keep.busy} onClick={keep.run}>
        {say("handover.begin")}
      </Button>
    </Page>
  );
}

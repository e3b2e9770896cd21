/** What came back: refer again to somebody else, or write down that nobody met the need. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as outcomes from "../../../client/outcomes.ts";
import { BARRIERS, NEEDS, REASONS } from "../../../client/reasons.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { fannedOut } from "../../../client/sent.ts";
import { Button, Choice, Form, Ticks } from "../../kit/controls.tsx";
import type { PartProps } from "./index.tsx";
import { useWhy } from "./why.tsx";

export function UnmetForm({ shown, coded, done, onBack }: PartProps & { onBack: () => void }): VNode {
  const { say, member } = useApp();
  const [need, setNeed] = useState("");
  const [reason, setReason] = useState("");
  const [barriers, setBarriers] = useState<readonly string[]>([]);
  const why = useWhy();
  const sent = useLoaded(async () => {
    const row = (await fannedOut(member)).find(({ handoff }) => handoff === shown.id);
    return (row?.["needs"] ?? []) as string[];
  }, [shown.id]);
  const act = useAction(async () => {
    await why.with((said) => outcomes.unmet(member, shown.id, { need, reason, barriers }, said));
    done();
  });
  return (
    <Form onSend={act.run}>
      <p>
        <a class="button main" href={`#/compose?again=${shown.id}`}>
          {say("handoff.refer_again")}
        </a>
      </p>
      <h4>{say("handoff.or_unmet")}</h4>
      <Loaded of={sent}>
        {(needs) => (
          <Choice
            label={say("handoff.unmet_need")}
            value={need || (needs[0] ?? "")}
            none={say("handoff.choose")}
            options={coded.options("needs", needs.length ? needs : Object.keys(NEEDS))}
            onChoose={setNeed}
          />
        )}
      </Loaded>
      <Choice
        label={say("handoff.field.code")}
        hint={say("handoff.unmet_reason_hint")}
        optional
        value={reason}
        none={say("handoff.as_they_said")}
        options={coded.options("codes", REASONS)}
        onChoose={setReason}
      />
      <details>
        <summary>{say("handoff.field.barriers")}</summary>
        <Ticks
          label={say("handoff.field.barriers")}
          values={barriers}
          options={coded.options("codes", BARRIERS)}
          onChange={setBarriers}
        />
      </details>
      {why.field}
      {act.error !== null && !why.asked && <Problem error={act.error} />}
      <p class="row">
        <Button type="submit" kind="main" busy={act.busy}>
          {say("handoff.write_unmet")}
        </Button>
        <Button onClick={onBack}>{say("app.cancel")}</Button>
      </p>
    </Form>
  );
}

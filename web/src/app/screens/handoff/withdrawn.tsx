/** After a withdrawal: a holder says what became of its copy. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { answer, ANSWERS, type Answer } from "../../../client/withdrawal.ts";
import { useApp } from "../../core/app.ts";
import { forget } from "../../core/forgetting.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choices, Form, TextArea } from "../../kit/controls.tsx";
import { Card } from "../../kit/showing.tsx";
import type { PartProps } from "./index.tsx";

const ASKED = "consent.holder_answer";

export function Withdrawn({ shown, done }: PartProps): VNode | null {
  const { say, member, local } = useApp();
  const [said, set] = useState<Answer | "">("");
  const [ground, setGround] = useState("");
  const act = useAction(async () => {
    if (said === "erased") await forget(local, shown); // before it is said
    if (said) await answer(member, shown.id, said, said === "cannot" ? ground.trim() : null);
    done();
  });
  const ready = said !== "" && (said !== "cannot" || ground.trim() !== "");
  if (shown.to !== member.agency || !shown.view.possible?.includes(ASKED)) return null;
  return (
    <Card title={say("handoff.withdrawn_answer")}>
      <Form
        onSend={() => {
          if (ready) void act.run();
        }}
      >
        <Choices
          label={say("handoff.withdrawn_what")}
          value={said}
          options={ANSWERS.map((one) => [one, say(`handoff.withdrawn_${one}`)] as const)}
          onChoose={(chosen) => set(chosen as Answer)}
        />
        {said === "cannot" && (
          <TextArea
            label={say("handoff.withdrawn_ground")}
            hint={say("handoff.hint_sealed")}
            value={ground}
            onInput={setGround}
          />
        )}
        {act.error !== null && <Problem error={act.error} />}
        <p class="row">
          <Button type="submit" kind="main" busy={act.busy} disabled={!ready}>
            {say("app.send")}
          </Button>
        </p>
      </Form>
    </Card>
  );
}

/** Answering what the recipient asked, within the basis on which the referral went. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { categories } from "../../../client/basis.ts";
import { answer } from "../../../client/sending.ts";
import { sentCopy } from "../../../client/sent.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { useTyped } from "../../core/typed.ts";
import { Button, Choice, Form, TextArea } from "../../kit/controls.tsx";
import { DroppedFiles, type Files } from "./attach.tsx";
import type { PartProps } from "./index.tsx";
import { Reasons } from "./reasons.tsx";
import { useWhy } from "./why.tsx";

export function AnswerForm({ shown, coded, done, onBack }: PartProps & { onBack: () => void }): VNode {
  const { say, member } = useApp();
  const [section, setSection] = useState("");
  const [text, setText, sent] = useTyped(`step/${shown.id}/answer`, "");
  const [files, setFiles] = useState<Files>(new Map());
  const why = useWhy();
  const names = useLoaded(
    async () => categories(Object.keys((await sentCopy(member, shown.id))["sections"] as JsonObject)),
    [shown.id],
  );
  const act = useAction(async (chosen: string) => {
    const sections = { [chosen]: { v: 1, note: text.trim() } };
    await why.with((reason) => answer(member, shown.id, sections, files, reason));
    await sent();
    done();
  });
  return (
    <Loaded of={names}>
      {(covered) => {
        const chosen = section || (covered[0] ?? "minimal_contact");
        return (
          <Form
            onSend={() => {
              if (text.trim()) void act.run(chosen);
            }}
          >
            <Choice
              label={say("handoff.answer_about")}
              hint={say("handoff.answer_about_hint")}
              value={chosen}
              options={coded.options("categories", covered)}
              onChoose={setSection}
            />
            <TextArea
              label={say("handoff.answer_text")}
              hint={say("handoff.hint_sealed")}
              value={text}
              onInput={setText}
            />
            <DroppedFiles files={files} onFiles={setFiles} />
            {why.field}
            {act.error !== null && !why.asked && (
              <>
                <Problem error={act.error} />
                <Reasons error={act.error} />
              </>
            )}
            <p class="row">
              <Button type="submit" kind="main" busy={act.busy} disabled={!text.trim()}>
                {say("handoff.step.answer")}
              </Button>
              <Button onClick={onBack}>{say("app.cancel")}</Button>
            </p>
          </Form>
        );
      }}
    </Loaded>
  );
}

/** What a sender adds after the offer: sections of the case file within the consent, to answer a question or to tell more. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as cases from "../../../client/cases.ts";
import * as steps from "../../../client/transfer_steps.ts";
import { chosen } from "../../../client/transfers.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { Form } from "../../kit/controls.tsx";
import { loadLabels } from "../cases/labels.ts";
import { Attach, gathered, type Files } from "../handoff/attach.tsx";
import { useWhy } from "../handoff/why.tsx";
import { Came } from "./came.tsx";
import type { PartProps } from "./room.ts";
import { Foot, SectionTicks } from "./signing.tsx";

export function AddSections(props: PartProps & { step: string }): VNode {
  const { say, member, lang } = useApp();
  const { shown, step, done } = props;
  const [sections, choose] = useState<readonly string[]>([]);
  const [files, setFiles] = useState<Files>(new Map());
  const [papers, setPapers] = useState<readonly string[]>([]);
  const [tried, setTried] = useState(false);
  const why = useWhy();
  const loading = useLoaded(async () => {
    const [held, labels] = await Promise.all([cases.ofLeg(member, shown.id), loadLabels(lang)]);
    return { held, labels };
  }, [member, shown.id, lang]);
  const act = useAction(async () => {
    setTried(true);
    if (sections.length === 0 || loading.is !== "ready" || !loading.value.held) return;
    const { held } = loading.value;
    const attachments = await gathered(member, { held, sections, files, papers });
    const add = step === "answer" ? steps.answer : steps.tell;
    const whole = chosen(held.sections, sections);
    await why.with((reason) => add(member, shown.id, { sections: whole, attachments, why: reason }));
    done();
  });
  return (
    <>
      {step === "answer" && <Came {...props} />}
      <Loaded of={loading}>
        {({ held, labels }) => (
          <Form onSend={act.run}>
            <SectionTicks
              {...{ held, labels, tried }}
              {...(step === "answer" ? { label: say("transfer.answer.sections") } : {})}
              values={sections}
              onChange={choose}
            />
            <Attach {...{ held, sections, files, papers, labels }} onFiles={setFiles} onPapers={setPapers} />
            <Foot {...{ act, why }} back={`#/transfer/${shown.id}`} />
          </Form>
        )}
      </Loaded>
    </>
  );
}

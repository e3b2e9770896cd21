/** Who signs an offer second, and who travels along; the press that seals it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { colleagues } from "../../../client/colleagues.ts";
import * as cosigning from "../../../client/cosigning.ts";
import { offerBeside } from "../../../client/families.ts";
import * as transfers from "../../../client/transfers.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Form, Ticks } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { gathered } from "../handoff/attach.tsx";
import { useWhy } from "../handoff/why.tsx";
import { nameIn } from "../inbox/names.ts";
import { DRAFT, type StepProps } from "./offer_draft.ts";
import { planTyped } from "./plan_fields.tsx";
import { seconds } from "./room.ts";
import { Second } from "./second.tsx";
import { Foot } from "./signing.tsx";

export function Sign({ held, draft, files, begun }: StepProps & { begun: boolean }): VNode {
  const { say, member, local } = useApp();
  const [second, setSecond] = useState("");
  const [tried, setTried] = useState(false);
  const [made, setMade] = useState<transfers.Prepared | null>(null);
  const why = useWhy();
  const [beside, setBeside] = useState<readonly string[]>([]);
  const people = useLoaded(async () => {
    const [rows, waits] = await Promise.all([colleagues(member), cosigning.waiting(member)]);
    const family = waits.filter(({ type, copy }) => type === transfers.OFFER && copy["to"] === draft.to);
    return { rows, family: family.filter(({ copy }) => copy["case"] !== held.record) };
  }, [member]);
  const act = useAction(async () => {
    setTried(true);
    const plan = planTyped(draft.plan);
    if (!second || !draft.held || !plan) return;
    const { sections, papers } = draft;
    const attachments = await gathered(member, { held, sections, files, papers });
    const out = {
      ...{ case: held.record, to: draft.to, sections, attachments, basis: draft.held, purpose: draft.purpose },
      ...{ second, plan, urgency: draft.urgency },
      ...(begun ? { leg: draft.leg } : { newLeg: draft.leg }),
    };
    const family = people.is === "ready" ? people.value.family.filter(({ record }) => beside.includes(record)) : [];
    setMade(
      await why.with((reason) =>
        family.length ? offerBeside(member, out, family, reason) : transfers.offer(member, out, reason),
      ),
    );
    await local.delete(DRAFT, `offer/${held.record}`);
  });
  if (made) {
    return (
      <Notice kind="good" live>
        <p>{say("transfer.prepared")}</p>
        <p>
          <a href="#/transfers">{say("transfer.title")}</a>
        </p>
      </Notice>
    );
  }
  return (
    <Form onSend={act.run}>
      <Loaded of={people}>
        {({ rows, family }) => (
          <>
            {family.length > 0 && (
              <Ticks
                label={say("transfer.offer.beside")}
                hint={say("transfer.offer.beside_hint")}
                values={beside}
                options={family.map(({ record, copy, at }) => [
                  record,
                  nameIn(copy["sections"] as JsonObject) ?? moment(say, at),
                ])}
                onChange={setBeside}
              />
            )}
            <Second options={seconds(rows, member.id)} value={second} onChoose={setSecond} missing={tried && !second} />
          </>
        )}
      </Loaded>
      <Foot act={act} why={why} words="prepare" />
    </Form>
  );
}

/** What somebody prepared and another member is asked to sign: read whole, then signed and sent, or left. */

import type { VNode } from "preact";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import { shortOf } from "../../../client/agencies.ts";
import * as cosigning from "../../../client/cosigning.ts";
import { JOURNEY, type Plan } from "../../../client/journey.ts";
import * as transfers from "../../../client/transfers.ts";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { loadCoded } from "../handoff/coded.ts";
import { SentCopy } from "../handoff/packets.tsx";
import { Reception } from "./came.tsx";
import { isText, planWords } from "./room.ts";

export function Sign({ record }: { record: string }): VNode {
  const { say, member, lang } = useApp();
  const loading = useLoaded(async () => {
    const [item, coded, people] = await Promise.all([
      cosigning.get(member, record),
      loadCoded(lang),
      colleagues(member),
    ]);
    return { item, coded, people };
  }, [member, record, lang]);
  const sign = useAction(() => transfers.cosign(member, record));
  return (
    <Page title={say("transfer.read_and_sign")} back="supervisor">
      <Loaded of={loading}>
        {({ item, coded, people }) => {
          const { copy, statement } = item;
          const [sections, reception] = [copy["sections"], copy["reception"]];
          const step = say(`transfer.step.${item.type.slice(item.type.indexOf(".") + 1)}`);
          return (
            <>
              <p class="lead">{say("transfer.cosign_you", { first: calledIn(people, item.first), step })}</p>
              <Card title={step}>
                <Facts rows={factsOf(copy, statement.body)} />
                {isText(copy["case"]) && (
                  <p>
                    <a href={`#/cases/${copy["case"]}`}>{say("transfer.case_file")}</a>
                  </p>
                )}
                {isText(copy["basis"]) && !copy["came_by"] && (
                  <p>
                    <a href={`#/consent/${copy["basis"]}`}>{say("transfer.offer.basis")}</a>
                  </p>
                )}
              </Card>
              {isObject(reception) && (
                <Card>
                  <Reception words={reception} />
                </Card>
              )}
              {isObject(sections) && (
                <Card title={say("transfer.offer.what")}>
                  <h3>{say("transfer.offer.sections")}</h3>
                  <SentCopy copy={copy} coded={coded} />
                </Card>
              )}
              {sign.error !== null && <Problem error={sign.error} />}
              {sign.done || item.done ? (
                <Notice kind="good" live>
                  <p>{say("transfer.sent")}</p>
                  <p>
                    <a href={linkOf(item)}>{say("transfer.to_journey")}</a>
                  </p>
                </Notice>
              ) : (
                item.second === member.id && (
                  <p class="row">
                    <Button kind="main" busy={sign.busy} onClick={sign.run}>
                      {say("transfer.sign_send")}
                    </Button>
                    <a class="button" href="#/supervisor">
                      {say("app.cancel")}
                    </a>
                  </p>
                )
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );

  function factsOf(copy: JsonObject, body: JsonObject): [string, VNode | string][] {
    const journey = isObject(copy[JOURNEY]) ? copy[JOURNEY] : {};
    const [to, mode, urgency] = [copy["to"], copy["return_mode"] ?? journey["return_mode"], body["urgency"]];
    const { purpose } = journey;
    const came = isText(copy["return_mode"]);
    const plan = isObject(body["plan"]) ? (body["plan"] as unknown as Plan) : null;
    return [
      ...(isText(to) ? [[say("transfer.to"), <Foreign key="to">{shortOf(to)}</Foreign>] as [string, VNode]] : []),
      ...(isText(urgency)
        ? [[say("transfer.offer.urgency"), say(`inbox.urgency.${urgency}`)] as [string, string]]
        : []),
      ...(isText(purpose)
        ? [[say("transfer.offer.purpose"), say(`transfer.purpose.${purpose}`)] as [string, string]]
        : []),
      ...(isText(mode)
        ? [
            [say(came ? "transfer.intake.how" : "transfer.offer.mode"), say(`transfer.mode.${mode}`)] as [
              string,
              string,
            ],
          ]
        : []),
      ...(plan ? [[say("transfer.plan_depart"), moment(say, plan.depart)] as [string, string]] : []),
      ...(plan ? [[say("transfer.plan_arrive"), planWords(say, plan)] as [string, string]] : []),
    ];
  }
}

const linkOf = ({ type, handoff }: cosigning.Waiting): string =>
  type.startsWith("transfer.") ? `#/transfer/${handoff}` : `#/handoff/${handoff}`;

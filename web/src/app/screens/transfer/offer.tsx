/**
 * Offering a case, step by step: which case, to whom and what for, what goes along and what they will see, the gates, and
 * who signs second. Nothing is sealed before the last press; nothing is sent before the second signature.
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CaseFile } from "../../../client/cases.ts";
import { show } from "../../../client/handoffs.ts";
import { PURPOSES, RETURN_MODES } from "../../../client/journey.ts";
import { sameChild } from "../../../client/register.ts";
import * as transfers from "../../../client/transfers.ts";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Tick } from "../../kit/controls.tsx";
import { Card, Notice, Page, Steps } from "../../kit/showing.tsx";
import { CasePicker } from "../cases/case_picker.tsx";
import { OpenedCase } from "../cases/opened.tsx";
import type { Files } from "../handoff/attach.tsx";
import { DRAFT, type Draft } from "./offer_draft.ts";
import { Sign } from "./offer_sign.tsx";
import { Check, What } from "./offer_what.tsx";
import { WhereTo } from "./offer_where.tsx";
import { begun } from "./plan_fields.tsx";

const STEPS = ["case", "where", "what", "check", "sign"];

export function OfferPage({ record, leg }: { record: string; leg: string }): VNode {
  const { say, go } = useApp();
  const [chosen, choose] = useState(record);
  return record ? (
    <OpenedCase record={record} back="transfers">
      {(held, put) => <Kept held={held} onHeld={put} leg={leg} />}
    </OpenedCase>
  ) : (
    <Page title={say("transfer.offer.title")} back="transfers">
      <Where at={0} />
      <CasePicker label={say("transfer.offer.case")} value={chosen} onChoose={choose} />
      <p class="row">
        <Button kind="main" disabled={!chosen} onClick={() => go(`transfer/offer/${chosen}${leg && `?leg=${leg}`}`)}>
          {say("app.next")}
        </Button>
        <a class="button" href="#/cases">
          {say("transfer.case_file")}
        </a>
      </p>
    </Page>
  );
}

function Where({ at }: { at: number }): VNode {
  const { say } = useApp();
  return <Steps names={STEPS.map((name) => say(`transfer.offer.${name}`))} at={at} />;
}

interface OfferProps {
  readonly held: CaseFile;
  readonly onHeld: (held: CaseFile) => void;
  readonly leg: string;
}

/** What was put together before on this device is there again: approvals name the leg. */
function Kept(props: OfferProps): VNode {
  const { local, member } = useApp();
  const { held, leg, onHeld } = props;
  const kept = useLoaded(async () => {
    const now = await transfers.inRegister(member, held);
    if (now !== held) onHeld(now);
    const found = await local.get(DRAFT, `offer/${held.record}`);
    return { ...(isObject(found) ? found : {}), ...(leg ? { to: (await show(member, leg)).to } : {}) };
  }, [local, held.record, leg]);
  return <Loaded of={kept}>{(found) => <Offer {...props} kept={found} />}</Loaded>;
}

function Offer({ held, onHeld, leg, kept }: OfferProps & { kept: JsonObject }): VNode {
  const { say, now, local } = useApp();
  const [at, setAt] = useState(held.case === null ? 0 : 1);
  const [draft, setDraft] = useState<Draft>(() => ({
    ...{ to: "", purpose: { purpose: PURPOSES[0]!, final: false, return_mode: RETURN_MODES[0]! }, urgency: "high" },
    ...{ plan: begun(null, now()), leg: transfers.newLeg(), sections: [], papers: [] },
    ...kept,
    ...{ held: null, ...(leg ? { leg } : {}) },
  }));
  const [files, setFiles] = useState<Files>(new Map());
  useEffect(() => {
    const { held: _, ...rest } = draft;
    void local.put(DRAFT, `offer/${held.record}`, rest as unknown as JsonObject);
  }, [draft]);
  const part = {
    held,
    draft,
    files,
    setFiles,
    put: (changes: Partial<Draft>) => setDraft((now) => ({ ...now, ...changes })),
    next: () => setAt(at + 1),
  };
  const first = held.case === null ? 0 : 1;
  return (
    <Page title={`${say("transfer.offer.title")}: ${say(`transfer.offer.${STEPS[at]}`)}`} back={`cases/${held.record}`}>
      <Where at={at} />
      {at === 0 && <OpenCase held={held} onHeld={onHeld} next={part.next} />}
      {at === 1 && <WhereTo {...part} />}
      {at === 2 && <What {...part} />}
      {at === 3 && <Check {...part} />}
      {at === 4 && <Sign {...part} begun={leg !== ""} />}
      {at > first && (
        <p class="row">
          <Button onClick={() => setAt(at - 1)}>{say("app.previous")}</Button>
        </p>
      )}
    </Page>
  );
}

/** A case has to be open: then somebody is on record as responsible. One child has one register. */
function OpenCase({
  held,
  onHeld,
  next,
}: {
  held: CaseFile;
  onHeld: (held: CaseFile) => void;
  next: () => void;
}): VNode {
  const { say, member } = useApp();
  const [another, setAnother] = useState(false);
  const same = useLoaded(() => sameChild(member, held), [member, held.record]);
  const came = Array.isArray(held.value["came"]);
  const open = useAction(async () => {
    onHeld(await transfers.openCase(member, held.record));
    next();
  });
  if (came) {
    return (
      <Notice kind="warn">
        <p>{say("transfer.offer.take_first")}</p>
        <a href={`#/transfer/${held.legs[0] ?? ""}`}>{say("transfer.to_journey")}</a>
      </Notice>
    );
  }
  return (
    <Card>
      <p>{say("transfer.offer.not_open")}</p>
      <Loaded of={same}>
        {(others) => {
          const open_already = others.some((one) => one.case !== null);
          return (
            <>
              {open_already && (
                <Notice kind="warn">
                  <p>{say("transfer.offer.same_child")}</p>
                  <Tick label={say("transfer.offer.another")} checked={another} onTick={setAnother} />
                </Notice>
              )}
              {open.error !== null && <Problem error={open.error} />}
              <p class="row">
                <Button kind="main" busy={open.busy} disabled={open_already && !another} onClick={open.run}>
                  {say("transfer.offer.open")}
                </Button>
              </p>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

/** One handoff: where it stands, what was sent and said, what can be done next, and what the hubs have signed about it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { CASE_ROLES } from "../../../client/documents.ts";
import { show, type Shown } from "../../../client/handoffs.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Button } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { namesOf } from "../inbox/names.ts";
import { loadCoded, type Coded } from "./coded.ts";
import { lazy } from "./lazy.tsx";
import { Reading } from "./reading.tsx";
import { Standing } from "./standing.tsx";
import { StepPanel } from "./step_panel.tsx";
import { Timeline } from "./timeline.tsx";

const INQUIRY = "inquiry";
const RECEIPTS = "receipts";
const Inquired = lazy(async () => (await import("./inquiry.tsx")).Inquired);
const Assigned = lazy(async () => (await import("./assign.tsx")).Assigned);
const LinkPanel = lazy(async () => (await import("./link.tsx")).LinkPanel);
const Receipts = lazy(async () => (await import("./receipts.tsx")).Receipts);
const Together = lazy(async () => (await import("./together.tsx")).Together);
const Withdrawn = lazy(async () => (await import("./withdrawn.tsx")).Withdrawn);

/** What a part of this screen is given; `done` tells that a step was taken, and with which words. */
export interface PartProps {
  readonly shown: Shown;
  readonly coded: Coded;
  readonly done: (said?: string) => void;
}

export default function Handoff({ args }: ScreenProps): VNode {
  const { say, member, roles, local, lang } = useApp();
  const may = roles.some((role) => CASE_ROLES.includes(role));
  const [id = "", part] = args;
  const [said, tell] = useState<string | null>(null);
  const [needs, setNeeds] = useState<readonly string[]>([]);
  const loading = useLoaded(async () => {
    const [shown, names, coded] = await Promise.all([show(member, id), namesOf(local), loadCoded(lang)]);
    return { shown, coded, name: names[id] ?? null };
  }, [member, id, lang]);
  const done = (words?: string) => {
    tell(words ?? say("handoff.signed_and_sent"));
    loading.again();
  };
  const held = loading.is === "ready" ? loading.value : null;
  const inbox = held?.shown.from === member.agency ? "outbox" : "inbox";
  const title = held?.name ?? say(held ? `inbox.kind_${held.shown.view.kind}` : "handoff.title");
  if (part === RECEIPTS) {
    return (
      <Page title={say("handoff.receipts")} back={`handoff/${id}`}>
        <Loaded of={loading}>{(found) => <Receipts {...found} />}</Loaded>
      </Page>
    );
  }
  return (
    <Page title={title} back={inbox}>
      {said !== null && (
        <Notice kind="good" live>
          <p>{said}</p>
        </Notice>
      )}
      <Loaded of={loading}>
        {({ shown, coded }) => {
          const part = { shown, coded, done };
          return (
            <>
              <Standing {...part} />
              {shown.view.kind === INQUIRY ? (
                <Inquired {...part} />
              ) : (
                <>
                  {shown.view.possible?.includes("consent.holder_answer") && <Withdrawn {...part} />}
                  <Reading {...part} onNeeds={setNeeds} />
                  <StepPanel {...part} needs={needs} />
                  {shown.from === member.agency && <Together {...part} />}
                  {shown.from === member.agency && <LinkPanel {...part} />}
                </>
              )}
              {may && <Assigned {...part} />}
              <Timeline {...part} />
              <p class="row">
                <Button onClick={() => globalThis.print()}>{say("app.print")}</Button>
                <a class="button" href={`#/handoff/${shown.id}/${RECEIPTS}`}>
                  {say("handoff.receipts")}
                </a>
                <Button onClick={loading.again}>{say("inbox.again")}</Button>
              </p>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/**
 * What was sent and what was said back: opened on this device, checked against its lawful basis, and written down that it
 * was opened. Nothing is opened before somebody presses.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Shown } from "../../../client/handoffs.ts";
import type { Member } from "../../../client/member.ts";
import type { Opened } from "../../../client/opening.ts";
import { sentCopy } from "../../../client/sent.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { keepName, nameIn } from "../inbox/names.ts";
import type { PartProps } from "./index.tsx";
import { lazy } from "./lazy.tsx";
import { useWhy } from "./why.tsx";

const Packet = lazy(async () => (await import("./packets.tsx")).Packet);
const SentCopy = lazy(async () => (await import("./packets.tsx")).SentCopy);

export function Reading({ shown, coded, onNeeds }: PartProps & { onNeeds: (needs: readonly string[]) => void }): VNode {
  const { say, member, roles, local } = useApp();
  const [opened, setOpened] = useState<readonly Opened[] | null>(null);
  const [copy, setCopy] = useState<JsonObject | null>(null);
  const [rest, setRest] = useState<readonly string[]>([]);
  const why = useWhy();
  const sent = shown.from === member.agency;
  const open = useAction(async () => {
    const { openAndReport, needsIn, restOf } = await import("./opening.ts");
    const found = await why.with((reason) => openAndReport(member, shown.id, { why: reason }));
    setOpened(found);
    onNeeds(needsIn(found));
    if (sent) setRest(await restOf(member, shown.id, found));
    else await keepName(local, shown.id, nameIn(Object.assign({}, ...found.map(({ sections }) => sections))));
  });
  const look = useAction(async () => {
    const found = await sentCopy(member, shown.id);
    setCopy(found);
    await keepName(local, shown.id, nameIn(found["sections"] as JsonObject));
  });
  const waits = lies(member, shown);
  return (
    <Card title={say(sent ? "handoff.what_was_said" : "handoff.what_was_sent")}>
      {sent && (
        <>
          {copy === null ? (
            <p class="row">
              <Button busy={look.busy} onClick={look.run}>
                {say("handoff.look_at_sent")}
              </Button>
            </p>
          ) : (
            <>
              <h3>{say("handoff.sent_copy")}</h3>
              <SentCopy copy={copy} coded={coded} />
            </>
          )}
          {look.error !== null && <Problem error={look.error} />}
        </>
      )}
      {why.field}
      {opened === null && waits && (
        <>
          {!sent && <p>{say("handoff.open_about")}</p>}
          <p class="row">
            <Button kind={sent ? "plain" : "main"} busy={open.busy} onClick={open.run}>
              {say(sent ? "handoff.open_replies" : "handoff.open")}
            </Button>
          </p>
        </>
      )}
      {open.error !== null && !why.asked && <Problem error={open.error} />}
      {opened === null && !waits && <p class="quiet">{say(sent ? "handoff.no_replies" : "handoff.nothing_to_open")}</p>}
      {rest.length > 0 && (
        <Notice>
          <p>{say("handoff.rest")}</p>
          <ul>
            {rest.map((need) => (
              <li key={need}>{coded.word("needs", need)}</li>
            ))}
          </ul>
          <a href="#/tasks">{say("handoff.see_tasks")}</a>
        </Notice>
      )}
      {opened !== null && !sent && roles.includes("caseworker") && !shown.halted && (
        <p>
          <a href={`#/compose?came=${shown.id}`}>{say("handoff.pass_on")}</a>
        </p>
      )}
      {opened?.map((item) => (
        <Packet key={item.packet} item={item} coded={coded} />
      ))}
    </Card>
  );
}

/** Whether something lies there that the member can open: sealed by the other side, to all or to them. */
function lies(member: Member, shown: Shown): boolean {
  const withdrawn = Boolean((shown.view as unknown as { custody?: { withdrawn?: boolean } }).custody?.withdrawn);
  const mine = shown.packets.filter(({ manifest, destroyed }) => manifest.to === member.agency && !destroyed);
  const others = mine.filter(({ manifest }) => manifest.from !== member.agency);
  const forMe = others.filter(({ manifest }) => [null, member.id].includes(manifest.files[0]!.member));
  return !shown.frozen && !withdrawn && forMe.length > 0;
}

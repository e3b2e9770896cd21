/** What was sent and what was said back, opened on this device once somebody presses; what the receiver corrected. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import { BESIDE } from "../../../client/basis.ts";
import { openAndReport } from "../../../client/breach.ts";
import * as findings from "../../../client/findings.ts";
import { REPLY, type Opened } from "../../../client/opening.ts";
import { newest } from "../../../client/register.ts";
import { sentCopy } from "../../../client/sent.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice, Table } from "../../kit/showing.tsx";
import { memberName, sectionName, useLabels, type Labels } from "../cases/labels.ts";
import { Quarantine } from "../consent/quarantine.tsx";
import { Attachments, Sections, SentCopy } from "../handoff/packets.tsx";
import { useWhy } from "../handoff/why.tsx";
import { keepName, nameIn } from "../inbox/names.ts";
import type { Coded } from "../handoff/coded.ts";
import { KeepAssessment } from "./assess.tsx";
import { isText, type PartProps } from "./room.ts";

export function Came(props: PartProps): VNode {
  const { say, member, local } = useApp();
  const { shown, coded } = props;
  const [opened, open] = useState<readonly Opened[] | null>(null);
  const [copy, setCopy] = useState<JsonObject | null>(null);
  const why = useWhy();
  const sent = shown.from === member.agency;
  const read = useAction(async () => {
    const found = await why.with((reason) => openAndReport(member, shown.id, { why: reason }));
    open(found);
    const all: JsonObject = Object.assign({}, ...found.map(({ sections }) => sections));
    if (!sent) await keepName(local, shown.id, nameIn(all));
  });
  const look = useAction(async () => {
    const found = await sentCopy(member, shown.id);
    setCopy(found);
    await keepName(local, shown.id, nameIn(found["sections"] as JsonObject));
  });
  const lies = shown.packets.some(
    ({ manifest, destroyed }) => manifest.to === member.agency && manifest.from !== member.agency && !destroyed,
  );
  return (
    <Card title={say(sent ? "handoff.what_was_said" : "transfer.what_came")}>
      {sent && copy === null && (
        <p class="row">
          <Button busy={look.busy} onClick={look.run}>
            {say("handoff.look_at_sent")}
          </Button>
        </p>
      )}
      {copy && (
        <>
          <h3>{say("transfer.offer.sections")}</h3>
          <SentCopy copy={copy} coded={coded} />
        </>
      )}
      {look.error !== null && <Problem error={look.error} />}
      {why.field}
      {opened === null && lies && (
        <>
          <p class="quiet">{say("transfer.opening_logged")}</p>
          <p class="row">
            <Button kind={sent ? "plain" : "main"} busy={read.busy} onClick={read.run}>
              {say(sent ? "handoff.open_replies" : "transfer.open_what_came")}
            </Button>
          </p>
        </>
      )}
      {read.error !== null && !why.asked && <Problem error={read.error} />}
      {!lies && <p class="quiet">{say(sent ? "handoff.no_replies" : "handoff.nothing_to_open")}</p>}
      {opened && <Packets items={opened} coded={coded} leg={shown.id} />}
      {sent && newest(shown, "transfer.verify") !== null && <Corrections {...props} />}
    </Card>
  );
}

/** The packets, once there are words for what stands in them. */
function Packets({ items, ...more }: Omit<PacketProps, "item" | "labels"> & { items: readonly Opened[] }): VNode {
  const labels = useLabels();
  return (
    <Loaded of={labels}>
      {(words) => (
        <>
          {items.map((item) => (
            <Packet key={item.packet} {...more} item={item} labels={words} />
          ))}
        </>
      )}
    </Loaded>
  );
}

interface PacketProps {
  readonly item: Opened;
  readonly coded: Coded;
  readonly labels: Labels;
  readonly leg: string;
}

function Packet({ item, coded, labels, leg }: PacketProps): VNode {
  const { say } = useApp();
  const rows = Object.entries(item.sections).filter(([name]) => name !== REPLY && !BESIDE.includes(name));
  const reply = item.sections[REPLY];
  return (
    <section class="packet">
      <h3>
        {say("handoff.packet_of", { at: moment(say, item.created) })} <Foreign>{shortOf(item.from)}</Foreign>
      </h3>
      <Quarantine quarantined={item.quarantined} from={shortOf(item.from)} />
      {isObject(reply) && <Reply reply={reply} {...{ coded, labels, leg }} />}
      <Sections sections={Object.fromEntries(rows)} coded={coded} labels={labels} />
      <Attachments files={item.attachments} />
    </section>
  );
}

/** What the receiver said: words, a reason, how it receives the child. */
function Reply({ reply, coded, labels, leg }: Omit<PacketProps, "item"> & { reply: JsonObject }): VNode {
  const { text, code, reception, assessment } = reply;
  return (
    <>
      {isText(code) && <p>{coded.word("codes", code)}</p>}
      {isText(text) && (
        <p>
          <Foreign>{text}</Foreign>
        </p>
      )}
      {isObject(reception) && Object.keys(reception).length > 0 && <Reception words={reception} />}
      {isObject(assessment) && (
        <>
          <Sections sections={assessment} coded={coded} labels={labels} />
          <KeepAssessment leg={leg} />
        </>
      )}
    </>
  );
}

export function Reception({ words }: { words: JsonObject }): VNode {
  const { say } = useApp();
  const rows = Object.entries(words).filter(([, value]) => isText(value)) as [string, string][];
  const label = (name: string) => (say.has(`transfer.reception.${name}`) ? say(`transfer.reception.${name}`) : name);
  return (
    <>
      <p>
        <strong>{say("transfer.reception_told")}</strong>
      </p>
      <Facts rows={rows.map(([name, value]) => [label(name), <Foreign key={name}>{value}</Foreign>])} />
    </>
  );
}

function Corrections({ shown }: PartProps): VNode {
  const { say, member } = useApp();
  const [rows, show] = useState<findings.Correction[] | null>(null);
  const labels = useLabels();
  const [changed, tell] = useState<number | null>(null);
  const why = useWhy();
  const look = useAction(async () => show(await findings.corrections(member, shown.id)));
  const apply = useAction(async () =>
    tell((await why.with((reason) => findings.applyCorrections(member, shown.id, reason))).length),
  );
  const itemName = (section: string, item: string): string =>
    labels.is === "ready"
      ? `${sectionName(labels.value, section)}: ${memberName(labels.value, section, item)}`
      : `${section}: ${item}`;
  if (rows === null) {
    return (
      <>
        <p class="row">
          <Button busy={look.busy} onClick={look.run}>
            {say("transfer.corrections_look")}
          </Button>
        </p>
        {look.error !== null && <Problem error={look.error} />}
      </>
    );
  }
  return (
    <>
      <Table
        caption={say("transfer.corrections")}
        rows={rows}
        keyOf={({ section, item }) => `${section}/${item}`}
        columns={[
          { title: say("transfer.item"), cell: ({ section, item }) => itemName(section, item) },
          { title: say("transfer.found"), cell: ({ found }) => say(`transfer.found.${found}`) },
          {
            title: say("transfer.true_instead"),
            cell: ({ value }) => (value === null ? "" : <Foreign>{told(value)}</Foreign>),
          },
        ]}
      />
      {why.field}
      <p class="row">
        <Button kind="main" busy={apply.busy} onClick={apply.run}>
          {say("transfer.corrections_apply")}
        </Button>
      </p>
      {apply.error !== null && !why.asked && <Problem error={apply.error} />}
      {changed !== null && (
        <Notice kind="good" live>
          <p>{say.many("transfer.corrections_applied", changed)}</p>
        </Notice>
      )}
    </>
  );
}

const told = (value: Json): string =>
  isText(value) ? value : Array.isArray(value) && value.every(isText) ? value.join(", ") : JSON.stringify(value);

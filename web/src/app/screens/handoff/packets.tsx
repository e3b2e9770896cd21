/**
 * What was opened, drawn: what is asked for, what was said back, the sections, the files. A packet is there with all that it
 * says or not yet: nobody reads a heading and takes it for an empty packet.
 */

import type { VNode } from "preact";
import { REPLY, REQUEST, type Opened } from "../../../client/opening.ts";
import { read as readRequest } from "../../../client/routing.ts";
import { isObject, type Bytes, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Foreign } from "../../kit/showing.tsx";
import { Quarantine } from "../consent/quarantine.tsx";
import { useLabels, type Labels } from "../cases/labels.ts";
import { Section } from "../cases/section_view.tsx";
import { agencyName } from "../inbox/list.tsx";
import { SentFiles } from "./attach.tsx";
import type { Coded } from "./coded.ts";
import { ReplyView } from "./reply.tsx";
import { RequestView } from "./request.tsx";

export function Packet({ item, coded }: { item: Opened; coded: Coded }): VNode {
  const { say } = useApp();
  const labels = useLabels();
  const { [REQUEST]: request, [REPLY]: reply, ...sections } = item.sections;
  const asked = readRequest(request);
  return (
    <Loaded of={labels}>
      {(words) => (
        <section class="packet">
          <h3>
            {say("handoff.packet_of", { at: moment(say, item.created) })} <Foreign>{agencyName(item.from)}</Foreign>
          </h3>
          <Quarantine quarantined={item.quarantined} from={agencyName(item.from)} />
          {asked && <RequestView request={asked} coded={coded} />}
          {isObject(reply) && <ReplyView reply={reply} coded={coded} />}
          <Sections sections={sections} coded={coded} labels={words} />
          <Attachments files={item.attachments} />
        </section>
      )}
    </Loaded>
  );
}

/** What an agency keeps of what it sent. */
export function SentCopy({ copy, coded }: { copy: JsonObject; coded: Coded }): VNode {
  const labels = useLabels();
  return (
    <Loaded of={labels}>
      {(words) => (
        <>
          <Sections sections={copy["sections"] as JsonObject} coded={coded} labels={words} />
          <SentFiles copy={copy} labels={words} />
        </>
      )}
    </Loaded>
  );
}

interface SectionsProps {
  readonly sections: JsonObject;
  readonly coded: Coded;
  readonly labels: Labels;
}

export function Sections({ sections, coded, labels }: SectionsProps): VNode {
  return (
    <>
      {Object.entries(sections).map(([name, document]) => (
        <section key={name}>
          <h4>{coded.word("categories", name)}</h4>
          <Section name={name} document={document} labels={labels} />
        </section>
      ))}
    </>
  );
}

export function Attachments({ files }: { files: ReadonlyMap<string, Bytes> }): VNode | null {
  const { say } = useApp();
  if (files.size === 0) return null;
  return (
    <section>
      <h4>{say("handoff.attachments")}</h4>
      <ul class="plain-list">
        {[...files].map(([name, data]) => (
          <li key={name}>
            <Button onClick={() => keepFile(name, data)}>
              {say("handoff.save_file")} <Foreign>{name}</Foreign>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Hand a file to the person; its address on this page ends at once. */
export function keepFile(name: string, data: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/^.*\//, "");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

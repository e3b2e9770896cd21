/** Handover meetings: the list, one meeting that both sides tick, and its paper. */

import type { VNode } from "preact";
import { listing as caseFiles } from "../../../client/cases.ts";
import { show } from "../../../client/handoffs.ts";
import type { Side } from "../../../client/handover.ts";
import { listing } from "../../../client/meetings.ts";
import type { Member } from "../../../client/member.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { BeginMeeting } from "./begin.tsx";
import { MeetingList } from "./list.tsx";
import { OpenedMeeting } from "./meeting.tsx";
import { MeetingOnPaper } from "./paper.tsx";

export default function Handover({ args, query }: ScreenProps): VNode {
  const [named, part] = args;
  if (!named) return <MeetingList of={query["case"] ?? null} />;
  if (named === "new") return <BeginMeeting of={query["case"] ?? ""} leg={null} side="sender" />;
  return <NamedMeeting named={named} part={part} />;
}

/** A meeting by its record, or by the leg of a transfer in which the case is handed over: that one may be still to begin. */
function NamedMeeting({ named, part }: { named: string; part: string | undefined }): VNode {
  const { member } = useApp();
  const loading = useLoaded(() => found(member, named), [member, named]);
  return (
    <Loaded of={loading}>
      {({ record, ...leg }) =>
        record ? (
          <OpenedMeeting record={record}>{part === "print" ? MeetingOnPaper : null}</OpenedMeeting>
        ) : (
          <BeginMeeting leg={named} {...leg} />
        )
      }
    </Loaded>
  );
}

async function found(member: Member, named: string): Promise<{ record: string | null; of: string; side: Side }> {
  const known = (await listing(member)).find(({ record, leg }) => record === named || leg === named);
  if (known) return { record: known.record, of: "", side: known.side };
  const shown = await show(member, named);
  if (shown.view.kind !== "transfer_leg") return { record: named, of: "", side: "sender" };
  const file = (await caseFiles(member)).find(({ legs }) => legs.includes(named));
  return { record: null, of: file?.record ?? "", side: shown.from === member.agency ? "sender" : "receiver" };
}

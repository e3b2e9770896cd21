/** Why something may not be sent, out of the error that refused it: each rule's sentence, and whom to ask. */

import type { VNode } from "preact";
import { HubError } from "../../../client/session.ts";
import type { Reason } from "../../../consent/decide.ts";
import { Loaded } from "../../core/loading.tsx";
import { Reasons as Told } from "../consent/reasons.tsx";
import { useSpoken } from "../consent/room.ts";

export function Reasons({ error }: { error: unknown }): VNode | null {
  const spoken = useSpoken();
  const rows = error instanceof HubError ? error.facts["reasons"] : null;
  if (!Array.isArray(rows) || rows.length === 0) return null;
  return <Loaded of={spoken}>{(words) => <Told reasons={rows as unknown as Reason[]} words={words} />}</Loaded>;
}

/** What came to the agency, the home of everybody's work; what waits for them on other screens is told here. */

import type { VNode } from "preact";
import type { Member } from "../../../client/member.ts";
import { ballOf, box, rows } from "../../../client/queues.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { useLoaded } from "../../core/loading.tsx";
import { Desk, worksAt } from "./desk.tsx";

export default function Inbox(_: ScreenProps): VNode {
  const { say } = useApp();
  return (
    <Desk desk="provider" title={say("inbox.title")}>
      <Elsewhere />
    </Desk>
  );
}

/** How much waits elsewhere: of what the agency sent, a question, an outcome, a child to be let go; a second signature. */
function Elsewhere(): VNode | null {
  const { say, member, roles } = useApp();
  const found = useLoaded(
    async () => [
      ["outbox", worksAt("owner", roles) ? await sentWaits(member) : 0] as const,
      ["supervisor", roles.includes("supervisor") ? await toSign(member) : 0] as const,
    ],
    [member, roles],
  );
  const waiting = found.is === "ready" ? found.value.filter(([, count]) => count > 0) : [];
  if (waiting.length === 0) return null;
  return (
    <p class="row">
      {waiting.map(([path, count]) => (
        <a class="button main" href={`#/${path}`} key={path}>
          {say(`app.nav_${path}`)}: {say("inbox.turn_us", { count })}
        </a>
      ))}
    </p>
  );
}

async function sentWaits(member: Member): Promise<number> {
  const [referrals, legs] = await Promise.all([rows(member, "owner"), box(member, "transfer_leg", "out")]);
  return [...referrals.rows, ...legs.rows].filter((row) => ballOf(row, member.agency) === "us").length;
}

async function toSign(member: Member): Promise<number> {
  const { waiting } = await import("../../../client/cosigning.ts");
  return (await waiting(member)).filter(({ second }) => second === member.id).length;
}

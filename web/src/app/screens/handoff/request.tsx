/** What a referral asks for, and why this provider was chosen. */

import type { VNode } from "preact";
import type { Request, Why } from "../../../client/routing.ts";
import { useApp } from "../../core/app.ts";
import { date } from "../../core/time.ts";
import { Facts } from "../../kit/showing.tsx";
import type { Coded } from "./coded.ts";

export function RequestView({ request, coded }: { request: Request; coded: Coded }): VNode {
  const { say } = useApp();
  const { purpose, service, needs, why } = request;
  const words = (list: string, codes: readonly string[]) => codes.map((code) => coded.word(list, code)).join(", ");
  return (
    <Facts
      rows={[
        ...(needs.length ? [[say("handoff.asked_for"), words("needs", needs)] as const] : []),
        [say("handoff.purpose"), coded.word("purposes", purpose)],
        ...(service ? [[say("handoff.service"), coded.word("services", service)] as const] : []),
        ...(why ? [[say("handoff.why_you"), <WhyYou key="why" why={why} coded={coded} />] as const] : []),
      ]}
    />
  );
}

function WhyYou({ why, coded }: { why: Why; coded: Coded }): VNode {
  const { say } = useApp();
  const named = (said: string) =>
    why.criteria
      .filter((row) => row.said === said)
      .map(({ id }) => coded.word("criteria", id))
      .join(", ");
  const rows = [
    named("meets") && say("handoff.why_fits", { what: named("meets") }),
    named("unknown") && say("handoff.why_unknown", { what: named("unknown") }),
    why.near_misses ? say.many("handoff.why_others", why.near_misses) : "",
    why.called && say("handoff.why_called", { day: date(say, why.called) }),
    why.exception && say("handoff.why_exception", { day: date(say, why.exception.on) }),
  ];
  return (
    <ul class="plain-list">
      {rows.filter(Boolean).map((row) => (
        <li key={row}>{row}</li>
      ))}
    </ul>
  );
}

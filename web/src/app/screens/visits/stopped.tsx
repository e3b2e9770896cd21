/** What stands in the way of closing, archiving or destroying a case. */

import type { VNode } from "preact";
import { hindrancesIn } from "../../../client/closing.ts";
import type { Hindrance } from "../../../client/deadlines.ts";
import { useApp } from "../../core/app.ts";
import { Problem } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import type { Say } from "../../core/words.ts";
import { Notice } from "../../kit/showing.tsx";

/** What stands in the way, each with what it is about; another error as it is. */
export function Stopped({ error }: { error: unknown }): VNode {
  const { say } = useApp();
  const found = hindrancesIn(error);
  if (!found.length) return <Problem error={error} />;
  return (
    <Notice kind="warn" live>
      <p>{say("visits.stands_in_way")}</p>
      <ul>
        {found.map((one) => (
          <li key={one.code + one.about}>{hindranceText(say, one)}</li>
        ))}
      </ul>
    </Notice>
  );
}

function hindranceText(say: Say, { code, about }: Hindrance): string {
  const named = [`visits.part.${about}`, `visits.risk.${about}`].find((key) => say.has(key));
  const day = /^\d{4}-\d{2}-\d{2}$/.test(about) ? date(say, about) : about;
  return say(`visits.hindrance.${code}`, { about: named ? say(named) : day });
}

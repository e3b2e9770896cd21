/** What came beyond its basis: held back and not shown, with why, who was told, and what comes next (R01, B8). */

import type { VNode } from "preact";
import type { HeldBack } from "../../../client/opening.ts";
import { useSay } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { Notice } from "../../kit/showing.tsx";
import { Reasons } from "./reasons.tsx";
import { useSpoken } from "./room.ts";

/** Nothing, where nothing was held back. `from` is the sender as people call it. */
export function Quarantine({ quarantined, from }: { quarantined: HeldBack; from: string }): VNode | null {
  const say = useSay();
  const spoken = useSpoken();
  const rows = Object.entries(quarantined);
  if (rows.length === 0) return null;
  return (
    <Loaded of={spoken}>
      {(words) => (
        <Notice kind="warn" live>
          <h2>{say("consent.held_back")}</h2>
          <p>{say("consent.held_back_about", { from })}</p>
          <ul>
            {rows.map(([name, reasons]) => (
              <li key={name}>
                <strong>{name === "attachments" ? say("consent.files") : words.name("section", name)}</strong>
                {reasons.length ? <Reasons reasons={reasons} words={words} /> : <p>{say("consent.held_back_form")}</p>}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </Loaded>
  );
}

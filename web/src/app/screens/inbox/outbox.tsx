/** What the agency sent, and what it waits for. */

import type { VNode } from "preact";
import { useSay, type ScreenProps } from "../../core/app.ts";
import { lazy } from "../handoff/lazy.tsx";
import { Desk } from "./desk.tsx";

const OpenChoices = lazy(async () => (await import("../handoff/together.tsx")).OpenChoices);

export default function Outbox(_: ScreenProps): VNode {
  const say = useSay();
  return (
    <Desk desk="owner" title={say("inbox.title_out")}>
      <p>
        <a class="button main" href="#/compose">
          {say("inbox.compose")}
        </a>
      </p>
      <OpenChoices />
    </Desk>
  );
}

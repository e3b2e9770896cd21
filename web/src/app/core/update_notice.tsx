/** Says that a new release waits, or that one was refused. Its button is the only thing that begins the page anew. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../kit/controls.tsx";
import { Notice } from "../kit/showing.tsx";
import { useSay } from "./app.ts";
import { updates, type Offer } from "./updates.ts";

export function UpdateNotice(): VNode | null {
  const say = useSay();
  const [{ ready, warning }, set] = useState<Offer>(updates.offer);
  useEffect(() => updates.watch(set), []);
  if (warning !== null) {
    return (
      <Notice kind="warn" live>
        <p>{say(`app.update_${warning}`)}</p>
        <p>{say("app.update_todo")}</p>
      </Notice>
    );
  }
  if (!ready) return null;
  return (
    <Notice live>
      <p>{say("app.update_ready")}</p>
      <Button onClick={() => updates.use()}>{say("app.update_use")}</Button>
    </Notice>
  );
}

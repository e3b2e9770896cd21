/** R46: whoever opens what is not theirs says why, before anything is shown; a supervisor reviews it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asksWhy } from "../../../client/access.ts";
import { useSay } from "../../core/app.ts";
import { TextField } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";

export interface Why {
  /** Whether a reason was asked for and not given yet. */
  readonly asked: boolean;
  /** What asks for it; nothing until then. */
  readonly field: VNode | null;
  /** Do something that may ask for a reason; the second time with it. */
  with<T>(act: (reason: string | undefined) => Promise<T>): Promise<T>;
}

export function useWhy(): Why {
  const say = useSay();
  const [asked, ask] = useState(false);
  const [reason, set] = useState("");
  const attempt = async <T,>(act: (reason: string | undefined) => Promise<T>): Promise<T> => {
    try {
      const done = await act(reason.trim() || undefined);
      ask(false);
      return done;
    } catch (error) {
      if (asksWhy(error)) ask(true);
      throw error;
    }
  };
  const field = asked ? (
    <Notice kind="warn" live>
      <p>{say("handoff.why_asked")}</p>
      <TextField label={say("handoff.why")} value={reason} onInput={set} />
    </Notice>
  ) : null;
  return { asked, field, with: attempt };
}

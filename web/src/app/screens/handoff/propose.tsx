/** Whom a provider that cannot help proposes instead: an agency, sealed for the sender. */

import type { VNode } from "preact";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { AgencyChoice, type AgencyProps } from "../consent/agency_choice.tsx";
import { loadConsentWords } from "../consent/room.ts";

export function Propose(props: Omit<AgencyProps, "label" | "hint">): VNode {
  const { say, lang } = useApp();
  const words = useLoaded(() => loadConsentWords(lang).then(() => true), [lang]);
  return (
    <details>
      <summary>{say("handoff.propose")}</summary>
      <Loaded of={words}>
        {() => <AgencyChoice label={say("handoff.propose")} hint={say("handoff.propose_hint")} {...props} />}
      </Loaded>
    </details>
  );
}

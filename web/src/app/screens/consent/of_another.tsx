/** A word of warning where a consent was recorded under another code than the case has. */

import type { VNode } from "preact";
import type { Held } from "../../../client/basis.ts";
import { useApp } from "../../core/app.ts";
import { Notice } from "../../kit/showing.tsx";
import { ofAnother } from "./standing.ts";

/** Needs the words of this room: `loadConsentWords`. */
export function OfAnother({ held, reference }: { held: Held; reference: string | null }): VNode | null {
  const { say } = useApp();
  if (reference === null || !ofAnother(held, reference)) return null;
  const code = held.consent?.subject.pseudonym ?? "";
  return (
    <Notice kind="warn">
      <p>{say("consent.of_another", { code, reference })}</p>
    </Notice>
  );
}

/** Choosing one of the agency's cases, or none: by reference, and by name where the member began the file (R46). */

import type { VNode } from "preact";
import { listing, type CaseFile } from "../../../client/cases.ts";
import type { Say } from "../../core/words.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Choice, type FieldProps } from "../../kit/controls.tsx";
import { loadCaseWords } from "./labels.ts";

/** What a case is called in a list: nobody reads a child's name there whose case it is not. */
export function caseName(say: Say, held: CaseFile, me: string): string {
  const name = held.begunBy === me ? held.name : null;
  const parts = [held.reference, name].filter((part) => part !== null);
  return parts.length ? parts.join(" · ") : say("cases.nameless", { day: day(say, held.began) });
}

/** `value` is the record of a case file; "" is none. */
export function CasePicker({
  value,
  onChoose,
  ...field
}: FieldProps & { value: string; onChoose: (record: string) => void }): VNode {
  const { member, say, lang } = useApp();
  const loading = useLoaded(async () => (await Promise.all([listing(member), loadCaseWords(lang)]))[0], [member, lang]);
  return (
    <Loaded of={loading}>
      {(rows) => (
        <Choice
          {...field}
          value={value}
          none={say("cases.choose")}
          options={rows.map((held) => [held.record, caseName(say, held, member.id)])}
          onChoose={onChoose}
        />
      )}
    </Loaded>
  );
}

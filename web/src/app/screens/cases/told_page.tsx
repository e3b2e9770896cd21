/** Writing down that a child was told of a decision: it counts once the day, the language and how it was told are named. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { JsonObject } from "../../../rcp/encoding.ts";
import * as forms from "../../../client/sections.ts";
import { NAMED, note, rowsOf } from "../../../client/telling.ts";
import { calendar } from "../../../client/timers.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Page } from "../../kit/showing.tsx";
import { ObjectFields } from "./fields.tsx";
import { pruned, put as putAt } from "./form.ts";
import type { CaseProps } from "./home.tsx";
import { codeName, useLabels, type Labels } from "./labels.ts";
import { SavedForm, useSaving } from "./saving.tsx";

const SECTION = "child_views";
const SCHEMA = forms.schemaOf(SECTION);
const TOLD = SCHEMA.properties!["told"]!.items!;
/** The address names the decision; the stage says it in words. */
const { decision: _, ...FILLED_IN } = TOLD.properties!;
const ROW = { ...TOLD, properties: FILLED_IN, required: [...NAMED] };

export function ToldPage({ held, decision, put }: CaseProps & { decision: string }): VNode {
  const { say, member } = useApp();
  const labels = useLabels();
  const today = useLoaded(async () => (await calendar(member)).day(member.now()), [member]);
  return (
    <Loaded of={labels}>
      {(words) => (
        <Page title={say("cases.tell")} back={`cases/${held.record}`}>
          <p>{say("cases.tell_about")}</p>
          <Loaded of={today}>
            {(on) => (
              <ToldForm {...{ held, put, labels: words }} row={{ stage: codeName(words, decision), decision, on }} />
            )}
          </Loaded>
        </Page>
      )}
    </Loaded>
  );
}

function ToldForm({ held, put, labels, row: begun }: CaseProps & { labels: Labels; row: JsonObject }): VNode {
  const { member } = useApp();
  const [row, set] = useState(begun);
  const path = ["told", rowsOf(held).length];
  const { keep, wrong } = useSaving(held.record, async () => {
    const told = (pruned(row) ?? {}) as JsonObject;
    const missing = NAMED.filter((name) => told[name] === undefined).map((name) => `/${path.join("/")}/${name}`);
    if (missing.length === 0) put(await note(member, held, told));
    return missing;
  });
  const of = {
    section: SECTION,
    labels,
    definitions: SCHEMA.$defs,
    wrong,
    named: {},
    change: ([, , ...at]: readonly (string | number)[], value: Parameters<typeof putAt>[2]) =>
      set((now) => putAt(now, at, value) as JsonObject),
  };
  return (
    <SavedForm record={held.record} keep={keep}>
      <ObjectFields of={of} path={path} schema={ROW} value={row} />
    </SavedForm>
  );
}

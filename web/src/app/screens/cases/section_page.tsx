/** One section's form. What is typed is kept on this device until it is saved, so that nothing is lost. */

import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { update } from "../../../client/cases.ts";
import * as forms from "../../../client/sections.ts";
import { useApp } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { Button } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { namedIn, ObjectFields } from "./fields.tsx";
import { difference, pruned, put as putAt } from "./form.ts";
import type { CaseProps } from "./home.tsx";
import { sectionName, useLabels, type Labels } from "./labels.ts";
import { SavedForm, useSaving } from "./saving.tsx";

export function SectionPage({ held, name, put }: CaseProps & { name: string }): VNode {
  const { say } = useApp();
  const labels = useLabels();
  const back = `cases/${held.record}`;
  return (
    <Loaded of={labels}>
      {(words) => (
        <Page title={sectionName(words, name)} back={back}>
          {forms.NAMES.includes(name) && !forms.isNewer(held.sections[name]) ? (
            <SectionForm held={held} name={name} put={put} labels={words} />
          ) : (
            <Notice kind="warn">
              <p>{say("cases.newer")}</p>
            </Notice>
          )}
        </Page>
      )}
    </Loaded>
  );
}

function SectionForm({ held, name, put, labels }: CaseProps & { name: string; labels: Labels }): VNode {
  const { member, say, local } = useApp();
  const kept = useMemo(() => {
    const section = held.sections[name];
    return isObject(section) ? section : { v: forms.VERSION };
  }, [held, name]);
  const [document, set] = useState<JsonObject>(kept);
  const draft = useDraft(`section/${held.record}/${name}`, document, kept, set);
  const schema = forms.schemaOf(name);
  const { keep, wrong } = useSaving(held.record, async () => {
    const after = { ...((pruned(document) ?? {}) as JsonObject), v: kept["v"] ?? forms.VERSION };
    put(await update(member, held, name, difference(kept, after)));
    await local.delete("draft", draft.name);
    return [];
  });
  const of = {
    section: name,
    labels,
    definitions: schema.$defs,
    wrong,
    named: namedIn(held.sections),
    change: (path: readonly (string | number)[], value: Parameters<typeof putAt>[2]) =>
      set((now) => putAt(now, path, value) as JsonObject),
  };
  return (
    <SavedForm record={held.record} keep={keep}>
      {draft.found && (
        <Notice live>
          <p>{say("cases.draft_found")}</p>
          <Button onClick={draft.forget}>{say("cases.draft_forget")}</Button>
        </Notice>
      )}
      <p class="hint">{say("cases.what_you_know")}</p>
      <ObjectFields of={of} path={[]} schema={schema} value={document} />
    </SavedForm>
  );
}

/** What was typed and not saved, sealed on this device; it is put back when the form is opened again. */
function useDraft(name: string, document: JsonObject, kept: JsonObject, set: (document: JsonObject) => void) {
  const { local } = useApp();
  const [found, setFound] = useState(false);
  const shown = useRef(document);
  shown.current = document;
  useEffect(() => {
    void local.get("draft", name).then((value) => {
      if (!isObject(value) || shown.current !== kept) return; // who types already goes on with that
      set(value);
      setFound(true);
    });
  }, [name]);
  useEffect(() => {
    if (document !== kept) void local.put("draft", name, document);
  }, [document]);
  const forget = async () => {
    await local.delete("draft", name);
    set(kept);
    setFound(false);
  };
  return { name, found, forget };
}

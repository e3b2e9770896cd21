/** One fact of a meeting as it is said, with the form that changes it: what was so, or the reason why it was not. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import * as meetings from "../../../client/meetings.ts";
import { HubError } from "../../../client/session.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choices, TextField } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { ObjectFields } from "../cases/fields.tsx";
import { pruned, put as putAt } from "../cases/form.ts";
import { Value } from "../cases/section_view.tsx";
import { CERTAIN, DEFINITIONS, factLabels, SCHEMAS, wordsOf } from "./facts.ts";
import type { MeetingProps } from "./meeting.tsx";

export function FactCard({ fact, meeting, put, papers }: { fact: string } & MeetingProps): VNode {
  const { say, lang } = useApp();
  const [open, setOpen] = useState(false);
  const title = wordsOf(lang).facts[fact] ?? fact;
  const value = meeting.document[fact] as Json;
  const labels = factLabels(say, lang);
  const of = { name: "handover", labels, say, definitions: DEFINITIONS };
  return (
    <div class="section-row">
      <div class="section-head">
        <h3>{title}</h3>
        {value === null && <span class="quiet">{say("handover.not_said")}</span>}
        {!open && (
          <Button onClick={() => setOpen(true)} label={`${say("handover.say")}: ${title}`}>
            {say(value === null ? "handover.say" : "handover.change")}
          </Button>
        )}
      </div>
      {value !== null && (
        <div class="section-view">
          <Value of={of} value={value} schema={isReason(value) ? {} : SCHEMAS[fact]!} />
        </div>
      )}
      {open && (
        <FactForm
          {...{ fact, meeting, papers }}
          put={(changed) => {
            put(changed);
            setOpen(false);
          }}
        />
      )}
    </div>
  );
}

function FactForm({
  fact,
  meeting,
  put,
  papers,
}: { fact: string } & Pick<MeetingProps, "meeting" | "papers" | "put">): VNode {
  const { member, say, lang } = useApp();
  const kept = meeting.value.mine[fact] as Json;
  const [way, setWay] = useState(isReason(kept) ? "reason" : "so");
  const [reason, setReason] = useState(isReason(kept) ? String(kept["reason"]) : "");
  const [holder, setHolder] = useState<JsonObject>(kept === null || isReason(kept) ? {} : { [fact]: kept });
  const [wrong, setWrong] = useState(false);
  const keep = useAction(async () => {
    setWrong(false);
    const said = way === "reason" ? { reason: reason.trim() } : whole(fact, pruned(holder[fact] ?? null), papers);
    try {
      put(await meetings.change(member, meeting, { [fact]: said }));
    } catch (error) {
      if (!(error instanceof HubError && error.code === "invalid_request")) throw error;
      setWrong(true);
    }
  });
  const of = {
    section: "handover",
    labels: factLabels(say, lang),
    definitions: DEFINITIONS,
    wrong: [],
    named: { document: papers },
    change: (path: readonly (string | number)[], value: Json | undefined) =>
      setHolder((now) => (putAt(now, path, value) ?? {}) as JsonObject),
  };
  return (
    <>
      {!CERTAIN.includes(fact) && (
        <Choices
          label={say("handover.was_it")}
          value={way}
          options={[
            ["so", say("handover.was_so")],
            ["reason", say("handover.was_not")],
          ]}
          onChoose={setWay}
        />
      )}
      {way === "reason" ? (
        <TextField label={say("handover.reason")} maxLength={200} value={reason} onInput={setReason} />
      ) : (
        <ObjectFields of={of} path={[]} schema={{ properties: { [fact]: SCHEMAS[fact]! } }} value={holder} />
      )}
      {wrong && (
        <Notice kind="warn" live>
          <p>{say("handover.incomplete")}</p>
        </Notice>
      )}
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button kind="main" busy={keep.busy} onClick={keep.run}>
        {say("app.save")}
      </Button>
    </>
  );
}

const isReason = (value: Json): value is JsonObject =>
  isObject(value) && typeof value["reason"] === "string" && Object.keys(value).length === 1;

/** What a document holds beside what is filled in: titles of papers, lists without rows, what was not said of a child. */
function whole(fact: string, said: Json | undefined, papers: MeetingProps["papers"]): Json {
  if (fact === "papers" && Array.isArray(said)) {
    const title = (hash: Json | undefined) => papers.find(([known]) => known === hash)?.[1] ?? "";
    return said.map((row) => (isObject(row) ? { ...row, title: title(row["document"]) } : row));
  }
  if (fact === "family" && isObject(said)) return { witnesses: [], ...said };
  if (fact === "child" && isObject(said)) return { reason: null, ...said };
  return said ?? null;
}

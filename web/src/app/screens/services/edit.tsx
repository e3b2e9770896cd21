/**
 * A record's form. Who keeps the record changes it at once and says how they know; everybody else proposes, and a
 * coordinator of the agency that keeps it decides. Only what is other than before is sent.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Group } from "../../../client/freshness.ts";
import { create, edit, propose, record, type Kind, type MapRecord, type Outcome } from "../../../client/servicemap.ts";
import { HubError } from "../../../client/session.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Choices, TextArea, type Option } from "../../kit/controls.tsx";
import { Card, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { Control } from "./control.tsx";
import { at, changesOf, fieldsIn, HIDEABLE, put } from "./fields.ts";
import { labelsIn, type Labels } from "./labels.ts";
import { Differences } from "./parts.tsx";
import { asDocuments, readerOf } from "./reader.ts";
import { joined, labelOf, linesOf, member as memberOf } from "./values.ts";

const GROUPS: { readonly [kind in Kind]: readonly Group[] } = {
  provider: ["offer", "contact"],
  service: ["offer", "contact", "focal_point", "capacity", "eligibility", "hours", "pathway"],
  site: ["place"],
};
const HOWS = ["call", "visit", "coordinator"];

export function NewRecord({ kind, provider }: { kind: Kind; provider?: string | undefined }): VNode {
  const { say, member, go } = useApp();
  const labels = useLoaded(() => labelsIn(say.lang), [say.lang]);
  const begin: JsonObject = {
    provider: {},
    service: { status: "active", ...(provider ? { organization_id: provider } : {}) },
    site: { location_type: "physical" },
  }[kind];
  return (
    <Page title={say(`services.new_${kind}`)} back="services">
      <Loaded of={labels}>
        {(known) => (
          <Form
            kind={kind}
            before={begin}
            labels={known}
            direct
            send={async (_changes, document, how) => {
              const made = await create(member.hub, kind, document, how);
              go(`services/${made.id}`);
            }}
          />
        )}
      </Loaded>
    </Page>
  );
}

export function ChangedRecord({ id }: { id: string }): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(
    async () => ({ found: await record(member.hub, id), labels: await labelsIn(say.lang) }),
    [id, say.lang],
  );
  return (
    <Page title={say("services.edit_title")} back={`services/${id}`}>
      <Loaded of={loading}>
        {({ found, labels }) => <Changing found={found} labels={labels} again={loading.again} key={found.version} />}
      </Loaded>
    </Page>
  );
}

function Changing({ found, labels, again }: { found: MapRecord; labels: Labels; again: () => void }): VNode {
  const { say, member } = useApp();
  const [saved, setSaved] = useState<Outcome | "proposed" | null>(null);
  const direct = found.may.includes("edit");
  if (saved !== null) return <Saved saved={saved} id={found.id} />;
  return (
    <>
      <p>
        <Foreign>{String(found.document["name"] ?? "")}</Foreign>
      </p>
      {!direct && <Notice>{say("services.you_propose")}</Notice>}
      <Form
        kind={found.kind}
        before={found.document}
        labels={labels}
        direct={direct}
        send={async (changes, _document, said) => {
          const { id, version, kind } = found;
          if (direct) setSaved(await edit(member.hub, id, version, changes, said));
          else {
            await propose(member.hub, { kind, record: id, base_version: version, changes, note: said });
            setSaved("proposed");
          }
        }}
        again={again}
      />
      <p class="hint">{say("services.no_person")}</p>
    </>
  );
}

function Saved({ saved, id }: { saved: Outcome | "proposed"; id: string }): VNode {
  const { say } = useApp();
  return (
    <>
      <Notice kind="good" live>
        {saved === "proposed" ? (
          <p>{say("services.proposed")}</p>
        ) : (
          <>
            <p>
              {say(saved.what === "unchanged" ? "services.unchanged" : "services.saved", { version: saved.version })}
            </p>
            {saved.held.length > 0 && (
              <p>
                {say("services.waits", {
                  fields: joined(
                    say,
                    saved.held.map((name) => labelOf(say, name)),
                  ),
                })}
              </p>
            )}
          </>
        )}
      </Notice>
      <p>
        <a class="button" href={`#/services/${id}`}>
          {say("services.to_record")}
        </a>
      </p>
    </>
  );
}

interface FormProps {
  readonly kind: Kind;
  readonly before: JsonObject;
  readonly labels: Labels;
  /** Whether it is written at once; else it is proposed with a note. */
  readonly direct: boolean;
  /** `said`: how it is known, or the note. */
  readonly send: (changes: JsonObject, document: JsonObject, said: string) => Promise<void>;
  readonly again?: () => void;
}

function Form({ kind, before, labels, direct, send, again }: FormProps): VNode {
  const { say } = useApp();
  const [document, setDocument] = useState(before);
  const [how, setHow] = useState("");
  const [note, setNote] = useState("");
  const [missing, setMissing] = useState(false);
  const changes = changesOf(before, document);
  const count = Object.keys(changes).length;
  const saving = useAction(async () => send(changes, document, direct ? how : note));
  const problems = problemsOf(saving.error);
  const save = () => {
    const asked = direct && !how;
    setMissing(asked);
    if (!asked && count) void saving.run();
  };
  const options: readonly Option[] = HOWS.map((one) => [one, say(`services.how_${one}`)]);
  return (
    <>
      {GROUPS[kind].map((group, index) => (
        <details class="card group" key={group} open={index === 0}>
          <summary>{labels.code("groups", group)}</summary>
          {fieldsIn(kind, group)
            .filter(({ as }) => as.is !== "provider" || !before["id"])
            .map(({ path, as }) => (
              <Control
                key={path}
                label={labelOf(say, path)}
                as={as}
                value={at(document, path)}
                labels={labels}
                error={problems.find(({ field }) => field === path || field.startsWith(`${path}.`))?.words(say) ?? null}
                set={(value) => setDocument((held) => put(held, path, value))}
              />
            ))}
        </details>
      ))}
      <Visibility
        {...{ kind, document, labels }}
        set={(value) => setDocument((held) => put(held, "visibility", value))}
      />
      <Card title={say("services.what_changes")}>
        {count === 0 ? <p role="status">{say("services.no_changes")}</p> : <Changed {...{ kind, before, changes }} />}
        {direct ? (
          <Choices
            label={say("services.how_known")}
            hint={say("services.how_hint")}
            error={missing ? say("services.say_how") : null}
            value={how}
            options={options}
            onChoose={setHow}
          />
        ) : (
          <TextArea
            label={say("services.note")}
            hint={say("services.no_person")}
            optional
            value={note}
            onInput={setNote}
            maxLength={2000}
          />
        )}
        {saving.error !== null && <Problem error={saving.error} />}
        {stale(saving.error) && again && <Button onClick={again}>{say("services.show_newest")}</Button>}
        <Button kind="main" busy={saving.busy} disabled={count === 0} onClick={save}>
          {say(direct ? "services.save" : "services.send_proposal")}
        </Button>
      </Card>
    </>
  );
}

/** What would be written, beside what stands there. */
function Changed({ kind, before, changes }: { kind: Kind; before: JsonObject; changes: JsonObject }): VNode {
  const { say, member } = useApp();
  const pairs = Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, [before[name] ?? null, value]]),
  );
  const loading = useLoaded(() => readerOf(member.hub, say, asDocuments(pairs)), [JSON.stringify(changes), say.lang]);
  return (
    <Loaded of={loading}>
      {(reader) => (
        <Differences
          reader={reader}
          heads={[say("services.is_now"), say("services.becomes")]}
          rows={Object.entries(pairs).map(([name, [old, fresh]]) => ({
            label: labelOf(say, name),
            sides: [linesOf(reader, kind, name, old as Json), linesOf(reader, kind, name, fresh as Json)],
          }))}
        />
      )}
    </Loaded>
  );
}

function Visibility({
  kind,
  document,
  labels,
  set,
}: {
  kind: Kind;
  document: JsonObject;
  labels: Labels;
  set: (value: Json) => void;
}): VNode {
  const { say } = useApp();
  const said = isObject(document["visibility"]) ? document["visibility"] : {};
  return (
    <details class="card group">
      <summary>{say("services.who_sees")}</summary>
      <p class="hint">{say("services.who_sees_hint")}</p>
      {HIDEABLE[kind].map((name) => (
        <Choice
          key={name}
          label={name === "*" ? say("services.whole_record") : labelOf(say, name)}
          none={say("services.as_usual")}
          value={String(memberOf(said, name))}
          options={labels.options("visibility")}
          onChoose={(level) => set(put(said, name, level))}
        />
      ))}
    </details>
  );
}

const stale = (error: unknown): boolean =>
  error instanceof HubError && ["stale_version", "conflict"].includes(error.code);

interface Wrong {
  readonly field: string;
  words(say: ReturnType<typeof useApp>["say"]): string;
}

/** Where a hub says that a record is not of its form. */
function problemsOf(error: unknown): readonly Wrong[] {
  if (!(error instanceof HubError)) return [];
  const rows = error.facts["problems"];
  return (Array.isArray(rows) ? rows : []).filter(isObject).map((row) => ({
    field: String(row["field"]),
    words: (say) => {
      const key = `services.problem.${String(row["code"])}`;
      return say.has(key) ? say(key) : say("services.problem.invalid");
    },
  }));
}

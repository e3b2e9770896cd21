/**
 * When an agency that holds a case has fallen silent for good: its successor prepares to take the case on, the coordinator
 * of a third agency signs as well, the successor sends it. The text goes from one to the other as a file.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { known as agencies, labelOf, shortOf } from "../../../client/agencies.ts";
import { membersOf } from "../../../client/pins.ts";
import * as proof from "../../../client/proof.ts";
import { box } from "../../../client/queues.ts";
import * as succession from "../../../client/succession.ts";
import type { Told } from "../../../client/succession.ts";
import { parseJson, utf8, type Bytes, type Json } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { save } from "../../core/save.ts";
import { moment } from "../../core/time.ts";
import { Button, Choice, FileDrop, Form, Tick } from "../../kit/controls.tsx";
import { Card, Foreign, Notice, Page, StateWord } from "../../kit/showing.tsx";
import { Foot } from "./signing.tsx";

const KIND = "succession";
const COORDINATOR = "coordinator";

export function Succession(): VNode {
  const { say, roles } = useApp();
  const successor = roles.includes("supervisor");
  return (
    <Page title={say("transfer.succession")} back={successor ? "transfers" : "board"}>
      <p class="lead">{say("transfer.succession.about")}</p>
      {successor && <Prepare />}
      {roles.includes(COORDINATOR) && <Sign />}
      {successor && <Send />}
      {successor && <Claimed />}
      {!successor && !roles.includes(COORDINATOR) && <p>{say("transfer.succession.nobody")}</p>}
    </Page>
  );
}

const bytesOf = async (file: File): Promise<Bytes> => new Uint8Array(await file.arrayBuffer());

function Prepare(): VNode {
  const { say, member, now } = useApp();
  const [value, hold] = useState<Json>(null);
  const [found, show] = useState<proof.Proven | null>(null);
  const [third, choose] = useState("");
  const [coordinator, name] = useState("");
  const [named, setNamed] = useState(true);
  const [tried, setTried] = useState(false);
  const rows = useLoaded(() => agencies(member), [member]);
  const people = useLoaded(async () => {
    const certs = third ? membersOf(await member.trust.agency(third), now()) : [];
    return [...new Set(certs.filter(({ roles }) => roles.includes(COORDINATOR)).map((cert) => cert.member))];
  }, [member, third]);
  const read = useAction(async (files: File[]) => {
    show(null);
    if (!files[0]) return;
    const given = parseJson(await bytesOf(files[0]));
    await proof.learn(member, given);
    const proven = proof.check(member, given);
    setNamed((await member.trust.agency(proven.holder)).entry.successor === member.agency);
    show(proven);
    hold(given);
  });
  const act = useAction(async () => {
    setTried(true);
    if (!found || !third || !coordinator) return;
    save("succession.txt", await succession.prepare(member, value, third, coordinator), "text/plain");
    setTried(false);
    choose("");
    name("");
  });
  const needed = (one: string): string | null => (tried && !one ? say("app.required") : null);
  const others = (agency: string) => agency !== member.agency && agency !== found?.holder;
  return (
    <Card title={say("transfer.succession.prepare")}>
      <FileDrop
        label={say("transfer.proof_file")}
        hint={say("transfer.succession.proof_hint")}
        accept=".json"
        multiple={false}
        onFiles={read.run}
      />
      {read.error !== null && <Problem error={read.error} />}
      {found && (
        <Form onSend={act.run}>
          <p role="status">
            {say("transfer.proof_holds", { day: moment(say, found.made), agency: shortOf(found.holder) })}
          </p>
          {!named && (
            <Notice kind="warn">
              <p>{say("transfer.succession.not_named", { agency: shortOf(found.holder) })}</p>
            </Notice>
          )}
          <Loaded of={rows}>
            {(known) => (
              <Choice
                label={say("transfer.succession.third")}
                none={say("transfer.offer.to_none")}
                value={third}
                options={known.filter(({ agency }) => others(agency)).map((row) => [row.agency, labelOf(row)])}
                onChoose={(agency) => {
                  choose(agency);
                  name("");
                }}
                error={needed(third)}
              />
            )}
          </Loaded>
          {third && (
            <Loaded of={people}>
              {(ids) =>
                ids.length === 0 ? (
                  <p>{say("transfer.succession.no_coordinator")}</p>
                ) : (
                  <Choice
                    label={say("transfer.succession.coordinator")}
                    hint={say("transfer.succession.coordinator_hint")}
                    none={say("transfer.succession.choose")}
                    value={coordinator}
                    options={ids.map((id) => [id, id])}
                    onChoose={name}
                    error={needed(coordinator)}
                  />
                )
              }
            </Loaded>
          )}
          <Foot act={act} words="succession.save" />
        </Form>
      )}
      {act.done && !tried && (
        <Notice kind="good" live>
          <p>{say("transfer.succession.prepared")}</p>
        </Notice>
      )}
    </Card>
  );
}

/** A text that somebody brought, read before anything is signed or sent. */
function useText(): { readonly text: string; readonly told: Told | null; readonly field: VNode } {
  const { say } = useApp();
  const [text, hold] = useState("");
  const [told, tell] = useState<Told | null>(null);
  const read = useAction(async (files: File[]) => {
    tell(null);
    if (!files[0]) return;
    const given = utf8(await bytesOf(files[0]));
    tell(succession.read(given));
    hold(given);
  });
  const field = (
    <>
      <FileDrop label={say("transfer.succession.file")} accept=".txt" multiple={false} onFiles={read.run} />
      {read.error !== null && <Problem error={read.error} />}
      {told && <p role="status">{say("transfer.succession.told", { by: shortOf(told.by), of: shortOf(told.of) })}</p>}
    </>
  );
  return { text, told, field };
}

function Sign(): VNode {
  const { say, member } = useApp();
  const { text, told, field } = useText();
  const [sure, setSure] = useState(false);
  const act = useAction(async () => save("succession-signed.txt", await succession.sign(member, text), "text/plain"));
  return (
    <Card title={say("transfer.succession.sign")}>
      <p>
        {say("transfer.succession.you")} <span class="digits">{member.id}</span>
      </p>
      {field}
      {told && (
        <Form
          onSend={() => {
            if (sure) void act.run();
          }}
        >
          <Tick label={say("transfer.succession.sure")} checked={sure} onTick={setSure} />
          <Foot act={act} words="succession.save" disabled={!sure} />
        </Form>
      )}
      {act.done && told && (
        <Notice kind="good" live>
          <p>{say("transfer.succession.signed", { by: shortOf(told.by) })}</p>
        </Notice>
      )}
    </Card>
  );
}

function Send(): VNode {
  const { say, member } = useApp();
  const { text, told, field } = useText();
  const [state, setState] = useState<string | null>(null);
  const act = useAction(async () => setState((await succession.send(member, text)).state ?? "claimed"));
  return (
    <Card title={say("transfer.succession.send")}>
      {field}
      {told && state === null && (
        <>
          {act.error !== null && <Problem error={act.error} />}
          <p class="row">
            <Button kind="main" busy={act.busy} onClick={act.run}>
              {say("transfer.succession.send_now")}
            </Button>
          </p>
        </>
      )}
      {state !== null && (
        <Notice kind="good" live>
          <p>{say(`transfer.succession.${state}_told`)}</p>
        </Notice>
      )}
    </Card>
  );
}

/** What this agency has claimed so, and what became of it at the hub of the silent holder. */
function Claimed(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => box(member, KIND, "in"), [member]);
  return (
    <Loaded of={loading}>
      {({ rows }) =>
        rows.length === 0 ? null : (
          <Card title={say("transfer.succession.claimed")}>
            <ul class="plain-list">
              {rows.map((row) => (
                <li key={row.id}>
                  {moment(say, row.touched)} · {say("transfer.from")} <Foreign>{shortOf(row.from_agency)}</Foreign>{" "}
                  <StateWord words={`transfer.succession.state.${row.state}`} />
                </li>
              ))}
            </ul>
          </Card>
        )
      }
    </Loaded>
  );
}

/**
 * Change requests as differences: what a member was when somebody asked, what it is now, what it shall be. Who keeps the
 * record takes all or some of it, or refuses with a reason; contact details wait until the old number was called.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  approve,
  called,
  refuse,
  requests,
  takeBack,
  type ChangeRequest,
  type Outcome,
} from "../../../client/servicemap.ts";
import type { Json } from "../../../rcp/encoding.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Choice, TextArea, Tick, type Option } from "../../kit/controls.tsx";
import { Ball, Empty, Foreign, Notice, Page, StateWord } from "../../kit/showing.tsx";
import { Differences, MapNav } from "../services/parts.tsx";
import { asDocuments, EDITORS, readerOf } from "../services/reader.ts";
import { joined, labelOf, linesOf, type Reader } from "../services/values.ts";
import { plainAgency } from "../services/record.tsx";

const OPEN = ["proposed", "held"];
const OVER = ["approved", "done", "refused", "withdrawn", "superseded"];

export default function Requests({ query }: ScreenProps): VNode {
  const { say, member } = useApp();
  const [which, setWhich] = useState("open");
  const [after, setAfter] = useState<readonly string[]>([""]);
  const record = query["record"];
  const loading = useLoaded(async () => {
    const states = which === "open" ? OPEN : OVER;
    const page = await requests(member.hub, {
      states,
      ...(record ? { record } : {}),
      after: after[after.length - 1]!,
      limit: 50,
    });
    const documents = page.items.flatMap(({ differences }) =>
      asDocuments(Object.fromEntries(Object.entries(differences).map(([name, pair]) => [name, Object.values(pair)]))),
    );
    return { page, reader: await readerOf(member.hub, say, documents) };
  }, [which, record, after, say.lang]);
  return (
    <Page title={say("requests.title")} {...(record ? { back: `services/${record}` } : {})}>
      <MapNav here="requests" />
      <Choice
        label={say("services.which")}
        value={which}
        options={["open", "over"].map((one): Option => [one, say(`requests.which_${one}`)])}
        onChoose={(one) => (setWhich(one), setAfter([""]))}
      />
      <Loaded of={loading}>
        {({ page, reader }) => (
          <>
            {page.items.length === 0 && (
              <Empty>
                <p>{say("requests.nothing")}</p>
              </Empty>
            )}
            <ul class="results">
              {page.items.map((request) => (
                <li class="card" key={request.id}>
                  <One request={request} reader={reader} changed={loading.again} />
                </li>
              ))}
            </ul>
            <p class="row">
              {after.length > 1 && (
                <Button onClick={() => setAfter(after.slice(0, -1))}>{say("services.page_before")}</Button>
              )}
              {page.after !== null && (
                <Button onClick={() => setAfter([...after, page.after!])}>{say("services.page_next")}</Button>
              )}
            </p>
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface OneProps {
  readonly request: ChangeRequest;
  readonly reader: Reader;
  readonly changed: () => void;
}

function One({ request, reader, changed }: OneProps): VNode {
  const { say, member, roles } = useApp();
  const { state, agency, steward } = request;
  const [decided, setDecided] = useState(false);
  const decides = steward === member.agency && roles.some((role) => EDITORS.includes(role));
  return (
    <>
      <h2>
        <a href={`#/services/${request.record}`}>
          <Foreign>{request.name || say("services.unnamed")}</Foreign>
        </a>
      </h2>
      {!decided && (
        <p class="row">
          <StateWord words={`requests.state_${state}`} kind={state === "proposed" ? "soon" : ""} />
          {OPEN.includes(state) && <Ball who={decides ? "us" : "them"} name={plainAgency(steward)} />}
        </p>
      )}
      <p>
        {say("requests.from")} <Foreign>{plainAgency(agency)}</Foreign> ({reader.labels.code("proofs", request.how)}),{" "}
        {moment(say, request.at)}
      </p>
      {request.note && (
        <blockquote>
          <Foreign>{request.note}</Foreign>
        </blockquote>
      )}
      {request.groups.length > 0 && (
        <p>
          {say("requests.still_right", {
            groups: joined(
              say,
              request.groups.map((one) => reader.labels.code("groups", one)),
            ),
          })}
        </p>
      )}
      {request.reason && (
        <p>
          {say("requests.reason_was")} <Foreign>{request.reason}</Foreign>
        </p>
      )}
      {state === "held" && request.until !== null && (
        <p>{say("requests.waits_until", { at: moment(say, request.until) })}</p>
      )}
      {state === "proposed" && decides ? (
        <Deciding {...{ request, reader, changed }} onMade={() => setDecided(true)} />
      ) : (
        <Compared {...{ request, reader }} names={Object.keys(request.differences)} />
      )}
      {state === "held" && decides && <Calling {...{ request, changed }} />}
      {state === "proposed" && agency === member.agency && !decides && <Back {...{ request, changed }} />}
    </>
  );
}

/** Was, is now (only where it is other than it was), shall be. */
function Compared({
  request,
  reader,
  names,
}: {
  request: ChangeRequest;
  reader: Reader;
  names: readonly string[];
}): VNode {
  const { say } = useApp();
  const lines = (name: string, value: Json | undefined) =>
    value === undefined ? null : linesOf(reader, request.kind, name, value);
  return (
    <Differences
      reader={reader}
      heads={[say("services.was"), say("services.is_now"), say("services.becomes")]}
      rows={names.map((name) => {
        const { was, now, new: fresh } = request.differences[name]!;
        const moved = was !== undefined && JSON.stringify(was) !== JSON.stringify(now);
        return {
          label: labelOf(say, name),
          sides: [moved ? lines(name, was) : null, lines(name, now), lines(name, fresh)],
        };
      })}
    />
  );
}

/** Take all of it, some members of it, or none with a reason. */
function Deciding({ request, reader, changed, onMade }: OneProps & { onMade: () => void }): VNode {
  const { say, member } = useApp();
  const names = Object.keys(request.differences);
  const [taken, setTaken] = useState<readonly string[]>(names);
  const [reason, setReason] = useState("");
  const [refusing, setRefusing] = useState(false);
  const [missing, setMissing] = useState(false);
  const [made, setMade] = useState<Outcome | null>(null);
  const taking = useAction(async () => {
    const all = taken.length === names.length;
    setMade(await approve(member.hub, request.id, request.version, all ? null : [...taken]));
    onMade();
  });
  const refusal = useAction(async () => {
    await refuse(member.hub, request.id, reason);
    changed();
  });
  if (made) {
    return (
      <>
        <Notice kind="good" live>
          <p>{say("services.saved", { version: made.version })}</p>
          {made.held.length > 0 && (
            <p>
              {say("services.waits", {
                fields: joined(
                  say,
                  made.held.map((name) => labelOf(say, name)),
                ),
              })}
            </p>
          )}
        </Notice>
        <Button onClick={changed}>{say("requests.to_list")}</Button>
      </>
    );
  }
  return (
    <>
      {names.map((name) => (
        <div key={name}>
          {names.length > 1 && (
            <Tick
              label={say("requests.take", { field: labelOf(say, name) })}
              checked={taken.includes(name)}
              onTick={(on) => setTaken(on ? [...taken, name] : taken.filter((one) => one !== name))}
            />
          )}
          <Compared {...{ request, reader }} names={[name]} />
        </div>
      ))}
      {taking.error !== null && <Problem error={taking.error} />}
      {taking.error !== null && <Button onClick={changed}>{say("services.show_newest")}</Button>}
      <p class="row">
        <Button
          kind="main"
          busy={taking.busy}
          disabled={names.length > 0 && taken.length === 0}
          onClick={() => taking.run()}
        >
          {say(taken.length === names.length ? "requests.approve" : "requests.approve_some")}
        </Button>
        <Button onClick={() => setRefusing(!refusing)}>{say("requests.refuse")}</Button>
      </p>
      {refusing && (
        <>
          <TextArea
            label={say("requests.reason")}
            hint={say("requests.reason_hint")}
            error={missing && !reason.trim() ? say("requests.reason_missing") : null}
            value={reason}
            onInput={setReason}
            maxLength={2000}
          />
          {refusal.error !== null && <Problem error={refusal.error} />}
          <Button kind="warn" busy={refusal.busy} onClick={() => (reason.trim() ? refusal.run() : setMissing(true))}>
            {say("requests.refuse_now")}
          </Button>
        </>
      )}
    </>
  );
}

/** Contact details that wait: the old number was called and said so, or it was not them. */
function Calling({ request, changed }: Omit<OneProps, "reader">): VNode {
  const { say, member } = useApp();
  const [note, setNote] = useState("");
  const [missing, setMissing] = useState(false);
  const letting = useAction(async (through: boolean) => {
    if (through) await called(member.hub, request.id, note);
    else await refuse(member.hub, request.id, note);
    changed();
  });
  const act = (through: boolean) => (note.trim() ? letting.run(through) : setMissing(true));
  return (
    <>
      <Notice>{say("requests.held_why")}</Notice>
      <TextArea
        label={say("requests.called_note")}
        error={missing && !note.trim() ? say("requests.called_missing") : null}
        value={note}
        onInput={setNote}
        maxLength={2000}
      />
      {letting.error !== null && <Problem error={letting.error} />}
      <p class="row">
        <Button kind="main" busy={letting.busy} onClick={() => act(true)}>
          {say("requests.called")}
        </Button>
        <Button kind="warn" busy={letting.busy} onClick={() => act(false)}>
          {say("requests.stop")}
        </Button>
      </p>
    </>
  );
}

function Back({ request, changed }: Omit<OneProps, "reader">): VNode {
  const { say, member } = useApp();
  const taking = useAction(async () => {
    await takeBack(member.hub, request.id);
    changed();
  });
  return (
    <>
      {taking.error !== null && <Problem error={taking.error} />}
      <Button busy={taking.busy} onClick={() => taking.run()}>
        {say("requests.take_back")}
      </Button>
    </>
  );
}

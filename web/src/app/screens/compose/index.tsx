/**
 * Sending a referral, step by step: who, what is needed, which service and why, on which consent and what they will see,
 * and the press that seals and sends it. What is typed is kept on this device until it went out.
 */

import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as cases from "../../../client/cases.ts";
import type { CaseFile } from "../../../client/cases.ts";
import type { Bytes } from "../../../rcp/encoding.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, OnItsWay, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Foreign, Notice, Page, Steps } from "../../kit/showing.tsx";
import { loadCoded, type Coded } from "../handoff/coded.ts";
import { useWhy } from "../handoff/why.tsx";
import { cameBy } from "./going.ts";
import { BasisStep } from "./basis_step.tsx";
import {
  begun,
  begunBefore,
  endOnDevice,
  endRecord,
  keepAsRecord,
  keepOnDevice,
  people,
  type Came,
  type Draft,
} from "./draft.ts";
import { NeedStep } from "./need_step.tsx";
import { SendStep } from "./send_step.tsx";
import { ServiceStep } from "./service_step.tsx";
import { WhoStep } from "./who_step.tsx";

const STEPS = ["who", "need", "service", "basis", "send"] as const;

/** What each step is given, as it is for one person. `files` were chosen here and are in no draft. */
export interface StepProps {
  readonly draft: Draft;
  readonly held: CaseFile | null;
  readonly came: Came | null;
  readonly coded: Coded;
  readonly files: ReadonlyMap<string, Bytes>;
  readonly set: (change: Partial<Draft>) => void;
  readonly setFiles: (files: ReadonlyMap<string, Bytes>) => void;
  readonly next: () => void;
  /** Take this person of the household out again, with all that was chosen for them. */
  readonly leaveOut: () => void;
  /** The same for another person of the household; 0 is the first. */
  readonly of: (n: number) => StepProps;
}

type Files = ReadonlyMap<string, Bytes>;

export default function Compose({ query }: ScreenProps): VNode {
  const { say, member, local, lang } = useApp();
  const [draft, hold] = useState<Draft | null>(null);
  const [round, setRound] = useState(0);
  const anew = () => {
    setRound(round + 1); // nothing that was opened or dropped in for another draft stays
    hold(begun());
  };
  const loading = useLoaded(async () => {
    const [{ kept, drafts: others }, coded] = await Promise.all([begunBefore(member, local), loadCoded(lang)]);
    return { kept, others, coded };
  }, [member, lang]);
  const asked = Object.keys(query).length > 0;
  const fresh = useMemo(() => begun({ ...caseOf(query), ...routeOf(query) }), [query]);
  return (
    <Page title={say("compose.title")} back="outbox">
      <Loaded of={loading}>
        {({ kept, others, coded }) => {
          if (draft) return <Wizard key={round} {...{ draft, hold, anew, coded }} />;
          if (!kept && (asked || others.length === 0))
            return <Wizard key={round} draft={fresh} {...{ hold, anew, coded }} />;
          return (
            <Card title={say("compose.begun")}>
              {kept && (
                <p>
                  <Button kind="main" onClick={() => hold(kept)}>
                    {say("compose.go_on")}
                  </Button>
                </p>
              )}
              {others.map(({ draft: one, at }) => (
                <p key={one.record}>
                  <Button onClick={() => hold(one)}>{say("compose.draft_of", { at: moment(say, at) })}</Button>
                </p>
              ))}
              <p>
                <Button onClick={() => hold(fresh)}>{say("compose.anew")}</Button>
              </p>
            </Card>
          );
        }}
      </Loaded>
    </Page>
  );
}

const caseOf = (query: { readonly [name: string]: string }): Partial<Draft> => ({
  case: query["case"] ?? "",
  again: query["again"] ?? "",
  came: query["came"] ?? "",
});

const routeOf = (query: { readonly [name: string]: string }): Partial<Draft> => ({
  ...(query["service"] ? { service: query["service"] } : {}),
  ...(query["exception"] ? { exception: query["exception"] } : {}),
  ...(query["to"] ? { to: query["to"] } : {}),
});

interface WizardProps {
  readonly draft: Draft;
  readonly hold: (draft: Draft | ((now: Draft | null) => Draft)) => void;
  readonly anew: () => void;
  readonly coded: Coded;
}

function Wizard({ draft, hold, anew, coded }: WizardProps): VNode {
  const { say, member, local } = useApp();
  const [files, setFiles] = useState<readonly Files[]>([]);
  const [held, setHeld] = useState<{ readonly [record: string]: CaseFile }>({});
  const [sent, setSent] = useState(false);
  const [came, setCame] = useState<Came | null>(null);
  const why = useWhy();
  const step = STEPS[draft.step] ?? "who";
  const untouched = useRef(draft);
  const kept = useRef("");
  useEffect(() => {
    if (draft !== untouched.current && !sent) void keepOnDevice(local, draft); // to look is not to begin
  }, [draft, sent]);
  useEffect(() => document.getElementById("step")?.focus(), [step, sent]);
  const wanted = people(draft).flatMap((one) => (one.case ? [one.case] : []));
  const open = useAction(async () => {
    for (const record of wanted.filter((one) => !held[one])) {
      const found = await why.with((reason) => cases.load(member, record, reason));
      setHeld((others) => ({ ...others, [record]: found }));
    }
    if (draft.came) setCame(await why.with((reason) => cameBy(member, draft.came, reason)));
  });
  useEffect(() => void open.run(), [wanted.join(), draft.came]);
  const keep = useAction(async () => {
    const { record } = await keepAsRecord(member, draft);
    kept.current = draft.id;
    hold((now) => ({ ...(now ?? draft), record })); // they may have typed on meanwhile
  });
  const discard = useAction(async () => {
    await endRecord(member, draft);
    await endOnDevice(local, draft);
    anew();
  });
  /** Go on with what is left, at these places, of what went out in part. */
  const goOn = (rest: Draft, left: readonly number[]) => {
    if (draft.household.length > 0) setFiles(left.map((at) => files[at] ?? new Map()));
    setSent(false);
    hold(rest);
  };
  const set = (change: Partial<Draft>) => hold({ ...draft, ...change });
  const ready = wanted.every((record) => held[record]) && (!draft.came || came !== null);
  const of = (n: number): StepProps => {
    const one = people(draft)[n]!;
    const others = draft.household;
    return {
      ...{ coded, of, draft: one, held: held[one.case] ?? null, came, files: files[n] ?? new Map() },
      set: (change) =>
        n === 0
          ? set(change)
          : set({ household: others.map((row, at) => (at === n - 1 ? { ...row, ...change } : row)) }),
      setFiles: (some) => setFiles(people(draft).map((_, at) => (at === n ? some : (files[at] ?? new Map())))),
      next: () => set({ step: draft.step + 1 }),
      leaveOut: () => {
        set({ household: others.filter((_, at) => at !== n - 1) });
        setFiles(files.filter((_, at) => at !== n));
      },
    };
  };
  const props = of(0);
  return (
    <>
      <Steps names={STEPS.map((name) => say(`compose.step_${name}`))} at={draft.step} />
      {draft.came && (
        <Notice>
          <p>{say("compose.came_about")}</p>
        </Notice>
      )}
      {draft.again && (
        <Notice>
          <p>{say("compose.again_about")}</p>
        </Notice>
      )}
      {draft.gone.length > 0 && (
        <Notice>
          <p>{say("compose.gone_about")}</p>
          <ul>
            {draft.gone.map(({ handoff, name }) => (
              <li key={handoff}>
                <a href={`#/handoff/${handoff}`}>
                  <Foreign>{name}</Foreign>
                </a>
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {why.field}
      {why.asked && <Button onClick={open.run}>{say("app.next")}</Button>}
      {open.error !== null && !why.asked && <Problem error={open.error} />}
      <h2 id="step" tabIndex={-1}>
        {say(`compose.step_${step}`)}
      </h2>
      {step === "who" && (ready || !draft.came) && <WhoStep {...props} />}
      {ready && step === "need" && <NeedStep {...props} />}
      {ready && step === "service" && <ServiceStep {...props} />}
      {ready && step === "basis" && <BasisStep {...props} />}
      {ready && step === "send" && <SendStep key={draft.id} {...props} onSent={() => setSent(true)} goOn={goOn} />}
      {!ready && (draft.came || step !== "who") && !why.asked && open.error === null && <OnItsWay />}
      {!sent && (
        <p class="row">
          {draft.step > 0 && <Button onClick={() => set({ step: draft.step - 1 })}>{say("app.previous")}</Button>}
          <Button busy={keep.busy} onClick={keep.run}>
            {say("compose.keep_draft")}
          </Button>
          <Button disabled={keep.busy} busy={discard.busy} onClick={discard.run}>
            {say("compose.discard")}
          </Button>
        </p>
      )}
      {keep.done && kept.current === draft.id && !sent && (
        <Notice kind="good" live>
          <p>{say("compose.draft_kept")}</p>
        </Notice>
      )}
      {[keep, discard].map(({ error }, at) => error !== null && <Problem error={error} key={at} />)}
    </>
  );
}

/** The last look, and the press that seals, signs and sends. What went out, or waits, is said in words. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import { PERSON_ONLY } from "../../../client/documents.ts";
import { issue, type Issued } from "../../../client/issuing.ts";
import * as groups from "../../../client/groups.ts";
import { membersOf } from "../../../client/pins.ts";
import { send, type Outgoing, type Sent, type Stage } from "../../../client/sending.ts";
import { HubError } from "../../../client/session.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { alone } from "../../core/queue.ts";
import { Loaded, Problem, useAction, useLoaded, type Acting } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, Tick } from "../../kit/controls.tsx";
import { Facts, Foreign, Notice, Progress } from "../../kit/showing.tsx";
import { keepName, nameIn } from "../inbox/names.ts";
import { countOf, gathered, type Along } from "../handoff/attach.tsx";
import { IssuedView } from "../handoff/link.tsx";
import { Reasons } from "../handoff/reasons.tsx";
import { useWhy } from "../handoff/why.tsx";
import {
  endOnDevice,
  endRecord,
  isOver,
  people,
  providers,
  purposeOf,
  restOf,
  sectionsOf,
  type Draft,
  type Provider,
} from "./draft.ts";
import { basisOf, nameOf, outgoing, targetOf, type Target } from "./going.ts";
import type { StepProps } from "./index.tsx";

/** Nothing is sent in two tabs at the same time: whoever comes second sees what the first one did. */
const SENDING = "handover-compose";
const STAGES: readonly Stage[] = ["judging", "sealing", "keeping", "sending"];

interface Done extends groups.Went {
  /** Whom it is about, and who was asked. */
  readonly about: string | null;
  readonly asked: string;
  readonly issued: Issued | null;
}

/** What went out, and what did not: a draft of its own, of the people or providers at these places. */
interface Ended {
  readonly rows: readonly Done[];
  readonly left: readonly number[];
  readonly rest: Draft | null;
}

interface SendStepProps extends StepProps {
  readonly onSent: () => void;
  readonly goOn: (rest: Draft, left: readonly number[]) => void;
}

export function SendStep(props: SendStepProps): VNode {
  const { say, member, local, hub, now } = useApp();
  const { draft, coded, set, onSent, goOn } = props;
  const household = draft.household.length > 0;
  const [stage, setStage] = useState<{ stage: Stage; at: number }>({ stage: "judging", at: -1 });
  const [done, setDone] = useState<Ended | "before" | null>(null);
  const why = useWhy();
  const parts = household ? people(draft).map((_, n) => props.of(n)) : providers(draft).map(asked);
  const targets = useLoaded(() => Promise.all(parts.map((one) => targetOf(member, one.draft, sectionsOf(one)))), []);
  const close = useAction((rest: Draft | null) => endRecord(member, draft, rest));
  const act = useAction(async () => {
    if (targets.is !== "ready") return;
    try {
      await alone(SENDING, () => sendOnce(targets.value));
    } finally {
      setStage({ stage: "judging", at: -1 });
    }
  });

  async function sendOnce(going: readonly Target[]): Promise<void> {
    if (await isOver(member, local, draft)) {
      setDone("before");
      onSent();
      return;
    }
    const rows = await why.with((reason) => sendAll(going, reason));
    const gone = rows.filter(({ sent }) => sent !== null);
    const left = rows.flatMap(({ sent }, at) => (sent === null ? [at] : []));
    const named = gone.map(({ handoff, about, asked: name }) => ({ handoff, name: (household && about) || name }));
    const rest = left.length > 0 ? restOf(draft, left, named) : null;
    setDone({ rows, left, rest }); // whatever fails from here on, it is not sent again
    onSent();
    await endOnDevice(local, draft, rest);
    void close.run(rest);
    for (const { handoff, about } of gone) await keepName(local, handoff, about);
  }

  function asked(one: Draft, n: number): StepProps {
    const change = (row: Provider, at: number, to: Partial<Draft>) => (at === n - 1 ? { ...row, ...to } : row);
    return {
      ...props,
      draft: one,
      set: (to) => set(n === 0 ? to : { also: draft.also.map((row, at) => change(row, at, to)) }),
    };
  }

  async function sendAll(going: readonly Target[], reason: string | undefined): Promise<Done[]> {
    setStage({ stage: "judging", at: 0 });
    const origin = hub || globalThis.location.origin;
    const outs: Outgoing[] = [];
    const links: (Issued | null)[] = [];
    for (const [at, part] of parts.entries()) {
      const target = going[at]!;
      const basis = await basisOf(part, member, reason);
      const files = await gathered(member, alongOf(part));
      const whole = sectionsOf(part);
      const issued = part.draft.byLink
        ? await issue(member, target.out.to, { spoken: true, until: null, origin })
        : null;
      links.push(issued);
      outs.push({ ...(await outgoing(member, part.draft, target, basis, whole, files)), link: issued?.link ?? null });
    }
    const went = await sendOut(outs, reason, (stage, at) => setStage({ stage, at }));
    const said = (at: number) => ({ about: nameIn(outs[at]!.sections), asked: nameOf(going[at]!) });
    return went.map((one, at) => ({ ...one, ...said(at), issued: links[at]! }));
  }

  async function sendOut(
    outs: readonly Outgoing[],
    reason: string | undefined,
    watch: (stage: Stage, at: number) => void,
  ): Promise<groups.Went[]> {
    const [before] = draft.gone;
    if (before) return groups.sendRest(member, before.handoff, outs, reason, watch);
    if (household) return groups.sendHousehold(member, outs, watch);
    if (outs.length > 1) return groups.sendToSeveral(member, outs, watch);
    const sent = draft.again
      ? await groups.follow(member, draft.again, outs[0]!, reason, watch)
      : await send(member, outs[0]!, undefined, (stage) => watch(stage, 0));
    return [{ handoff: sent.handoff, sent, refused: null }];
  }

  if (done === "before") return <Before />;
  if (done) return <Finished {...done} household={household} close={close} goOn={goOn} />;
  const words = (list: string, codes: readonly string[]) => codes.map((code) => coded.word(list, code)).join(", ");
  const soFar = stage.at + STAGES.indexOf(stage.stage) / STAGES.length;
  return (
    <Loaded of={targets}>
      {(going) => (
        <>
          <Facts
            rows={[
              [say("handoff.asked_for"), words("needs", draft.needs)],
              [say("handoff.urgency"), say(`inbox.urgency.${draft.urgency}`)],
              ...(draft.neededFrom ? [[say("handoff.needed_from"), date(say, draft.neededFrom)] as const] : []),
              [say("handoff.purpose"), coded.word("purposes", draft.purpose || purposeOf(draft.needs[0] ?? ""))],
            ]}
          />
          {parts.map((part, at) => (
            <One
              key={at}
              {...part}
              target={going[at]!}
              number={parts.length > 1 ? at + 1 : 0}
              asks={at === 0 || !household}
            />
          ))}
          {why.field}
          {act.error !== null && !why.asked && (
            <>
              <Refused error={act.error} coded={coded} />
              <Reasons error={act.error} />
            </>
          )}
          {stage.at >= 0 && <Progress label={say(`compose.stage_${stage.stage}`)} part={soFar / parts.length} />}
          <p class="row">
            <Button
              kind="main"
              busy={act.busy}
              disabled={!parts.every((part, at) => canGo(part.draft, going[at]!, peopleOf(going[at]!, now())))}
              onClick={act.run}
            >
              {say("compose.seal_and_send")}
            </Button>
          </p>
        </>
      )}
    </Loaded>
  );
}

const alongOf = ({ draft, held, files }: StepProps): Along => ({
  ...{ held, files, sections: draft.sections, papers: draft.papers },
});

/** The persons of a body that only named persons may receive for. */
const peopleOf = ({ to }: Target, now: number): string[] =>
  to.entry.kind === PERSON_ONLY ? [...new Set(membersOf(to, now).map((cert) => cert.member))] : [];

const linkOnly = ({ entry }: Target["to"]): boolean => entry.enc.length === 0 && entry.kind !== PERSON_ONLY;

const canGo = (draft: Draft, { to, out }: Target, people: readonly string[]): boolean =>
  (!linkOnly(to) || draft.byLink) && (people.length === 0 || Boolean(draft.person || out.person));

/** One packet: to whom, how sure their keys are, what goes; and what is still to be said of the recipient. */
function One({ target, number, asks, ...part }: StepProps & { target: Target; number: number; asks: boolean }): VNode {
  const { say, now } = useApp();
  const { draft, coded, set } = part;
  const { to, out, name } = target;
  const { entry } = to;
  const persons = peopleOf(target, now());
  const about = draft.household.length > 0 ? nameIn(sectionsOf(part)) : null;
  const address = [name, shortOf(entry.agency)].filter(Boolean).join(" · ");
  return (
    <section>
      {number > 0 && <h3>{say("compose.packet_number", { number })}</h3>}
      <Facts
        rows={[
          ...(about ? [[say("compose.about"), <Foreign key="about">{about}</Foreign>] as const] : []),
          [say("inbox.to"), <Foreign key="to">{address}</Foreign>],
          [say("compose.keys"), say(`compose.how.${to.how}`)],
          [say("compose.sections"), draft.sections.map((section) => coded.word("categories", section)).join(", ")],
          [say("handoff.attachments"), String(countOf(alongOf(part)))],
        ]}
      />
      {asks && persons.length > 0 && (
        <Choice
          label={say("compose.person")}
          hint={say("compose.person_hint")}
          none={say("compose.choose")}
          value={draft.person || (out.person ?? "")}
          options={persons.map((one) => [
            one,
            `${rolesOf(to, one, now(), coded.word.bind(coded))} (${one.slice(0, 6)})`,
          ])}
          onChoose={(person) => set({ person })}
        />
      )}
      {asks && (linkOnly(to) || draft.byLink || persons.length === 0) && (
        <Tick
          label={say(linkOnly(to) ? "compose.link_only" : "compose.by_link")}
          checked={draft.byLink}
          onTick={(byLink) => set({ byLink })}
        />
      )}
    </section>
  );
}

/** What keeps several packets from going out together, in words; or what a hub said. */
function Refused({ error, coded }: { error: unknown; coded: StepProps["coded"] }): VNode {
  const { say } = useApp();
  const facts = error instanceof HubError && error.code === "invalid_request" ? error.facts : {};
  const section = facts["section"];
  const words =
    section === "basis"
      ? say("compose.own_basis")
      : section
        ? say("compose.names_other", { section: coded.word("categories", String(section)) })
        : facts["field"] === "to"
          ? say("compose.twice")
          : null;
  if (words === null) return <Problem error={error} />;
  return (
    <Notice kind="warn" live>
      <p>{words}</p>
    </Notice>
  );
}

const rolesOf = (
  to: Parameters<typeof membersOf>[0],
  member: string,
  now: number,
  word: (list: string, code: string) => string,
): string => {
  const roles = membersOf(to, now)
    .filter((cert) => cert.member === member)
    .flatMap((cert) => cert.roles);
  return [...new Set(roles)].map((role) => word("roles", role)).join(", ");
};

/** Another tab, or another device, was first. */
function Before(): VNode {
  const { say } = useApp();
  return (
    <>
      <Notice kind="warn" live>
        <p>{say("compose.over")}</p>
      </Notice>
      <p class="row">
        <a class="button" href="#/outbox">
          {say("inbox.title_out")}
        </a>
      </p>
    </>
  );
}

interface FinishedProps extends Ended, Pick<SendStepProps, "goOn"> {
  readonly household: boolean;
  readonly close: Acting<[Draft | null]>;
}

function Finished({ rows, left, rest, household, close, goOn }: FinishedProps): VNode {
  const { say } = useApp();
  const several = rows.length > 1;
  return (
    <>
      {close.error !== null && (
        <Notice kind="warn" live>
          <p>{say("compose.draft_stays")}</p>
          <p>
            <Button busy={close.busy} onClick={() => close.run(rest)}>
              {say("app.try_again")}
            </Button>
          </p>
        </Notice>
      )}
      {rows.map((row) => (
        <section key={row.handoff}>
          {several && (
            <h3>
              <Foreign>{(household && row.about) || row.asked}</Foreign>
            </h3>
          )}
          {row.sent ? <Gone {...row} sent={row.sent} /> : <Problem error={row.refused} />}
        </section>
      ))}
      {rest && (
        <Notice>
          <p>{say("compose.rest_stays")}</p>
        </Notice>
      )}
      <p class="row">
        {rest && (
          <Button kind="main" onClick={() => goOn(rest, left)}>
            {say("compose.go_on_rest")}
          </Button>
        )}
        <a class="button" href="#/outbox">
          {say("inbox.title_out")}
        </a>
      </p>
    </>
  );
}

function Gone({ sent, issued }: Done & { sent: Sent }): VNode {
  const { say } = useApp();
  const queued = Boolean((sent.shown as JsonObject | null)?.["queued"]);
  const key = sent.cosign !== null ? "waits_cosign" : queued ? "queued" : "sent";
  return (
    <>
      <Notice kind="good" live>
        <p>{say(`compose.${key}`)}</p>
        {sent.removed.length > 0 && <p>{say.many("compose.removed", sent.removed.length)}</p>}
      </Notice>
      {issued && <IssuedView issued={issued} />}
      {sent.cosign === null && !queued && (
        <p>
          <a class="button main" href={`#/handoff/${sent.handoff}`}>
            {say("compose.see_it")}
          </a>
        </p>
      )}
    </>
  );
}

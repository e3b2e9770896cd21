/** On which consent it goes, which sections and documents go with it, and what they will see. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import type { Held, Preview } from "../../../client/basis.ts";
import { askedOf, type Outgoing } from "../../../client/sending.ts";
import { isObject, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Ticks } from "../../kit/controls.tsx";
import { Foreign, Notice } from "../../kit/showing.tsx";
import { loadLabels, type Labels } from "../cases/labels.ts";
import { OfAnother } from "../consent/of_another.tsx";
import { basisName, ofAnother, standingOf } from "../consent/standing.ts";
import { VITAL } from "../../../consent/basis.ts";
import { WhatTheyWillSee } from "../consent/they_see.tsx";
import type { Reason } from "../../../consent/decide.ts";
import { Reasons } from "../consent/reasons.tsx";
import { loadConsentWords, useSpoken } from "../consent/room.ts";
import { Attach, titlesOf } from "../handoff/attach.tsx";
import { useWhy } from "../handoff/why.tsx";
import { nameIn } from "../inbox/names.ts";
import { people, providers, purposeOf, sectionsOf } from "./draft.ts";
import { basisOf, nameOf, targetOf, type Target } from "./going.ts";
import type { StepProps } from "./index.tsx";
import { loadSentences, type Sentences } from "./sentences.ts";

/** One person after the other: each has a basis and a packet of their own. */
export function BasisStep(props: StepProps): VNode {
  const { say } = useApp();
  const [at, go] = useState(0);
  const { draft, of, next } = props;
  const all = people(draft);
  const one = of(at);
  useEffect(() => {
    if (at > 0) document.getElementById("person")?.focus();
  }, [at]);
  if (all.length === 1) return <OnBasis {...props} />;
  return (
    <>
      <h3 id="person" tabIndex={-1}>
        {say("compose.person_of", { number: at + 1, count: all.length })}
        {": "}
        <Foreign>{nameIn(sectionsOf(one)) ?? one.held?.reference ?? ""}</Foreign>
      </h3>
      <OnBasis key={at} {...one} next={at + 1 < all.length ? () => go(at + 1) : next} />
    </>
  );
}

function OnBasis(props: StepProps): VNode {
  const { say, member, now, lang } = useApp();
  const { draft, held, came, set } = props;
  const sections = sectionsOf(props);
  const reference = held?.reference ?? null;
  const why = useWhy();
  const whom = providers(draft);
  const loading = useLoaded(async () => {
    const [targets, listed, sentences, labels] = await Promise.all([
      Promise.all(whom.map((one) => targetOf(member, one, sections))),
      bases.listing(member),
      loadSentences(lang),
      loadLabels(lang),
      loadConsentWords(lang),
    ]);
    const fits = listed.filter(({ basis }) => !draft.unnamed || basis.kind === VITAL);
    const live = fits.filter((one) => ["live", "soon"].includes(standingOf(say, one, now()).is));
    const names = (one: Held) => targets.every(({ to }) => recipients(one).includes(to.entry.agency));
    const order = (one: Held) => Number(ofAnother(one, reference)) * 2 + Number(!names(one));
    return { targets, sentences, labels, live: live.sort((a, b) => order(a) - order(b)), names };
  }, [JSON.stringify(whom.map(({ service, to, kind }) => [service, to, kind])), held]);
  const open = useLoaded(
    async () => (draft.basis || came ? why.with((reason) => basisOf(props, member, reason)) : null),
    [draft.basis],
  );
  const basis = open.is === "ready" ? open.value : null;
  return (
    <Loaded of={loading}>
      {({ targets, live, names, sentences, labels }) => (
        <>
          {targets.map((target) => (
            <Aimed key={nameOf(target)} target={target} sentences={sentences} />
          ))}
          {!came && (
            <>
              <Choice
                label={say("compose.basis")}
                hint={say("compose.basis_hint")}
                none={say("compose.choose")}
                value={draft.basis}
                options={live.map((one) => [
                  one.handoff,
                  `${names(one) ? "" : say("compose.not_named")}${basisName(one) || say("consent.unnamed")} (${standingOf(say, one, now()).words})`,
                ])}
                onChoose={(record) => record !== draft.basis && set({ basis: record, sections: [] })}
              />
              <p>
                <a href="#/consent/new">{say("compose.record_consent")}</a>
              </p>
            </>
          )}
          {basis && basis.handoff === draft.basis && <OfAnother held={basis} reference={reference} />}
          {why.field}
          {why.asked && <Button onClick={open.again}>{say("app.next")}</Button>}
          {open.is === "failed" && !why.asked && <Problem error={open.error} />}
          {basis && (came !== null || basis.handoff === draft.basis) && (
            <Choosing {...props} key={basis.handoff} {...{ basis, targets, labels }} whole={sections} />
          )}
        </>
      )}
    </Loaded>
  );
}

function Aimed({ target, sentences }: { target: Target; sentences: Sentences }): VNode {
  const { say } = useApp();
  return (
    <>
      <p>
        {say("inbox.to")} <Foreign>{nameOf(target)}</Foreign>
      </p>
      {target.warnings.map((one) => (
        <Notice kind="warn" key={one}>
          <p>{sentences.mark(one)}</p>
        </Notice>
      ))}
    </>
  );
}

/** Whom a basis names. */
function recipients({ basis }: Held): string[] {
  const facts = basis as unknown as JsonObject;
  const grants = Array.isArray(facts["grants"]) ? facts["grants"].filter(isObject) : [];
  const named = Array.isArray(facts["recipients"]) ? facts["recipients"] : [];
  return [...grants.map(({ recipient }) => recipient), ...named].map(String);
}

interface ChoosingProps extends StepProps {
  readonly basis: Held;
  readonly targets: readonly Target[];
  readonly labels: Labels;
  /** Every section that there is. */
  readonly whole: JsonObject;
}

function Choosing({
  draft,
  held,
  coded,
  files,
  set,
  setFiles,
  next,
  basis,
  targets,
  labels,
  whole,
}: ChoosingProps): VNode {
  const { say, member } = useApp();
  const [previews, setPreviews] = useState<readonly Preview[]>([]);
  const names = bases.categories(Object.keys(whole));
  const purpose = draft.purpose || purposeOf(draft.needs[0] ?? "");
  const asked = (target: Target, some: readonly string[]) => {
    const sections = Object.fromEntries(Object.entries(whole).filter(([name]) => some.includes(name)));
    return askedOf({ ...target.out, sections, basis, purpose } as Outgoing, target.to);
  };
  // The first proposal is all that the basis covers: the worker takes away what is not needed.
  const first = useLoaded(
    () => Promise.all(targets.map((target) => bases.preview(member, basis, asked(target, names)))),
    [basis],
  );
  useEffect(() => {
    if (first.is === "ready" && draft.sections.length === 0) set({ sections: seenByAll(first.value) });
  }, [first.is]);
  const missing = new Map(first.is === "ready" ? first.value.flatMap((one) => [...one.missing]) : []);
  const chosen = names.filter((name) => draft.sections.includes(name));
  const shown = Object.fromEntries(Object.entries(whole).filter(([name]) => chosen.includes(name)));
  const along = { held, sections: chosen, files, papers: draft.papers };
  const answered = targets.every((_, at) => previews[at]);
  const permitted = answered && previews.every((one) => one.permitted);
  const covered = answered ? seenByAll(previews) : [];
  return (
    <>
      <Ticks
        label={say("compose.sections")}
        hint={say("compose.sections_hint")}
        values={chosen}
        options={coded.options("categories", names)}
        onChange={(sections) => set({ sections })}
      />
      <NotCovered missing={[...missing]} coded={coded} open={missing.size === names.length} />
      {!draft.unnamed && (
        <Attach {...along} labels={labels} onFiles={setFiles} onPapers={(papers) => set({ papers })} />
      )}
      <h3>{say("compose.they_see")}</h3>
      {chosen.length === 0 && <p>{say("compose.nothing_chosen")}</p>}
      {chosen.length > 0 &&
        targets.map((target, at) => (
          <WhatTheyWillSee
            key={nameOf(target)}
            held={basis}
            asked={asked(target, chosen)}
            sections={shown}
            files={titlesOf(along, labels)}
            onPreview={(found) => setPreviews((all) => targets.map((_, n) => (n === at ? found : all[n]!)))}
          />
        ))}
      <p class="row">
        {answered && !permitted && covered.length > 0 && (
          <Button onClick={() => set({ sections: covered })}>{say("compose.only_covered")}</Button>
        )}
        <Button kind="main" disabled={chosen.length === 0 || !permitted} onClick={next}>
          {say("app.next")}
        </Button>
      </p>
    </>
  );
}

const seenByAll = ([one, ...others]: readonly Preview[]): string[] =>
  (one?.seen ?? []).filter((name) => others.every(({ seen }) => seen.includes(name)));

/** What the consent does not cover for this recipient, and why: whoever knows can ask for it. */
function NotCovered({
  missing,
  coded,
  open,
}: Pick<StepProps, "coded"> & {
  missing: readonly (readonly [string, readonly Reason[]])[];
  /** Nothing at all is covered: why not is what the worker needs to know. */
  open: boolean;
}): VNode | null {
  const { say } = useApp();
  const spoken = useSpoken();
  if (missing.length === 0) return null;
  return (
    <details open={open}>
      <summary>
        {say("compose.not_covered", { what: missing.map(([name]) => coded.word("categories", name)).join(", ") })}
      </summary>
      <Loaded of={spoken}>
        {(words) => <Reasons reasons={missing.flatMap(([, reasons]) => reasons)} words={words} />}
      </Loaded>
    </details>
  );
}

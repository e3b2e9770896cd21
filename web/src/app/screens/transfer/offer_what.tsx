/** What goes along with an offer, on which consent, and what they will see; the gates before it is signed. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import type { Held, Preview } from "../../../client/basis.ts";
import * as checking from "../../../client/checking.ts";
import type { Result } from "../../../client/gates.ts";
import { received } from "../../../client/opening.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Form } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { loadLabels } from "../cases/labels.ts";
import { OfAnother } from "../consent/of_another.tsx";
import { loadConsentWords } from "../consent/room.ts";
import { basisName, ofAnother } from "../consent/standing.ts";
import { WhatTheyWillSee } from "../consent/they_see.tsx";
import { Attach, titlesOf } from "../handoff/attach.tsx";
import { Checklist } from "./checklist.tsx";
import { Lift } from "./lift.tsx";
import { PURPOSE, type StepProps } from "./offer_draft.ts";
import { planTyped } from "./plan_fields.tsx";
import { SectionTicks } from "./signing.tsx";

const CAME = "came:";

export function What({ held, draft, put, files, setFiles, next }: StepProps): VNode {
  const { say, member, lang } = useApp();
  const [tried, setTried] = useState(false);
  const [preview, see] = useState<Preview | null>(null);
  const [asked, ask] = useState("");
  const loading = useLoaded(async () => {
    const [all, labels, to] = await Promise.all([
      bases.listing(member),
      loadLabels(lang),
      member.trust.agency(draft.to),
      loadConsentWords(lang),
    ]);
    const live = all.filter((one) => one.live);
    const order = (one: Held) => Number(ofAnother(one, held.reference));
    return { live: live.sort((a, b) => order(a) - order(b)), labels, to };
  }, [member, lang, draft.to]);
  const came = held.legs.length > 0 && typeof held.value["came"] !== "undefined" ? held.legs[0]! : null;
  const choose = useAction(async (name: string, live: readonly Held[]) => {
    ask(name);
    const found = name.startsWith(CAME)
      ? await received(member, name.slice(CAME.length))
      : live.find((one) => one.handoff === name);
    put({ held: found ?? null, sections: found ? await covered(found) : [] });
  });
  /** What the consent covers, to begin with; the worker leaves out what is not needed. */
  async function covered(found: Held): Promise<readonly string[]> {
    const to = await member.trust.agency(draft.to, { fresh: false });
    const categories = bases.categories(Object.keys(held.sections));
    return (await bases.preview(member, found, { to, purpose: PURPOSE, categories })).seen;
  }
  const chosen = draft.sections.filter((name) => name in held.sections);
  const along = { held, sections: chosen, files, papers: draft.papers };
  const ready = draft.held !== null && chosen.length > 0 && preview?.permitted === true;
  return (
    <Loaded of={loading}>
      {({ live, labels, to }) => (
        <Form
          onSend={() => {
            setTried(true);
            if (ready) next();
          }}
        >
          {live.length === 0 && came === null ? (
            <Notice kind="warn">
              <p>{say("transfer.offer.no_basis")}</p>
              <a href="#/consent">{say("app.nav_consent")}</a>
            </Notice>
          ) : (
            <Choice
              label={say("transfer.offer.basis")}
              none={say("transfer.offer.basis_none")}
              value={choose.busy ? asked : draft.held ? nameOf(draft.held) : ""}
              options={[
                ...live.map((one): [string, string] => [one.handoff, basisName(one)]),
                ...(came === null ? [] : [[`${CAME}${came}`, say("transfer.offer.passing")] as [string, string]]),
              ]}
              onChoose={(name) => choose.run(name, live)}
              error={tried && !draft.held ? say("app.required") : null}
            />
          )}
          {draft.held && <OfAnother held={draft.held} reference={held.reference} />}
          {choose.error !== null && <Problem error={choose.error} />}
          <SectionTicks
            {...{ held, labels, tried }}
            hint={say("transfer.offer.searched")}
            values={chosen}
            onChange={(sections) => put({ sections })}
          />
          <Attach {...along} labels={labels} onFiles={setFiles} onPapers={(papers) => put({ papers })} />
          {draft.held && chosen.length > 0 && (
            <>
              <h2>{say("transfer.offer.see")}</h2>
              <WhatTheyWillSee
                held={draft.held}
                asked={{ to, purpose: PURPOSE, categories: bases.categories(chosen) }}
                sections={Object.fromEntries(chosen.map((name) => [name, held.sections[name]!]))}
                files={titlesOf(along, labels)}
                onPreview={see}
              />
              {preview && preview.missing.size > 0 && (
                <p class="row">
                  <Button onClick={() => put({ sections: preview.seen })}>{say("transfer.offer.leave_out")}</Button>
                </p>
              )}
            </>
          )}
          <p class="row">
            <Button kind="main" type="submit" disabled={tried && !ready}>
              {say("app.next")}
            </Button>
          </p>
        </Form>
      )}
    </Loaded>
  );
}

const nameOf = (held: Held): string => (held.cameBy === null ? held.handoff : `${CAME}${held.cameBy}`);

export function Check({ held, draft, next }: StepProps): VNode {
  const { say, member } = useApp();
  const [round, again] = useState(0);
  const found = useLoaded<Result>(
    () => checking.beforeOffer(member, held.record, draft.to, draft.purpose, draft.leg, planTyped(draft.plan)),
    [member, held.record, draft.leg, round],
  );
  return (
    <>
      <p>{say("transfer.gates_about")}</p>
      <Loaded of={found}>
        {(result) => (
          <>
            <Checklist result={result} />
            <p class="row">
              <Button kind="main" disabled={!result.permitted} onClick={next}>
                {say("app.next")}
              </Button>
              <Button onClick={() => again(round + 1)}>{say("transfer.offer.recheck")}</Button>
              <a class="button" href={`#/cases/${held.record}`}>
                {say("transfer.offer.fix_case")}
              </a>
            </p>
            {!result.permitted && (
              <details>
                <summary>{say("transfer.gates_lift")}</summary>
                <p>
                  {say("transfer.lift.by_another")}{" "}
                  <a href={`#/transfer/lift/${held.record}?leg=${draft.leg}`}>{say("transfer.lift.title")}</a>
                </p>
                <Lift record={held.record} leg={draft.leg} onDone={() => again(round + 1)} />
              </details>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

/** Approving that a rule is lifted on a consent, with a reason that stays here; where two must sign, the second says the same. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import type { Approval } from "../../../client/basis.ts";
import { SHORTEST_REASON, type Override } from "../../../consent/basis.ts";
import { CATEGORIES, dayOf, later, MAY_BE_LIFTED } from "../../../consent/policy.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choice, DateField, TextArea, Tick, Ticks } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { AgencyChoice } from "./agency_choice.tsx";
import type { OfOne } from "./one.tsx";
import { Lifted } from "./view.tsx";

export function Lift({ held, why, words, again }: OfOne): VNode {
  const { member, say, now } = useApp();
  const today = dayOf(now());
  const [said, set] = useState<Approval>({
    rule: MAY_BE_LIFTED[0]!,
    categories: null,
    recipient: null,
    from: today,
    until: later(today, 30),
    code: "best_interests",
    reason: "",
    child_told: false,
    child_agreed: false,
  });
  const change = (more: Partial<Approval>) => set({ ...said, ...more });
  const approving = useAction(async (row: Approval) => {
    await bases.approve(member, held.handoff, row, why);
    again();
  });
  const short = said.reason.trim().length < SHORTEST_REASON;
  const waiting = held.consent!.overrides.filter(({ by }) => !by.some((signer) => signer.member === member.id));
  return (
    <Page title={say("consent.lift")} back={`consent/${held.handoff}`}>
      <p>{say("consent.lift_about")}</p>
      {approving.done && (
        <Notice kind="good" live>
          <p>{say("consent.lift_done")}</p>
        </Notice>
      )}
      {approving.error !== null && <Problem error={approving.error} />}
      {held.consent!.overrides.length > 0 && <Lifted consent={held.consent!} words={words} />}
      {waiting.map((row, n) => (
        <p key={n}>
          <Button busy={approving.busy} onClick={() => approving.run(sameAs(row))}>
            {say("consent.sign_too", { rule: row.rule })}
          </Button>
        </p>
      ))}
      <h2>{say("consent.lift_new")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!short) void approving.run({ ...said, reason: said.reason.trim() });
        }}
      >
        <Choice
          label={say("consent.rule")}
          value={said.rule}
          onChoose={(rule) => change({ rule })}
          options={MAY_BE_LIFTED.map((rule) => [rule, `${words.message(rule)} (${rule})`])}
        />
        <Ticks
          label={say("consent.lift_sections")}
          hint={say("consent.lift_all")}
          values={said.categories ?? []}
          onChange={(names) => change({ categories: names.length ? [...names].sort() : null })}
          options={CATEGORIES.map((name) => [name, words.name("section", name)])}
        />
        <AgencyChoice
          label={say("consent.lift_for")}
          optional
          value={said.recipient ?? ""}
          onChoose={(agency) => change({ recipient: agency || null })}
        />
        <DateField
          label={say("consent.lift_until")}
          value={said.until}
          min={today}
          onInput={(until) => change({ until })}
        />
        <TextArea
          label={say("consent.lift_reason")}
          hint={say("consent.lift_reason_hint", { count: SHORTEST_REASON })}
          value={said.reason}
          onInput={(reason) => change({ reason })}
        />
        <Tick label={say("consent.child_told")} checked={said.child_told} onTick={(on) => change({ child_told: on })} />
        <Tick
          label={say("consent.child_agreed")}
          checked={said.child_agreed}
          onTick={(on) => change({ child_agreed: on })}
        />
        <Button type="submit" kind="main" busy={approving.busy} disabled={short}>
          {say("consent.approve")}
        </Button>
      </form>
    </Page>
  );
}

function sameAs({ by: _, proof: __, ...said }: Override): Approval {
  return said;
}

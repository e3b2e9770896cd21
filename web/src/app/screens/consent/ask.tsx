/** May this be sent? The decision on a basis, with its reasons in plain words, and what each rule found. Sends nothing. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as bases from "../../../client/basis.ts";
import type { Deny, Permit } from "../../../consent/decide.ts";
import { CATEGORIES, PURPOSES, SERVICES } from "../../../consent/policy.ts";
import { PROTECT } from "../../../consent/protect.ts";
import type { Words } from "../../../consent/words.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, Form, Ticks } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { AgencyChoice } from "./agency_choice.tsx";
import type { OfOne } from "./one.tsx";
import { Reasons } from "./reasons.tsx";

export function Ask({ held, words }: OfOne): VNode {
  const { member, say } = useApp();
  const [first] = held.consent?.grants ?? [];
  const [to, setTo] = useState(first?.recipient ?? "");
  const [purpose, setPurpose] = useState(first?.purpose ?? PURPOSES[0]!);
  const [service, setService] = useState("");
  const [sections, setSections] = useState<string[]>(first?.categories ?? []);
  const [found, show] = useState<Permit | Deny | null>(null);
  const asking = useAction(async () => {
    show(null);
    const agency = await member.trust.agency(to);
    show(await bases.explain(member, held, { to: agency, purpose, categories: sections, service: service || null }));
  });
  const complete = to !== "" && sections.length > 0;
  return (
    <Page title={say("consent.may_title")} back={`consent/${held.handoff}`}>
      <p>{say("consent.may_about")}</p>
      <Form
        onSend={() => {
          if (complete) void asking.run();
        }}
      >
        <AgencyChoice label={say("consent.to")} value={to} onChoose={setTo} without={[member.agency]} />
        <Choice
          label={say("consent.purpose")}
          value={purpose}
          onChoose={setPurpose}
          options={PURPOSES.map((name) => [name, words.name("purpose", name)])}
        />
        <Choice
          label={say("consent.service")}
          optional
          none={say("consent.no_service")}
          value={service}
          onChoose={setService}
          options={SERVICES.map((name) => [name, words.name("service", name)])}
        />
        <Ticks
          label={say("consent.sections")}
          values={sections}
          onChange={setSections}
          options={CATEGORIES.map((name) => [name, words.name("section", name)])}
        />
        <Button type="submit" kind="main" busy={asking.busy} disabled={!complete}>
          {say("consent.may_button")}
        </Button>
      </Form>
      {asking.error !== null && <Problem error={asking.error} />}
      {found && <Answer found={found} words={words} />}
    </Page>
  );
}

function Answer({ found, words }: { found: Permit | Deny; words: Words }): VNode {
  const { say } = useApp();
  return (
    <section>
      <h2>{say("consent.may_answer")}</h2>
      {found.permit ? (
        <Notice kind="good" live>
          <p>{say("consent.may_yes", { date: date(say, found.until) })}</p>
          {found.obligations.includes(PROTECT) && <p>{say("consent.taken_out_about")}</p>}
        </Notice>
      ) : (
        <Notice kind="warn" live>
          <p>{say("consent.may_no")}</p>
          <Reasons reasons={found.reasons} words={words} />
        </Notice>
      )}
      <details>
        <summary>{say("consent.every_rule")}</summary>
        <ul>
          {[...new Set(found.findings.map(({ rule }) => rule))].map((rule) => (
            <li key={rule}>
              {rule}:{" "}
              {saidOf(found, rule)
                .map((word) => say(`consent.found.${word}`))
                .join(", ")}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

const saidOf = ({ findings }: Permit | Deny, rule: string): string[] => [
  ...new Set(findings.filter((row) => row.rule === rule).map((row) => row.found)),
];

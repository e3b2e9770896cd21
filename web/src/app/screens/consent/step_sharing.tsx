/** A step of recording a consent: what may be shared with whom, and what never. */

import type { VNode } from "preact";
import { CATEGORIES, PURPOSES, TIER_3 } from "../../../consent/policy.ts";
import { useApp } from "../../core/app.ts";
import { Button, Choice, DateField, TextField, Ticks } from "../../kit/controls.tsx";
import { Card, Foreign } from "../../kit/showing.tsx";
import { shortOf } from "../../../client/agencies.ts";
import { AgencyChoice } from "./agency_choice.tsx";
import { Denied } from "./view.tsx";
import { newGrant, type GrantForm } from "./form.ts";
import { type StepProps } from "./steps.tsx";

export function Sharing(props: StepProps): VNode {
  const { form, change, update, words, wrong, today } = props;
  const { say } = useApp();
  const put = (at: number, more: Partial<GrantForm>) =>
    update(({ grants }) => ({ grants: grants.map((one, n) => (n === at ? { ...one, ...more } : one)) }));
  return (
    <>
      <p>{say("consent.sharing_about")}</p>
      {form.grants.map((row, n) => (
        <Card key={n} title={say("consent.grant", { n: n + 1 })}>
          <GrantFields {...props} row={row} at={n} put={(more) => put(n, more)} />
          <Button onClick={() => change({ grants: form.grants.filter((_, at) => at !== n) })}>
            {say("consent.grant_remove", { n: n + 1 })}
          </Button>
        </Card>
      ))}
      {wrong("grants") && (
        <p class="error" role="alert">
          {wrong("grants")}
        </p>
      )}
      <Button onClick={() => change({ grants: [...form.grants, newGrant(today)] })}>{say("consent.grant_add")}</Button>
      <h3>{say("consent.never")}</h3>
      {form.denied.length > 0 && (
        <>
          <p>{say("consent.never_stays")}</p>
          <ul>
            {form.denied.map((row, n) => (
              <li key={n}>
                <Denied row={row} words={words} />
              </li>
            ))}
          </ul>
        </>
      )}
      <Ticks
        label={say("consent.never_sections")}
        hint={say("consent.never_hint")}
        values={form.never}
        onChange={(never) => change({ never })}
        options={CATEGORIES.map((name) => [name, words.name("section", name)])}
      />
      <TextField
        label={say("consent.never_party")}
        hint={say("consent.never_party_hint")}
        optional
        value={form.neverParty}
        onInput={(neverParty) => change({ neverParty })}
      />
    </>
  );
}

interface GrantProps extends StepProps {
  readonly row: GrantForm;
  readonly at: number;
  readonly put: (more: Partial<GrantForm>) => void;
}

function GrantFields({ row, at, put, words, wrong, today }: GrantProps): VNode {
  const { member, say } = useApp();
  const risky = row.categories.filter((name) => TIER_3.includes(name));
  const choose = async (recipient: string) => {
    put({ recipient, country: "" });
    if (!recipient) return;
    const { entry } = await member.trust.lookAt(recipient);
    put({ country: entry.country });
  };
  return (
    <>
      <AgencyChoice
        label={say("consent.to")}
        error={wrong(`grants.${at}.recipient`)}
        value={row.recipient}
        onChoose={(agency) => void choose(agency)}
        without={[member.agency]}
      />
      {row.country && <p class="hint">{say("consent.in_country", { country: words.country(row.country) })}</p>}
      <Choice
        label={say("consent.purpose")}
        value={row.purpose}
        onChoose={(purpose) => put({ purpose })}
        options={PURPOSES.map((name) => [name, words.name("purpose", name)])}
      />
      <Ticks
        label={say("consent.sections")}
        error={wrong(`grants.${at}.categories`)}
        values={row.categories}
        onChange={(categories) => put({ categories })}
        options={CATEGORIES.map((name) => [name, words.name("section", name)])}
      />
      {risky.length > 0 && (
        <Ticks
          label={say("consent.turn_on")}
          hint={say("consent.turn_on_hint")}
          values={row.turnedOn}
          onChange={(turnedOn) => put({ turnedOn })}
          options={risky.map((name) => [name, words.name("section", name)])}
        />
      )}
      <DateField
        label={say("consent.lasts")}
        error={wrong(`grants.${at}.until`)}
        min={today}
        value={row.until}
        onInput={(until) => put({ until })}
      />
      <AgencyChoice
        label={say("consent.onward")}
        hint={say("consent.onward_hint")}
        optional
        value=""
        onChoose={(agency) => agency && put({ onward: [...row.onward, agency] })}
        without={[member.agency, row.recipient, ...row.onward]}
      />
      {row.onward.map((agency) => (
        <p key={agency} class="row">
          <Foreign>{shortOf(agency)}</Foreign>
          <Button
            label={say("consent.remove", { what: shortOf(agency) })}
            onClick={() => put({ onward: row.onward.filter((one) => one !== agency) })}
          >
            {say("consent.remove_short")}
          </Button>
        </p>
      ))}
    </>
  );
}

/**
 * What has to stand before anything can be sent: who was trained to record consents (R46), what the agency declares (R09),
 * and the sharing protocols between countries (R10). Each by whose role it is.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as around from "../../../client/around.ts";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import * as training from "../../../client/training.ts";
import { CATEGORIES, dayOf, later } from "../../../consent/policy.ts";
import type { Words } from "../../../consent/words.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, DateField, TextField, Ticks } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { useSpoken } from "./room.ts";
import { useCountries } from "./steps.tsx";

/** A declaration holds two years at most. */
const LONGEST = 730;

export function Ground(): VNode {
  const { say } = useApp();
  const words = useSpoken();
  return (
    <Page title={say("consent.ground")} back="consent">
      <p>{say("consent.ground_about")}</p>
      <Trained />
      <Declared />
      <Loaded of={words}>{(found) => <Protocols words={found} />}</Loaded>
    </Page>
  );
}

function Trained(): VNode {
  const { member, say, roles, now } = useApp();
  const today = dayOf(now());
  const [who, choose] = useState("");
  const [until, set] = useState(later(today, 365));
  const found = useLoaded(async () => {
    const [rows, people] = await Promise.all([training.listing(member), colleagues(member)]);
    return { rows, people };
  }, []);
  const recording = useAction(async () => {
    await training.record(member, who, ["consent"], until);
    choose("");
    found.again();
  });
  const may = roles.some((role) => ["supervisor", "agency_admin"].includes(role));
  return (
    <Card title={say("consent.trained")}>
      <p>{say("consent.trained_about")}</p>
      <Loaded of={found}>
        {({ rows, people }) => (
          <>
            {rows.length === 0 && <Empty>{say("consent.trained_nobody")}</Empty>}
            <ul>
              {rows.map((row) => (
                <li key={row.record}>
                  <Foreign>{calledIn(people, row.member)}</Foreign>,{" "}
                  {say("consent.until", { date: date(say, row.until) })}
                </li>
              ))}
            </ul>
            {may && (
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  if (who) void recording.run();
                }}
              >
                <Choice
                  label={say("consent.trained_who")}
                  value={who}
                  none={say("consent.choose")}
                  onChoose={choose}
                  options={people.filter((one) => one.member !== member.id).map((one) => [one.member, one.login])}
                />
                <DateField label={say("consent.lasts")} value={until} min={today} onInput={set} />
                <Button type="submit" busy={recording.busy} disabled={!who}>
                  {say("consent.trained_record")}
                </Button>
              </form>
            )}
          </>
        )}
      </Loaded>
      {recording.error !== null && <Problem error={recording.error} />}
      {!may && <p class="quiet">{say("consent.trained_may")}</p>}
    </Card>
  );
}

function Declared(): VNode {
  const { member, say, roles, now } = useApp();
  const today = dayOf(now());
  const [until, set] = useState(later(today, 365));
  const found = useLoaded(async () => ({ said: await around.attestation(member, await member.home()) }), []);
  const declaring = useAction(async () => {
    await around.attest(member, until, until);
    found.again();
  });
  const may = roles.some((role) => ["agency_admin", "data_officer"].includes(role));
  return (
    <Card title={say("consent.declared")}>
      <p>{say("consent.declared_about")}</p>
      <Loaded of={found}>
        {({ said }) =>
          said && said.firewall_until >= today && said.safeguarding_until >= today ? (
            <p>
              {say("consent.declared_until", {
                date: date(say, [said.firewall_until, said.safeguarding_until].sort()[0]!),
              })}
            </p>
          ) : (
            <Notice kind="warn">
              <p>{say("consent.declared_not")}</p>
            </Notice>
          )
        }
      </Loaded>
      {may ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void declaring.run();
          }}
        >
          <DateField
            label={say("consent.lasts")}
            hint={say("consent.declared_longest")}
            value={until}
            min={today}
            max={later(today, LONGEST)}
            onInput={set}
          />
          <Button type="submit" busy={declaring.busy}>
            {say("consent.declare")}
          </Button>
        </form>
      ) : (
        <p class="quiet">{say("consent.declared_may")}</p>
      )}
      {declaring.error !== null && <Problem error={declaring.error} />}
    </Card>
  );
}

interface Agreed {
  readonly label: string;
  readonly countries: string[];
  readonly categories: string[];
  readonly from: string;
  readonly until: string;
}

function Protocols({ words }: { words: Words }): VNode {
  const { member, say, roles, now } = useApp();
  const today = dayOf(now());
  const countries = useCountries(words);
  const empty = {
    label: "",
    countries: [] as string[],
    categories: [...CATEGORIES],
    from: today,
    until: later(today, 365),
  };
  const [row, set] = useState<Agreed>(empty);
  const change = (more: Partial<Agreed>) => set({ ...row, ...more });
  const found = useLoaded(async () => (await around.protocols(member)) as unknown as Agreed[], []);
  const keeping = useAction(async () => {
    await around.putProtocol(member, { ...row });
    set(empty);
    found.again();
  });
  const ready = row.label.trim() !== "" && row.countries.length > 1 && row.categories.length > 0;
  return (
    <Card title={say("consent.protocols")}>
      <p>{say("consent.protocols_about")}</p>
      <Loaded of={found}>
        {(rows) => (
          <>
            {rows.length === 0 && <Empty>{say("consent.protocols_none")}</Empty>}
            <ul>
              {rows.map((one, n) => (
                <li key={n}>
                  <Foreign>{one.label}</Foreign>: {one.countries.map((code) => words.country(code)).join(", ")},{" "}
                  {say("consent.until", { date: date(say, one.until) })}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {roles.includes("data_officer") ? (
        <details>
          <summary>{say("consent.protocol_new")}</summary>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (ready) void keeping.run();
            }}
          >
            <TextField label={say("consent.protocol_label")} value={row.label} onInput={(label) => change({ label })} />
            <Ticks
              label={say("consent.protocol_countries")}
              hint={say("consent.protocol_two")}
              values={row.countries}
              onChange={(chosen) => change({ countries: chosen })}
              options={countries}
            />
            <Ticks
              label={say("consent.sections")}
              values={row.categories}
              onChange={(categories) => change({ categories })}
              options={CATEGORIES.map((name) => [name, words.name("section", name)])}
            />
            <DateField label={say("consent.protocol_from")} value={row.from} onInput={(from) => change({ from })} />
            <DateField
              label={say("consent.lasts")}
              value={row.until}
              min={today}
              onInput={(until) => change({ until })}
            />
            <Button type="submit" busy={keeping.busy} disabled={!ready}>
              {say("consent.keep")}
            </Button>
          </form>
        </details>
      ) : (
        <p class="quiet">{say("consent.protocol_may")}</p>
      )}
      {keeping.error !== null && <Problem error={keeping.error} />}
    </Card>
  );
}

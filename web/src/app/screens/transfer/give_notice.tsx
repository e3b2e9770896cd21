/** Saying that people arrive, for a body that may give notice and never receives anything: day, place, how, and how many of whom. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { known as agencies, labelOf } from "../../../client/agencies.ts";
import { AGE_BANDS } from "../../../client/alone.ts";
import * as notices from "../../../client/notices.ts";
import { SEXES } from "../../../client/reasons.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useAction, useLoaded } from "../../core/loading.tsx";
import { dateOf } from "../../core/time.ts";
import { Button, Choice, Choices, DateField, Form, TextField } from "../../kit/controls.tsx";
import { Card, Notice, Page } from "../../kit/showing.tsx";
import { loadCoded } from "../handoff/coded.ts";
import { Foot } from "./signing.tsx";

const WAYS = ["land", "air", "sea"];

interface Person {
  readonly age_band: string;
  readonly sex: string;
  readonly reference: string;
}

export function GiveNotice(): VNode {
  const { say, member, lang, now } = useApp();
  const nobody: Person = { age_band: AGE_BANDS[0]!, sex: "", reference: "" };
  const [said, setSaid] = useState({ to: "", on: dateOf(now()), place: "", how: WAYS[0]! });
  const [people, setPeople] = useState<readonly Person[]>([nobody]);
  const [tried, setTried] = useState(false);
  const [sent, setSent] = useState(false);
  const loading = useLoaded(async () => {
    const [rows, coded] = await Promise.all([agencies(member), loadCoded(lang)]);
    return { rows: rows.filter(({ agency }) => agency !== member.agency), coded };
  }, [member, lang]);
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const change = (at: number, changes: Partial<Person>) =>
    setPeople(people.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  const act = useAction(async () => {
    setTried(true);
    const { to, on, how } = said;
    const place = said.place.trim();
    if (!to || !on || !place) return;
    const rows = people.map((one) => ({
      age_band: one.age_band,
      sex: one.sex || null,
      reference: one.reference.trim() || null,
    }));
    await notices.send(member, to, { on, at: null, place, how, people: rows });
    setSent(true);
  });
  const needed = (value: string): string | null => (tried && !value.trim() ? say("app.required") : null);
  return (
    <Page title={say("transfer.notices.give")} back="board">
      <p class="lead">{say("transfer.notices.give_about")}</p>
      {sent ? (
        <Notice kind="good" live>
          <p>{say("transfer.notices.given")}</p>
        </Notice>
      ) : (
        <Loaded of={loading}>
          {({ rows, coded }) => (
            <Form onSend={act.run}>
              <Choice
                label={say("transfer.offer.to")}
                none={say("transfer.offer.to_none")}
                value={said.to}
                options={rows.map((row) => [row.agency, labelOf(row)])}
                onChoose={set("to")}
                error={needed(said.to)}
              />
              <DateField
                label={say("transfer.notices.on")}
                value={said.on}
                onInput={set("on")}
                error={needed(said.on)}
              />
              <TextField
                label={say("transfer.notices.place")}
                value={said.place}
                onInput={set("place")}
                error={needed(said.place)}
              />
              <Choices
                label={say("transfer.notices.how")}
                value={said.how}
                options={WAYS.map((way) => [way, say(`transfer.travel.${way}`)])}
                onChoose={set("how")}
              />
              {people.map((one, at) => (
                <Card key={at} title={say("transfer.notices.person", { n: at + 1 })}>
                  <Choice
                    label={say("handoff.age_band")}
                    value={one.age_band}
                    options={AGE_BANDS.map((band) => [band, band])}
                    onChoose={(band) => change(at, { age_band: band })}
                  />
                  <Choice
                    label={say("handoff.sex")}
                    none={say("transfer.notices.not_known")}
                    value={one.sex}
                    options={coded.options("sexes", SEXES)}
                    onChoose={(sex) => change(at, { sex })}
                  />
                  <TextField
                    label={say("transfer.notices.reference")}
                    hint={say("transfer.notices.reference_hint")}
                    value={one.reference}
                    onInput={(reference) => change(at, { reference })}
                    optional
                  />
                  {people.length > 1 && (
                    <Button onClick={() => setPeople(people.filter((_, index) => index !== at))}>
                      {say("handoff.leave_out")}
                    </Button>
                  )}
                </Card>
              ))}
              <p class="row">
                <Button onClick={() => setPeople([...people, nobody])}>{say("transfer.notices.another")}</Button>
              </p>
              <Foot act={act} />
            </Form>
          )}
        </Loaded>
      )}
    </Page>
  );
}

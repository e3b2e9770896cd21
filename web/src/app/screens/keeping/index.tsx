/** Until when closed cases are kept: the agency's terms, and what goes first. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import * as closing from "../../../client/closing.ts";
import { RULES } from "../../../client/deadlines.ts";
import { useApp, type ScreenProps } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Choice, Form, TextField } from "../../kit/controls.tsx";
import { Card, Empty, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { countryOptions, labelsIn, type Labels } from "../services/labels.ts";
import { followed } from "../visits/reading.ts";

const MOST = 100;

export default function Keeping(_: ScreenProps): VNode {
  const { member, say, lang, roles } = useApp();
  const opens = roles.includes("supervisor"); // a data officer's device opens no case
  const loading = useLoaded(async () => {
    const labels = await labelsIn(lang);
    if (!opens) return { labels, terms: null, rows: [] };
    const [terms, kept, named] = await Promise.all([
      closing.terms(member),
      closing.kept(member),
      followed(member, say),
    ]);
    const rows = kept.map((one) => ({ ...one, name: named.find(({ held }) => held.case === one.held.case)?.name }));
    return { labels, terms, rows };
  }, [member, lang, opens]);
  return (
    <Page title={say("keeping.title")}>
      <p>{say("keeping.intro")}</p>
      <Loaded of={loading}>
        {({ labels, terms, rows }) => (
          <>
            {terms && <Terms terms={terms} labels={labels} />}
            {roles.includes("data_officer") && <NewTerm labels={labels} done={loading.again} />}
            {opens && <h2>{say("keeping.closed")}</h2>}
            {opens && rows.length === 0 && (
              <Empty>
                <p>{say("keeping.none")}</p>
              </Empty>
            )}
            <ul class="plain-list">
              {rows.map((row) => (
                <li key={row.held.case}>
                  <Card>
                    <h3>
                      <a href={`#/visits/${row.held.case}`}>
                        <Foreign>{row.name ?? row.held.case}</Foreign>
                      </a>
                    </h3>
                    <OneKept row={row} />
                  </Card>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function OneKept({ row: { held, until, hold } }: { row: closing.Kept }): VNode {
  const { say } = useApp();
  const due = until <= held.today;
  const next = hold ? "hold" : !held.archived ? "archive" : due ? "destroy" : "wait";
  return (
    <>
      <p>
        <span class={due && !hold ? "due over" : "due"}>{say("keeping.until", { day: date(say, until) })}</span>{" "}
        {say("keeping.closed_on", { day: date(say, held.closure!.on) })}
      </p>
      <p>{say(`keeping.next_${next}`)}</p>
    </>
  );
}

function Terms({ terms, labels }: { terms: readonly closing.Term[]; labels: Labels }): VNode {
  const { say } = useApp();
  const all = terms.some(({ country }) => country === null);
  const every = all ? terms : [...terms, { country: null, ...RULES.retention.default }];
  const ordered = [...every].sort((one, other) => Number(!one.country) - Number(!other.country));
  return (
    <>
      <h2>{say("keeping.terms")}</h2>
      {!all && <p>{say("keeping.no_terms")}</p>}
      <ul>
        {ordered.map(({ country, years, after_majority_years: grown = 0 }) => (
          <li key={country ?? ""}>
            {country ? say("keeping.of", { country: labels.country(country) }) : say("keeping.of_all")}:{" "}
            {say.many("keeping.years", years)} {say.many("keeping.after", grown)}
          </li>
        ))}
      </ul>
    </>
  );
}

/** A data officer says how long: the newest word of a country counts. */
function NewTerm({ labels, done }: { labels: Labels; done: () => void }): VNode {
  const { member, say } = useApp();
  const [country, setCountry] = useState("");
  const [years, setYears] = useState("");
  const [grown, setGrown] = useState("0");
  const [tried, setTried] = useState(false);
  const [kept, setKept] = useState(false);
  const wrong = (text: string) => (tried && numberIn(text) === null ? say("keeping.number", { most: MOST }) : null);
  const act = useAction(async () => {
    setTried(true);
    setKept(false);
    const [from, after] = [numberIn(years), numberIn(grown)];
    if (from === null || after === null) return;
    await closing.putRetention(member, from, after, country || null);
    setTried(false);
    setKept(true);
    done();
  });
  return (
    <Card title={say("keeping.new")}>
      <p>{say("keeping.new_text")}</p>
      <Form onSend={act.run}>
        <Choice
          label={say("keeping.country")}
          value={country}
          none={say("keeping.of_all")}
          options={countryOptions(labels)}
          onChoose={setCountry}
        />
        <TextField label={say("keeping.years_label")} value={years} onInput={setYears} error={wrong(years)} code />
        <TextField label={say("keeping.after_label")} value={grown} onInput={setGrown} error={wrong(grown)} code />
        {act.error !== null && <Problem error={act.error} />}
        {kept && (
          <Notice kind="good" live>
            {say("keeping.kept")}
          </Notice>
        )}
        <Button kind="main" type="submit" busy={act.busy}>
          {say("keeping.keep")}
        </Button>
      </Form>
    </Card>
  );
}

function numberIn(text: string): number | null {
  const found = /^\s*\d{1,3}\s*$/.test(text) ? Number(text) : NaN;
  return found <= MOST ? found : null;
}

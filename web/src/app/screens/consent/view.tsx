/** A basis as it stands: who gave it, what may go to whom until when, what must not be, and what can be done about it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as disagreements from "../../../client/disagreements.ts";
import * as records from "../../../client/records.ts";
import type { Consent, Denial, Protection, Vital } from "../../../consent/basis.ts";
import type { Words } from "../../../consent/words.ts";
import { useApp, type Children } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { save } from "../../core/save.ts";
import { date, moment } from "../../core/time.ts";
import { Button, Choices, TextArea } from "../../kit/controls.tsx";
import { Card, Facts, Foreign, Notice, Page, Table } from "../../kit/showing.tsx";
import type { OfOne } from "./one.tsx";
import { standingOf } from "./standing.ts";

export function View({ held, words }: OfOne): VNode {
  const { say, now } = useApp();
  const standing = standingOf(say, held, now());
  const live = standing.is === "live" || standing.is === "soon";
  const { consent, basis } = held;
  return (
    <Page title={held.label || say("consent.unnamed")} back="consent">
      <Notice kind={standing.is === "live" ? "info" : "warn"}>
        <p>
          <strong>{standing.words}</strong> {say(`consent.next.${standing.is}`)}
        </p>
      </Notice>
      <nav class="row" aria-label={say("consent.can_do")}>
        {live && <Way to={`${held.handoff}/ask`}>{say("consent.may_ask")}</Way>}
        {consent && <Way to={`${held.handoff}/change`}>{say("consent.change")}</Way>}
        {consent && <Way to={`${held.handoff}/receipt`}>{say("consent.receipt")}</Way>}
        {consent && <Way to={`${held.handoff}/lift`}>{say("consent.lift")}</Way>}
        {consent && <Way to={`${held.handoff}/withdraw`}>{say(live ? "consent.withdraw" : "consent.holders")}</Way>}
      </nav>
      {consent ? (
        <Whole consent={consent} words={words} />
      ) : (
        <Short basis={basis as Protection | Vital} words={words} />
      )}
      <Papers record={held.handoff} />
      {consent?.assent.answer === "refused" && <Disagreement consent={held.handoff} />}
    </Page>
  );
}

const Way = ({ to, children }: { to: string; children: Children }): VNode => (
  <a class="button" href={`#/consent/${to}`}>
    {children}
  </a>
);

function Whole({ consent, words }: { consent: Consent; words: Words }): VNode {
  const { say } = useApp();
  const { subject, giver, assent, expression, safety } = consent;
  const rows: [string, Children][] = [
    [
      say("consent.about"),
      `${say(`consent.situation.${subject.situation}`)}, ${say(`consent.band.${subject.age_band}`)}`,
    ],
    [say("consent.code"), <Foreign>{subject.pseudonym}</Foreign>],
    [say("consent.giver"), words.name("giver", giver.capacity)],
    [say("consent.given_on"), date(say, expression.on)],
    [say("consent.childs_answer"), answerOf(consent, words)],
    [say("consent.ask_again"), date(say, consent.review_due)],
    [say("consent.reconfirm_by"), date(say, consent.reconfirm_by)],
    [say("consent.protected"), say(safety.location_protected ? "app.yes" : "app.no")],
    [say("consent.revision"), String(consent.revision)],
  ];
  if (giver.order) rows.splice(4, 0, [say("consent.order_ends"), date(say, giver.order.until)]);
  if (assent.words) rows.push([say("consent.childs_words"), <Foreign>{assent.words}</Foreign>]);
  const denied = [...consent.denials, ...consent.refused];
  return (
    <>
      <Facts rows={rows} />
      <Grants consent={consent} words={words} />
      {denied.length > 0 && (
        <Card title={say("consent.never")}>
          <ul>
            {denied.map((row, n) => (
              <li key={n}>
                <Denied row={row} words={words} />
              </li>
            ))}
          </ul>
        </Card>
      )}
      {consent.overrides.length > 0 && <Lifted consent={consent} words={words} />}
    </>
  );
}

export function answerOf({ assent }: Consent, words: Words): string {
  const said = words.file.choices;
  return (assent.because && said[assent.because]) || said[assent.answer] || assent.answer;
}

export const sectionsOf = (names: readonly string[], words: Words): VNode => (
  <ul class="words">
    {names.map((name) => (
      <li key={name}>{words.name("section", name)}</li>
    ))}
  </ul>
);

export function Grants({ consent, words }: { consent: Consent; words: Words }): VNode {
  const { say } = useApp();
  if (consent.grants.length === 0) return <p>{say("consent.nothing_granted")}</p>;
  const labels = words.file.labels;
  return (
    <Table
      caption={say("consent.may_share")}
      rows={consent.grants}
      keyOf={({ id }) => id}
      columns={[
        { title: labels["to_whom"]!, cell: (row) => <Foreign>{shortOf(row.recipient)}</Foreign> },
        { title: labels["why"]!, cell: (row) => words.name("purpose", row.purpose) },
        { title: labels["what"]!, cell: (row) => sectionsOf(row.categories, words) },
        { title: labels["country"]!, cell: (row) => words.country(row.country) },
        { title: labels["until"]!, cell: (row) => date(say, row.until) },
        {
          title: labels["onward"]!,
          cell: (row) =>
            row.onward.length
              ? row.onward.map((name) => <Foreign key={name}>{shortOf(name)}</Foreign>)
              : labels["nobody"],
        },
      ]}
    />
  );
}

/** What must not be shared, with whom, for what: in one line. */
export function Denied({ row, words }: { row: Denial; words: Words }): VNode {
  const labels = words.file.labels;
  const whom = row.party ?? (row.recipient && shortOf(row.recipient));
  const what = row.categories?.map((name) => words.name("section", name)).join("; ");
  return (
    <>
      {what ?? (whom ? "" : labels["anything"])} {row.purpose && `(${words.name("purpose", row.purpose)}) `}
      {whom && (
        <>
          {labels["not_whom"]}: <Foreign>{whom}</Foreign>
        </>
      )}
    </>
  );
}

export function Lifted({ consent, words }: { consent: Consent; words: Words }): VNode {
  const { say } = useApp();
  return (
    <Card title={say("consent.lifted")}>
      <ul>
        {consent.overrides.map((row, n) => (
          <li key={n}>
            {words.message(row.rule, { section: row.categories?.join() ?? "" })} <span class="quiet">({row.rule})</span>{" "}
            <Foreign>{row.reason}</Foreign>{" "}
            <span class="quiet">
              {say("consent.until", { date: date(say, row.until) })}
              {say.many("consent.signed_by", row.by.length)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Short({ basis, words }: { basis: Protection | Vital; words: Words }): VNode {
  const { say } = useApp();
  const to = basis.recipients.map((name) => <Foreign key={name}>{shortOf(name)}</Foreign>);
  const rows: [string, Children][] =
    "until" in basis
      ? [
          [say("consent.to"), to],
          [say("consent.given_on"), date(say, basis.given)],
          [say("consent.lasts"), date(say, basis.until)],
          [say("consent.childs_answer"), words.file.choices[basis.assent] ?? basis.assent],
        ]
      : [
          [say("consent.to"), to],
          [say("consent.reason"), <Foreign>{basis.reason}</Foreign>],
          [say("consent.made"), moment(say, basis.made)],
          [say("consent.lasts"), moment(say, basis.review_by)],
        ];
  return <Facts rows={rows} />;
}

/** The signed form or the recording, as it was kept beside the record: fetched when somebody wants to see it. */
function Papers({ record }: { record: string }): VNode {
  const { member, say } = useApp();
  const [names, list] = useState<readonly string[] | null>(null);
  const fetching = useAction(async () => {
    const { attachments } = await records.get(member, record);
    list([...attachments.keys()]);
    for (const [name, data] of attachments) save(name, data);
  });
  return (
    <>
      <p class="row">
        <Button busy={fetching.busy} onClick={fetching.run}>
          {say("consent.papers")}
        </Button>
      </p>
      {fetching.error !== null && <Problem error={fetching.error} />}
      {names && (
        <p role="status">
          {names.length ? say("consent.papers_saved", { names: names.join(", ") }) : say("consent.papers_none")}
        </p>
      )}
    </>
  );
}

/** The child said no: a disagreement stays open until a supervisor says how it ended (R03). */
function Disagreement({ consent }: { consent: string }): VNode {
  const { member, say, roles } = useApp();
  const found = useLoaded(
    async () => (await disagreements.listing(member)).filter((row) => row.consent === consent),
    [consent],
  );
  const [outcome, choose] = useState("no_stands");
  const [said, type] = useState("");
  const ending = useAction(async (record: string) => {
    await disagreements.end(member, record, outcome, said);
    found.again();
  });
  return (
    <Card title={say("consent.disagreement")}>
      <p>{say("consent.disagreement_about")}</p>
      <Loaded of={found}>
        {(rows) => (
          <>
            {rows.map((row) => (
              <div key={row.record}>
                <p>
                  {say(`consent.outcome.${row.outcome ?? "open"}`)} <Foreign>{row.said}</Foreign>
                </p>
                {row.outcome === null && roles.includes("supervisor") && (
                  <>
                    <Choices
                      label={say("consent.outcome")}
                      value={outcome}
                      onChoose={choose}
                      options={disagreements.OUTCOMES.map((name) => [name, say(`consent.outcome.${name}`)])}
                    />
                    <TextArea label={say("consent.outcome_said")} value={said} onInput={type} />
                    {ending.error !== null && <Problem error={ending.error} />}
                    <Button busy={ending.busy} onClick={() => ending.run(row.record)}>
                      {say("app.save")}
                    </Button>
                  </>
                )}
              </div>
            ))}
          </>
        )}
      </Loaded>
    </Card>
  );
}

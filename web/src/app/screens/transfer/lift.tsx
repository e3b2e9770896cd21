/** An exception or another approval that lifts a gate for one leg: signed by the member, kept with the case. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import * as gates from "../../../client/gates.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date, dateOf } from "../../core/time.ts";
import { Button, Choice, DateField, Form, TextArea } from "../../kit/controls.tsx";
import { Card, Foreign, Notice, Page } from "../../kit/showing.tsx";

const DAY = 86_400;
const EXCEPTION = "R24";
const HOME_OR_COMMUNITY = "R27";
/** The gates that ask who else was there, and as what. */
const PEOPLE: { readonly [gate: string]: string } = { R27: "panel", R28: "witness", R35: "clinician" };
const MODES = ["bid_in_origin", "forced", "spontaneous"];
const SHORTEST = 20;

export function LiftPage({ record, leg }: { record: string; leg: string }): VNode {
  const { say } = useApp();
  return (
    <Page title={say("transfer.lift.title")} back={`transfer/${leg}`}>
      <Lift record={record} leg={leg} />
    </Page>
  );
}

export function Lift({ record, leg, onDone }: { record: string; leg: string; onDone?: () => void }): VNode {
  const { say, member, now } = useApp();
  const today = dateOf(now());
  const [said, setSaid] = useState({
    ...{ gate: EXCEPTION, begins: today, ends: dateOf(now() + 10 * DAY), reason: "", mode: MODES[0]! },
    ...{ biaDue: dateOf(now() + 7 * DAY), bidDue: dateOf(now() + 14 * DAY), plan: "", names: "" },
  });
  const [tried, setTried] = useState(false);
  const loading = useLoaded(async () => {
    const [lifters, rows, people] = await Promise.all([
      gates.lifters(),
      gates.listing(member, record, leg),
      colleagues(member),
    ]);
    const found = [];
    for (const { row } of rows) found.push({ row, by: await gates.proven(member, [row], member.agency, now()) });
    return { lifters, rows: found, people };
  }, [member, record, leg]);
  const set = (name: keyof typeof said) => (value: string) => setSaid({ ...said, [name]: value });
  const exception = said.gate === EXCEPTION;
  const role = PEOPLE[said.gate];
  const short = said.reason.trim().length < SHORTEST;
  const act = useAction(async () => {
    setTried(true);
    if (short) return;
    const names = said.names
      .split("\n")
      .map((name) => name.trim())
      .filter(Boolean);
    await gates.approve(member, record, {
      ...{ gate: said.gate, leg, begins: said.begins, ends: said.ends, reason: said.reason.trim() },
      ...(exception ? { mode: said.mode, bia_due: said.biaDue, bid_due: said.bidDue } : {}),
      ...(said.gate === HOME_OR_COMMUNITY ? { plan: said.plan.trim() } : {}),
      ...(role ? { people: names.map((name) => ({ role, name })) } : {}),
    });
    loading.again();
    onDone?.();
  });
  return (
    <Loaded of={loading}>
      {({ lifters, rows, people }) => (
        <Form onSend={act.run}>
          <p>{say("transfer.lift.about")}</p>
          {rows.length > 0 && (
            <Card title={say("transfer.lift.known")}>
              <ul>
                {rows.map(({ row }, index) => (
                  <li key={index}>
                    {say(`transfer.gate.${row.gate}`)}: <Foreign>{row.reason}</Foreign> ({date(say, row.begins)} –{" "}
                    {date(say, row.ends)};{" "}
                    {signersOf(row)
                      .map((id) => calledIn(people, id))
                      .join(", ")}
                    )
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Choice
            label={say("transfer.lift.gate")}
            value={said.gate}
            options={lifters.map((gate) => [gate, `${gate} ${say(`transfer.gate.${gate}`)}`])}
            onChoose={set("gate")}
          />
          {exception && (
            <Choice
              label={say("transfer.lift.mode")}
              value={said.mode}
              options={MODES.map((mode) => [
                mode,
                say(mode === MODES[0] ? "transfer.lift.bid_in_origin" : `transfer.mode.${mode}`),
              ])}
              onChoose={set("mode")}
            />
          )}
          <DateField label={say("transfer.lift.begins")} value={said.begins} onInput={set("begins")} />
          <DateField label={say("transfer.lift.ends")} value={said.ends} min={said.begins} onInput={set("ends")} />
          {exception && (
            <>
              <DateField label={say("transfer.lift.bia_due")} value={said.biaDue} onInput={set("biaDue")} />
              <DateField label={say("transfer.lift.bid_due")} value={said.bidDue} onInput={set("bidDue")} />
            </>
          )}
          <TextArea
            label={say("transfer.lift.reason")}
            value={said.reason}
            onInput={set("reason")}
            error={tried && short ? say("transfer.lift.short") : null}
          />
          {said.gate === HOME_OR_COMMUNITY && (
            <TextArea label={say("transfer.lift.plan")} value={said.plan} onInput={set("plan")} />
          )}
          {role && (
            <TextArea
              label={say("transfer.lift.people")}
              hint={`${say("transfer.lift.people_role")}: ${say(`transfer.people.${role}`)}`}
              value={said.names}
              onInput={set("names")}
            />
          )}
          {act.error !== null && <Problem error={act.error} />}
          {act.done && !short && (
            <Notice kind="good" live>
              <p>{say("transfer.lift.done")}</p>
            </Notice>
          )}
          <p class="row">
            <Button type="submit" kind="main" busy={act.busy}>
              {say("transfer.lift.title")}
            </Button>
          </p>
        </Form>
      )}
    </Loaded>
  );
}

/** Who put a signature below an approval, as the row says it; whether it counts, the gates ask. */
const signersOf = ({ proof }: gates.Row): string[] => proof.map(gates.signerOf);

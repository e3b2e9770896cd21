/** The gates as a checklist that explains itself: what blocks, what to do about it, and who may lift it. */

import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Outcome } from "../../../../rules/gates.js";
import * as checking from "../../../client/checking.ts";
import type { Result } from "../../../client/gates.ts";
import type { Plan } from "../../../client/journey.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import type { Lang, Say } from "../../core/words.ts";
import { Button } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { useState } from "preact/hooks";
import { useWhy } from "../handoff/why.tsx";

type Table = { readonly [key: string]: string };
interface GateWords {
  readonly states: Table;
  readonly unseen: string;
  readonly never: string;
  readonly instead: Table;
  readonly steps: Table;
  readonly messages: Table;
  readonly checks: { readonly [gate: string]: Table };
  readonly lifts: Table;
}
const SAID_ONLY = ["arrive", "monitoring"];

const loadGateWords = async (lang: Lang): Promise<GateWords> =>
  (await import(`../../../../../hub/casefile/gates/words/${lang}.json`)).default as GateWords;

export function Checklist({ result }: { result: Result }): VNode {
  const { say, lang } = useApp();
  const words = useLoaded(() => loadGateWords(lang), [lang]);
  const blocked = result.outcomes.filter(({ found }) => found === "blocked");
  const rest = result.outcomes.filter(({ found }) => found !== "blocked");
  return (
    <Loaded of={words}>
      {(said) => (
        <div class="gates" aria-live="polite">
          {SAID_ONLY.includes(result.step) && <p>{say("transfer.gates_tell")}</p>}
          {blocked.length === 0 ? (
            <Notice kind="good">
              <p>{say("transfer.gates_pass")}</p>
            </Notice>
          ) : (
            <Notice kind="warn">
              <p>{say.many("transfer.gates_stop", blocked.length)}</p>
            </Notice>
          )}
          <ul class="plain-list">
            {blocked.map((row) => (
              <Gate key={row.gate} row={row} said={said} />
            ))}
          </ul>
          <details>
            <summary>{say("transfer.gates_rest")}</summary>
            <ul class="plain-list">
              {rest.map((row) => (
                <Gate key={row.gate} row={row} said={said} />
              ))}
            </ul>
          </details>
        </div>
      )}
    </Loaded>
  );
}

function Gate({ row, said }: { row: Outcome; said: GateWords }): VNode {
  const { say } = useApp();
  const stops = row.found === "blocked";
  const quiet = ["clear", "not_applicable"].includes(row.found);
  const state = stops && row.unseen ? said.unseen : said.states[row.found];
  return (
    <li class={`gate ${row.found}`}>
      <p>
        <strong>{say(`transfer.gate.${row.gate}`)}</strong> <span class="quiet">{row.gate}</span>{" "}
        <span class={stops ? "state warn" : "state"}>{state}</span>
      </p>
      {!quiet && <p>{message(say, said, row)}</p>}
      {stops && (
        <>
          <ul>
            {row.failed.map((check) => (
              <li key={check}>{said.checks[row.gate]?.[check] ?? check}</li>
            ))}
          </ul>
          <p class="quiet">
            {say("transfer.gates_who")} {said.lifts[row.gate] ?? said.never}
          </p>
        </>
      )}
    </li>
  );
}

/** The sentence of a gate, with its facts: days as the reader writes them. */
function message(say: Say, said: GateWords, { gate, told }: Outcome): string {
  return (said.messages[gate] ?? "").replace(/\{(\w+)\}/g, (_, name: string) => {
    const fact = told[name];
    return fact === undefined ? (said.instead[name] ?? "") : date(say, fact);
  });
}

/** The gates before a step on a leg, asked when somebody presses, or at once where `now` says that one blocked. */
export function GatesBefore({
  leg,
  step,
  plan = null,
  now = false,
}: {
  leg: string;
  step: string;
  plan?: Plan | null;
  now?: boolean;
}): VNode {
  const { say, member } = useApp();
  const [result, show] = useState<Result | null>(null);
  const why = useWhy();
  const ask = useAction(async () => show(await why.with((reason) => checking.before(member, leg, step, plan, reason))));
  useEffect(() => {
    if (now) void ask.run();
  }, [now]);
  return (
    <section class="checks">
      <h2>{say("transfer.gates")}</h2>
      <p>{say("transfer.gates_about")}</p>
      {why.field}
      <p class="row">
        <Button busy={ask.busy} onClick={ask.run}>
          {say(result ? "transfer.offer.recheck" : "transfer.gates_ask", { step: say(`transfer.step.${step}`) })}
        </Button>
      </p>
      {ask.error !== null && !why.asked && <Problem error={ask.error} />}
      {result && <Checklist result={result} />}
    </section>
  );
}

/** The other papers of a handover: the receipt of its leg, an observer's sheet, the card with numbers that a child carries. */

import type { VNode } from "preact";
import { shortOf } from "../../../client/agencies.ts";
import type { Shown } from "../../../client/handoffs.ts";
import { placed } from "../../../client/register.ts";
import { cardOf } from "../../../client/safety_card.ts";
import { isMember } from "../../../client/statements.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import observer from "../../../../../hub/aftercare/observer.json" with { type: "json" };
import { useApp } from "../../core/app.ts";
import { moment } from "../../core/time.ts";
import { Facts, Foreign, Notice } from "../../kit/showing.tsx";
import { wordsOf } from "./facts.ts";
import { Heads } from "./heads.tsx";
import { SignHere } from "./sign_here.tsx";

const PROOF = 16;
const VISITS = 10;
const BOX = "\u2610";

/** Each step of the leg with its day and its proof, and room for both sides to sign (F4). */
export function Receipt({ leg }: { leg: Shown }): VNode {
  const { say, lang } = useApp();
  const { labels, steps } = wordsOf(lang);
  const heads = ["step", "date", "who", "proof"].map((name) => labels[name]!);
  const rows = placed(leg, ...Object.keys(steps)).map(({ statement, hash }) => [
    steps[statement.type]!,
    moment(say, statement.at),
    statement.by.filter(isMember).map((one) => shortOf(one.agency))[0] ?? "",
    hash.slice(0, PROOF),
  ]);
  return (
    <>
      <Facts
        rows={[
          [labels["leg"]!, <span class="digits">{leg.id}</span>],
          [labels["from"]!, <Foreign key="from">{shortOf(leg.from)}</Foreign>],
          [labels["to"]!, <Foreign key="to">{shortOf(leg.to)}</Foreign>],
        ]}
      />
      <table>
        <Heads of={heads} />
        <tbody>
          {rows.map((row) => (
            <tr key={row[3]}>
              {row.map((text, place) => (
                <td data-title={heads[place]} key={place}>
                  <bdi>{text}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(["sender", "receiver"] as const).map((side) => (
        <SignHere key={side}>
          {labels[side]}, <bdi>{shortOf(side === "sender" ? leg.from : leg.to)}</bdi>
        </SignHere>
      ))}
    </>
  );
}

/** A line for each visit and three marks; it says no why. */
export function ObserverSheet({ mark }: { mark: string }): VNode {
  const { lang } = useApp();
  const { how, columns, answers, foot } = observer[lang].form;
  const heads = [columns[0]!, ...answers];
  return (
    <>
      <p>{how}</p>
      {mark && (
        <p>
          <strong class="digits">{mark}</strong>
        </p>
      )}
      <table>
        <Heads of={heads} />
        <tbody>
          {Array.from({ length: VISITS }, (_, index) => (
            <tr key={index}>
              {heads.map((head, place) => (
                <td data-title={head} key={place}>
                  {place === 0 ? "\u2026".repeat(6) : BOX}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p>{foot}</p>
    </>
  );
}

/** What the observer's sheet is called on itself, which says nothing of a handover. */
export const observerTitle = (lang: keyof typeof observer): string => observer[lang].form.title;

export function SafetyCard({ plan, hidden }: { plan: JsonObject; hidden: readonly string[] }): VNode {
  const { say, lang } = useApp();
  const card = cardOf(plan, hidden);
  if ("wrong" in card) {
    return (
      <Notice kind="warn">
        <p>{say(`handover.card_${card.wrong}`)}</p>
      </Notice>
    );
  }
  return (
    <div class="pocket">
      <p>{wordsOf(lang).labels["needs_help"]}</p>
      {card.contacts.map(({ name, phone }) => (
        <p key={phone}>
          <bdi>{name}</bdi> <strong class="digits">{phone}</strong>
        </p>
      ))}
    </div>
  );
}

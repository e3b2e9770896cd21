/** Why not, in the reader's words: each rule's sentence once, for the sections that it is about, and whom to ask. */

import type { VNode } from "preact";
import type { Reason } from "../../../consent/decide.ts";
import type { Words } from "../../../consent/words.ts";
import { useSay } from "../../core/app.ts";

/** The rules whose own sentence does not say whom to ask. */
const WHOM = ["R02", "R05", "R07", "R08", "R12", "R17", "R20", "R46"];

export function Reasons({ reasons, words }: { reasons: readonly Reason[]; words: Words }): VNode {
  const say = useSay();
  const rules = [...new Map(reasons.map((row) => [row.rule, row])).values()];
  return (
    <ul class="reasons">
      {rules.map((row) => (
        <li key={row.rule}>
          {words.message(row.rule, { ...row.facts, section: sectionsOf(reasons, row.rule) })}{" "}
          {WHOM.includes(row.rule) && <span class="quiet">{say(`consent.ask.${row.ask}`)}</span>}{" "}
          <span class="quiet">({row.rule})</span>
        </li>
      ))}
    </ul>
  );
}

const sectionsOf = (reasons: readonly Reason[], rule: string): string =>
  [...new Set(reasons.filter((row) => row.rule === rule && row.section).map(({ section }) => section))].join(",");

/**
 * The plan as its reader may have it, to sign and to keep: what the family, or the child, is not told stands on no paper
 * (R14, G4). The twin of `plan_copy` in `hub/client/paper/handover.py`.
 */

import type { VNode } from "preact";
import { familyCopy, type Reader } from "../../../consent/familycopy.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { useCoded, type Coded } from "../handoff/coded.ts";
import { wordsOf } from "./facts.ts";
import { Heads } from "./heads.tsx";
import { SignHere } from "./sign_here.tsx";

const EMPTY = "\u2026".repeat(12);
const [DONE, OPEN] = ["\u2612", "\u2610"];
const HEADS = ["what", "goal", "by_whom", "until", "state"];
const BLANK_ROWS = 3;

interface PlanProps {
  readonly plan: JsonObject;
  readonly reader: Reader;
  /** Whom to call about it; "" leaves room to write it. */
  readonly phone: string;
}

export function PlanPaper(props: PlanProps): VNode {
  const coded = useCoded();
  return <Loaded of={coded}>{(words) => <Plan {...props} coded={words} />}</Loaded>;
}

function Plan({ plan, reader, phone, coded }: PlanProps & { coded: Coded }): VNode {
  const { say, lang } = useApp();
  const { labels, needs } = wordsOf(lang);
  const mine = readersPlan(plan, reader);
  const explained = isObject(mine["explained"]) ? mine["explained"] : {};
  const rows = actionsOf(mine)
    .filter(isObject)
    .filter((row) => row["status"] !== "dropped");
  const cells = (row: JsonObject): string[] => [
    typeof row["need"] === "string" ? coded.word("needs", row["need"]) : EMPTY,
    String(row["objective"] ?? EMPTY),
    [row["responsible"], row["provider"]].filter(Boolean).map(String).join(", ") || EMPTY,
    typeof row["due"] === "string" ? date(say, row["due"]) : EMPTY,
    row["status"] === "done" ? DONE : OPEN,
  ];
  return (
    <>
      <p>{labels["plan_intro"]}</p>
      {Object.entries(needs).map(([dimension, name]) => {
        const some = rows.filter((row) => row["dimension"] === dimension);
        const why = explained[dimension];
        if (some.length === 0 && typeof why !== "string") return null;
        return (
          <section key={dimension}>
            <h2>{name}</h2>
            {some.length > 0 ? (
              <Actions rows={some.map(cells)} />
            ) : (
              <p>
                <bdi dir="auto">{String(why)}</bdi>
              </p>
            )}
          </section>
        );
      })}
      {rows.length === 0 && <Actions rows={Array(BLANK_ROWS).fill([EMPTY, EMPTY, EMPTY, EMPTY, OPEN])} />}
      <p>
        {labels["call"]}: {phone ? <span class="digits">{phone}</span> : EMPTY}
      </p>
      <h2>{labels["plan_signed"]}</h2>
      {[1, 2, 3].map((one) => (
        <SignHere key={one}>{labels["name"]}</SignHere>
      ))}
    </>
  );
}

function Actions({ rows }: { rows: readonly (readonly string[])[] }): VNode {
  const { lang } = useApp();
  const heads = HEADS.map((name) => wordsOf(lang).labels[name]!);
  return (
    <table>
      <Heads of={heads} />
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            {row.map((text, place) => (
              <td data-title={heads[place]} key={place}>
                <bdi dir="auto">{text}</bdi>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const actionsOf = (plan: JsonObject): Json[] => (Array.isArray(plan["actions"]) ? plan["actions"] : []);

/** The plan as its reader may have it; an action of which anything is left out is left out whole. */
function readersPlan(plan: JsonObject, reader: Reader): JsonObject {
  const { removed } = familyCopy({ plan }, reader);
  const touched = removed.flatMap(({ path }) => (path.startsWith("/actions/") ? [path.split("/")[2]] : []));
  const whole = actionsOf(plan).filter((_, index) => !touched.includes(String(index)));
  const { kept } = familyCopy({ plan: { ...plan, actions: whole } }, reader);
  return isObject(kept["plan"]) ? kept["plan"] : {};
}

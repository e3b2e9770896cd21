/** What a child has not been told yet: which decision, by when, whose it is to tell, and where that is written down (A9). */

import type { VNode } from "preact";
import { calledIn, type Colleague } from "../../../client/colleagues.ts";
import type { Telling } from "../../../client/telling.ts";
import { useApp } from "../../core/app.ts";
import { Card, Due, Foreign } from "../../kit/showing.tsx";
import { codeName, type Labels } from "./labels.ts";

export interface UntoldProps {
  /** Those of one child. */
  readonly tellings: readonly Telling[];
  readonly labels: Labels;
  readonly people: readonly Colleague[];
  /** What the case is called, where the page is not about it. */
  readonly name?: string;
}

export function Untold({ tellings, labels, people, name }: UntoldProps): VNode | null {
  const { say, member } = useApp();
  const [first] = tellings;
  if (!first) return null;
  const { record, by } = first;
  return (
    <Card title={say("cases.untold")} kind={by.includes(member.id) ? "mine" : ""}>
      {name !== undefined && (
        <p>
          <a href={`#/cases/${record}`}>
            <Foreign>{name}</Foreign>
          </a>
        </p>
      )}
      {by.length > 0 && <p>{say("cases.untold_by", { names: by.map((id) => calledIn(people, id)).join(", ") })}</p>}
      <ul class="plain-list">
        {tellings.map(({ decision, due }) => (
          <li key={decision}>
            <h3>{codeName(labels, decision)}</h3>
            <p>
              <Due at={due} />
            </p>
            <p class="row">
              <a class="button" href={`#/cases/${record}/told/${decision}`}>
                {say("cases.tell")}
                <span class="hidden">: {codeName(labels, decision)}</span>
              </a>
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

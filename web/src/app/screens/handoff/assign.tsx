/** Who of the own agency works on it, and naming a colleague who does from now on and need not say why they open it. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { assign, assigned, ASSIGNERS } from "../../../client/access.ts";
import { calledIn, colleagues } from "../../../client/colleagues.ts";
import { CASE_ROLES } from "../../../client/documents.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Choice, Form } from "../../kit/controls.tsx";
import { Card, Foreign } from "../../kit/showing.tsx";
import type { PartProps } from "./index.tsx";

/** Looked up when it is opened: it takes the agency's records. */
export function Assigned(props: PartProps): VNode {
  const { say } = useApp();
  const [open, show] = useState(false);
  return (
    <Card>
      <details onToggle={(event) => show(event.currentTarget.open)}>
        <summary>{say("handoff.who_works")}</summary>
        {open && <Whose {...props} />}
      </details>
    </Card>
  );
}

function Whose({ shown, done }: PartProps): VNode {
  const { say, member, roles } = useApp();
  const [who, choose] = useState("");
  const loading = useLoaded(async () => {
    const [named, people] = await Promise.all([assigned(member, shown), colleagues(member)]);
    return { named: [...named], people };
  }, [shown]);
  const act = useAction(async () => {
    await assign(member, shown.id, [who]);
    done(say("handoff.assigned_done"));
  });
  return (
    <Loaded of={loading}>
      {({ named, people }) => {
        const may = named.includes(member.id) || roles.some((role) => ASSIGNERS.includes(role));
        const others = people.filter(({ member: one, roles: theirs }) => {
          return one !== member.id && !named.includes(one) && theirs.some((role) => CASE_ROLES.includes(role));
        });
        return (
          <>
            {named.length === 0 ? (
              <p>{say("handoff.nobody_works")}</p>
            ) : (
              <ul>
                {named.map((one) => (
                  <li key={one}>
                    <Foreign>{calledIn(people, one)}</Foreign>
                  </li>
                ))}
              </ul>
            )}
            {!may && <p class="hint">{say("handoff.assign_who")}</p>}
            {may && others.length > 0 && (
              <Form
                onSend={() => {
                  if (who) void act.run();
                }}
              >
                <Choice
                  label={say("handoff.assign_to")}
                  hint={say("handoff.assign_about")}
                  none={say("handoff.choose")}
                  value={who}
                  options={others.map(({ member: one, login }) => [one, login])}
                  onChoose={choose}
                />
                {act.error !== null && <Problem error={act.error} />}
                <p class="row">
                  <Button type="submit" busy={act.busy} disabled={!who}>
                    {say("handoff.assign")}
                  </Button>
                </p>
              </Form>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

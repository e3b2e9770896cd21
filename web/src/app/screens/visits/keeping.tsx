/** The file of a closed case: until when it is kept, what holds it longer, and having it destroyed once its time has come. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { said, type Followed } from "../../../client/aftercare.ts";
import * as closing from "../../../client/closing.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { date } from "../../core/time.ts";
import { Button, Dialog, Form, TextArea } from "../../kit/controls.tsx";
import { Card, Foreign, Notice } from "../../kit/showing.tsx";
import { Stopped } from "./stopped.tsx";

export function Keeping({ held }: { held: Followed }): VNode {
  const { member, say, roles } = useApp();
  const loading = useLoaded(async () => {
    const [until, rows] = await Promise.all([closing.keptUntil(member, held), closing.holds(member, held.case)]);
    const reasons = await Promise.all(rows.map((row) => said(member, row)));
    return { until, holds: rows.map((row, at) => ({ ...row, why: reasons[at]! })) };
  }, [member, held]);
  const officer = roles.includes("data_officer");
  const then = async (kept: Promise<unknown>) => {
    await kept;
    loading.again();
  };
  return (
    <Card title={say("visits.keeping")}>
      <Loaded of={loading}>
        {({ until, holds }) => (
          <>
            {until && <p>{say("visits.kept_until", { day: date(say, until) })}</p>}
            {holds.map(({ record, on, why }) => (
              <Notice key={record} kind="warn">
                <p>
                  {say("visits.hold_since", { day: date(say, on) })} <Foreign>{why}</Foreign>
                </p>
                {officer && (
                  <Because
                    button={say("visits.hold_lift")}
                    label={say("visits.why")}
                    act={(words) => then(closing.lift(member, held.case, record, words))}
                  />
                )}
              </Notice>
            ))}
            <p>{say("visits.hold_text")}</p>
            <Because
              button={say("visits.hold_put")}
              label={say("visits.why")}
              act={(words) => then(closing.hold(member, held.case, words))}
            />
            {officer && (
              <Because
                button={say("visits.law_allow")}
                label={say("visits.law")}
                act={(law) => then(closing.allow(member, held.case, law))}
              />
            )}
          </>
        )}
      </Loaded>
      {roles.includes("supervisor") && <Destroy held={held} />}
    </Card>
  );
}

/** Something that is done for a reason, which is asked for first. */
function Because({
  button,
  label,
  act,
}: {
  button: string;
  label: string;
  act: (words: string) => Promise<void>;
}): VNode {
  const { say } = useApp();
  const [words, type] = useState("");
  const [tried, setTried] = useState(false);
  const keep = useAction(async () => {
    setTried(!words.trim());
    if (!words.trim()) return;
    await act(words.trim());
    type("");
  });
  return (
    <details>
      <summary>{button}</summary>
      <Form onSend={keep.run}>
        <TextArea label={label} value={words} onInput={type} rows={2} error={tried ? say("app.required") : null} />
        {keep.error !== null && <Problem error={keep.error} />}
        <Button type="submit" busy={keep.busy}>
          {button}
        </Button>
      </Form>
    </details>
  );
}

/** Nobody can bring back what was destroyed: it is asked twice. */
function Destroy({ held }: { held: Followed }): VNode {
  const { member, say, go } = useApp();
  const [asking, ask] = useState(false);
  const [left, setLeft] = useState<readonly string[]>([]);
  const act = useAction(async () => {
    const done = await closing.destroy(member, held.case);
    setLeft(done.left);
    if (done.left.length === 0) go("visits");
    else ask(false);
  });
  return (
    <>
      <p>{say("visits.destroy_text")}</p>
      <Button kind="warn" onClick={() => ask(true)}>
        {say("visits.destroy")}
      </Button>
      {asking && (
        <Dialog title={say("visits.destroy")} onClose={() => ask(false)}>
          <p>{say("visits.destroy_sure")}</p>
          {act.error !== null && <Stopped error={act.error} />}
          <Button kind="warn" busy={act.busy} onClick={act.run}>
            {say("visits.destroy_now")}
          </Button>
        </Dialog>
      )}
      {left.length > 0 && (
        <Notice kind="warn" live>
          <p>{say("visits.destroy_left")}</p>
          <ul>
            {left.map((handoff) => (
              <li key={handoff}>
                <a href={`#/handoff/${handoff}`}>{handoff}</a>
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  );
}

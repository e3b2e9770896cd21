/** What all forms about a case share: the case as it is followed, one button, and the way back. */

import type { VNode } from "preact";
import type { Followed } from "../../../client/aftercare.ts";
import { useApp, type Children } from "../../core/app.ts";
import { sayNext } from "../../core/said.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Form } from "../../kit/controls.tsx";
import { Empty, Page } from "../../kit/showing.tsx";
import { chaseLater, one } from "./reading.ts";
import { loadDates } from "./words.ts";

/** A page about a case that somebody follows. */
export function OfCase({
  record,
  title,
  children,
}: {
  record: string;
  title: string;
  children: (held: Followed) => VNode | null;
}): VNode {
  const { member, lang } = useApp();
  const loading = useLoaded(
    async () => (await Promise.all([one(member, record), loadDates(lang)]))[0],
    [member, record],
  );
  return (
    <Page title={title} back={`visits/${record}`}>
      <Loaded of={loading}>{(held) => (held ? children(held) : <NotFollowed record={record} />)}</Loaded>
    </Page>
  );
}

/** What stands where nobody planned visits yet, and the way to do so. */
export function NotFollowed({ record }: { record: string }): VNode {
  const { say } = useApp();
  return (
    <Empty>
      <p>{say("visits.not_followed")}</p>
      <a class="button main" href={`#/visits/${record}/plan`}>
        {say("visits.step_plan")}
      </a>
    </Empty>
  );
}

/** A form that says something about a case and goes back to it; null from `act` means that a field is missing. */
export function Entry({
  record,
  act,
  button,
  said,
  children,
}: {
  record: string;
  act: () => Promise<unknown>;
  button: string;
  /** What to say on the case's page once it is done. */
  said?: string;
  children: Children;
}): VNode {
  const { member, go, say } = useApp();
  const keep = useAction(async () => {
    if ((await act()) === null) return;
    chaseLater(member, record);
    sayNext(`visits/${record}`, said ?? say("visits.entry_kept"));
    go(`visits/${record}`);
  });
  return (
    <Form onSend={keep.run}>
      {children}
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button kind="main" type="submit" busy={keep.busy}>
        {button}
      </Button>
    </Form>
  );
}

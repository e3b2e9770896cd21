/** What forms of a case's file share: they are kept, what is wrong stands beside its field, and the file is shown again. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { HubError } from "../../../client/session.ts";
import { useApp, type Children } from "../../core/app.ts";
import { Problem, useAction, type Acting } from "../../core/loading.tsx";
import { Button, Form } from "../../kit/controls.tsx";

interface Saving {
  readonly keep: Acting<[]>;
  /** Where the document leaves its form, as JSON pointers. */
  readonly wrong: readonly string[];
}

/** Keep by `act`, which returns what is missing instead where something is, and go back to the file. */
export function useSaving(record: string, act: () => Promise<readonly string[]>): Saving {
  const { go } = useApp();
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const keep = useAction(async () => {
    setWrong([]);
    try {
      const missing = await act();
      setWrong(missing);
      if (missing.length === 0) go(`cases/${record}`);
    } catch (error) {
      if (error instanceof HubError && Array.isArray(error.facts["fields"]))
        setWrong(error.facts["fields"].map(String));
      throw error;
    }
  });
  return { keep, wrong };
}

export function SavedForm({ record, keep, children }: { record: string; keep: Acting<[]>; children: Children }): VNode {
  const { say } = useApp();
  return (
    <Form onSend={keep.run}>
      {children}
      {keep.error !== null && <Problem error={keep.error} />}
      <div class="row">
        <Button kind="main" type="submit" busy={keep.busy}>
          {say("app.save")}
        </Button>
        <a class="button" href={`#/cases/${record}`}>
          {say("app.cancel")}
        </a>
      </div>
    </Form>
  );
}

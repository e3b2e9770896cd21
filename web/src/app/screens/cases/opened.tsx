/** A case file once it is opened: what is a colleague's is opened with a reason, which a supervisor reviews (R46). */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asksWhy } from "../../../client/access.ts";
import { load, type CaseFile } from "../../../client/cases.ts";
import type { Member } from "../../../client/member.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, useLoaded } from "../../core/loading.tsx";
import { Button, Form, TextArea } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";

/** Reasons that a member gave since the vault was opened, so that one file asks once. */
const given = new WeakMap<Member, Map<string, string>>();

function reasonsOf(member: Member): Map<string, string> {
  const found = given.get(member) ?? new Map<string, string>();
  given.set(member, found);
  return found;
}

interface OpenedProps {
  readonly record: string;
  readonly back: string;
  readonly children: (held: CaseFile, put: (held: CaseFile) => void) => VNode | null;
}

export function OpenedCase({ record, back, children }: OpenedProps): VNode {
  const { member } = useApp();
  const reasons = reasonsOf(member);
  const [why, setWhy] = useState(reasons.get(record));
  const [changed, put] = useState<CaseFile | null>(null);
  const loading = useLoaded(() => load(member, record, why), [member, record, why]);
  if (changed && changed.record === record) return <>{children(changed, put)}</>;
  if (loading.is === "failed" && asksWhy(loading.error)) {
    const give = (reason: string) => {
      reasons.set(record, reason);
      setWhy(reason);
    };
    return <AskWhy back={back} onWhy={give} />;
  }
  return <Loaded of={loading}>{(held) => <>{children(held, put)}</>}</Loaded>;
}

export function AskWhy({ back, onWhy }: { back: string; onWhy: (why: string) => void }): VNode {
  const { say } = useApp();
  const [words, setWords] = useState("");
  const [tried, setTried] = useState(false);
  const missing = tried && !words.trim();
  return (
    <Page title={say("cases.why_title")} back={back}>
      <Notice>
        <p>{say("cases.why_text")}</p>
      </Notice>
      <Form
        onSend={() => {
          setTried(true);
          if (words.trim()) onWhy(words.trim());
        }}
      >
        <TextArea
          label={say("cases.why_label")}
          value={words}
          onInput={setWords}
          error={missing ? say("app.required") : null}
        />
        <Button kind="main" type="submit">
          {say("cases.open")}
        </Button>
      </Form>
    </Page>
  );
}

/** A new case file begins with what is needed to meet a child, and nothing more. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { begin } from "../../../client/cases.ts";
import type { JsonObject } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";

export function NewCase(): VNode {
  const { member, say, go } = useApp();
  const [reference, setReference] = useState("");
  const [name, setName] = useState("");
  const [tried, setTried] = useState(false);
  const keep = useAction(async () => {
    setTried(true);
    if (!reference.trim()) return;
    const contact: JsonObject = { reference: reference.trim(), ...(name.trim() ? { given_name: name.trim() } : {}) };
    go(`cases/${(await begin(member, { minimal_contact: contact })).record}`);
  });
  return (
    <Page title={say("cases.new")} back="cases">
      <Notice>
        <p>{say("cases.new_text")}</p>
      </Notice>
      <Form onSend={keep.run}>
        <TextField
          label={say("cases.reference")}
          hint={say("cases.reference_hint")}
          value={reference}
          onInput={setReference}
          error={tried && !reference.trim() ? say("app.required") : null}
        />
        <TextField label={say("cases.given_name")} optional value={name} onInput={setName} />
        {keep.error ? <Problem error={keep.error} /> : null}
        <Button kind="main" type="submit" busy={keep.busy}>
          {say("cases.begin")}
        </Button>
      </Form>
    </Page>
  );
}

/** Another passphrase: other sessions end, passkeys of this browser go, and the recovery sheet is a new one. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { changePassphrase, type Sheet } from "../../../client/recovery.ts";
import { dropPasskeys, lockOthers, readied, sheetTested } from "../../core/accounts.ts";
import { useApp } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Form } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { isGood, NewPassphrase, NOT_YET, Secret } from "../sign_in/secret.tsx";
import { Paper } from "./paper.tsx";

export function Passphrase(): VNode {
  const { say, member } = useApp();
  const [open, toggle] = useState(false);
  const [old, setOld] = useState("");
  const [chosen, choose] = useState(NOT_YET);
  const [tried, trying] = useState(false);
  const [sheet, show] = useState<Sheet | null>(null);
  const changing = useAction(async () => {
    trying(true);
    if (!old || !isGood(chosen)) return;
    await readied();
    show(await changePassphrase(member, old, chosen.first));
    lockOthers(); // their keys seal nothing any more
    await dropPasskeys(member.login);
    await sheetTested(member.login, null);
    setOld("");
    choose(NOT_YET);
    trying(false);
    toggle(false);
  });
  const wrong = codeOf(changing.error) === "bad_signature";
  return (
    <Card title={say("settings.passphrase")}>
      {sheet && (
        <>
          <Notice kind="good" live>
            <p>{say("settings.passphrase_changed")}</p>
          </Notice>
          <Paper sheet={sheet} agency={member.agency} login={member.login} />
        </>
      )}
      {!open && <Button onClick={() => toggle(true)}>{say("settings.passphrase_change")}</Button>}
      {open && (
        <Form onSend={changing.run}>
          <p>{say("settings.passphrase_what")}</p>
          <Secret
            label={say("settings.passphrase_now")}
            value={old}
            error={wrong ? say("sign_in.wrong") : tried && !old ? say("app.required") : null}
            onInput={setOld}
          />
          <NewPassphrase value={chosen} tried={tried} onChange={choose} />
          {changing.error !== null && !wrong && <Problem error={changing.error} />}
          <p class="row">
            <Button kind="main" type="submit" busy={changing.busy}>
              {say("settings.passphrase_change")}
            </Button>
            <Button onClick={() => toggle(false)}>{say("app.cancel")}</Button>
          </p>
        </Form>
      )}
    </Card>
  );
}

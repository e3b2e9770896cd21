/** The recovery sheet of this login: whether it was tested, the test, and a new one. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { newSheet, testSheet, type Sheet } from "../../../client/recovery.ts";
import { accountOf, sheetTested } from "../../core/accounts.ts";
import { useApp } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Button, Form } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { Secret } from "../sign_in/secret.tsx";
import { Paper } from "./paper.tsx";

export function RecoverySheet(): VNode {
  const { say, member } = useApp();
  const [sheet, show] = useState<Sheet | null>(null);
  const loading = useLoaded(() => accountOf(member.login), [member]);
  const making = useAction(async () => {
    show(await newSheet(member));
    await sheetTested(member.login, null);
    loading.again();
  });
  return (
    <Card title={say("settings.sheet")}>
      <p>{say("settings.sheet_why")}</p>
      <Loaded of={loading}>
        {(account) =>
          account?.tested ? (
            <p>{say("settings.sheet_tested", { at: day(say, account.tested) })}</p>
          ) : (
            <Notice kind="warn">
              <p>{say("settings.sheet_untested")}</p>
            </Notice>
          )
        }
      </Loaded>
      {sheet && <Paper sheet={sheet} agency={member.agency} login={member.login} />}
      <details>
        <summary>{say("settings.sheet_test")}</summary>
        <Test onTested={loading.again} />
      </details>
      <details>
        <summary>{say("settings.sheet_new")}</summary>
        <p>{say("settings.sheet_new_what")}</p>
        <Button busy={making.busy} onClick={() => making.run()}>
          {say("settings.sheet_new")}
        </Button>
        {making.error !== null && <Problem error={making.error} />}
      </details>
    </Card>
  );
}

function Test({ onTested }: { onTested: () => void }): VNode {
  const { say, member, now } = useApp();
  const [code, setCode] = useState("");
  const [device, setDevice] = useState("");
  const testing = useAction(async () => {
    await testSheet(member, code, device);
    await sheetTested(member.login, now());
    onTested();
  });
  const failed = testing.error === null ? "" : codeOf(testing.error);
  const wrong = ["malformed", "bad_signature"].includes(failed);
  return (
    <Form onSend={testing.run}>
      <p>{say("settings.sheet_test_what")}</p>
      <Secret
        label={say("sign_in.recovery")}
        hint={say("sign_in.recovery_hint")}
        value={code}
        autocomplete="off"
        error={wrong ? say(`settings.sheet_${failed}`) : null}
        onInput={setCode}
      />
      <Secret
        label={say("sign_in.device")}
        hint={say("sign_in.device_hint")}
        value={device}
        autocomplete="off"
        onInput={setDevice}
      />
      {testing.error !== null && !wrong && <Problem error={testing.error} />}
      <Button kind="main" type="submit" busy={testing.busy}>
        {say("settings.sheet_test_do")}
      </Button>
      {testing.done && (
        <Notice kind="good" live>
          <p>{say("settings.sheet_good")}</p>
        </Notice>
      )}
    </Form>
  );
}

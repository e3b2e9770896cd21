/** The passphrase is forgotten: the code of the recovery sheet opens the vault that this device kept. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { recovered, type Account } from "../../core/accounts.ts";
import { useFront } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Form } from "../../kit/controls.tsx";
import { Page } from "../../kit/showing.tsx";
import { isGood, NewPassphrase, NOT_YET, Secret } from "./secret.tsx";

interface Props {
  readonly account: Account;
  readonly onMember: (member: Member) => void;
  readonly onBack: () => void;
}

export function Forgot({ account, onMember, onBack }: Props): VNode {
  const front = useFront();
  const { say } = front;
  const [code, type] = useState("");
  const [chosen, choose] = useState(NOT_YET);
  const [tried, trying] = useState(false);
  const sending = useAction(async () => {
    trying(true);
    if (code && isGood(chosen)) onMember(await recovered(front, account, code, chosen.first));
  });
  const failed = sending.error === null ? "" : codeOf(sending.error);
  const wrong = ["malformed", "bad_signature"].includes(failed) ? say(`sign_in.code_${failed}`) : null;
  return (
    <Page title={say("sign_in.forgot_title")}>
      <Form onSend={sending.run}>
        <p>{say("sign_in.forgot_what")}</p>
        <Secret
          label={say("sign_in.recovery")}
          hint={say("sign_in.recovery_hint")}
          value={code}
          error={wrong ?? (tried && !code ? say("app.required") : null)}
          autocomplete="off"
          onInput={type}
        />
        <NewPassphrase value={chosen} tried={tried} onChange={choose} />
        {sending.error !== null && !wrong && <Problem error={sending.error} />}
        <p class="row">
          <Button kind="main" type="submit" busy={sending.busy}>
            {say("sign_in.forgot_do")}
          </Button>
          <Button onClick={onBack}>{say("app.back")}</Button>
        </p>
        <details>
          <summary>{say("sign_in.no_sheet")}</summary>
          <p>{say("sign_in.no_sheet_what")}</p>
        </details>
      </Form>
    </Page>
  );
}

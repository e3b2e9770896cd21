/** Sign in on a device that does not know the account: login, passphrase, and the device secret of the printed sheet. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { readDevice } from "../../../client/recovery.ts";
import type { Bytes } from "../../../rcp/encoding.ts";
import { signIn } from "../../core/accounts.ts";
import { useFront } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { placeOf } from "../../core/router.ts";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { Scan } from "../../kit/scan.tsx";
import { Notice } from "../../kit/showing.tsx";
import { Secret } from "./secret.tsx";

export function NewDevice(props: { login: string; device: string; onMember: (member: Member) => void }): VNode {
  const front = useFront();
  const { say } = front;
  const [login, setLogin] = useState(props.login);
  const [device, setDevice] = useState(props.device);
  const [passphrase, setPassphrase] = useState("");
  const [tried, trying] = useState(false);
  const [scanned, read] = useState(props.device !== "");
  const secret = deviceOf(device);
  const sending = useAction(async () => {
    trying(true);
    if (login && passphrase && secret) props.onMember(await signIn(front, login.trim(), passphrase, secret));
  });
  const scan = (text: string) => {
    const asked = placeOf(text.slice(text.indexOf("#"))).query;
    setDevice(asked["device"] ?? "");
    if (asked["login"]) setLogin(asked["login"]);
    read(true);
  };
  const missing = (value: string) => (tried && !value ? say("app.required") : null);
  const mistyped = tried && device && !secret ? say("sign_in.device_wrong") : null;
  return (
    <Form onSend={sending.run}>
      <p>{say("sign_in.new_what")}</p>
      <Scan label={say("sign_in.scan")} onText={scan} />
      {scanned && secret && (
        <Notice kind="good">
          <p>{say("sign_in.scanned")}</p>
        </Notice>
      )}
      <TextField
        label={say("sign_in.login")}
        value={login}
        onInput={(text) => setLogin(text.toLowerCase())}
        error={missing(login)}
        autocomplete="username"
        code
      />
      <Secret
        label={say("sign_in.passphrase")}
        value={passphrase}
        error={missing(passphrase)}
        onInput={setPassphrase}
      />
      {!(scanned && secret) && (
        <Secret
          label={say("sign_in.device")}
          hint={say("sign_in.device_hint")}
          value={device}
          error={missing(device) ?? mistyped}
          autocomplete="off"
          onInput={setDevice}
        />
      )}
      {sending.error !== null && <Problem error={sending.error} />}
      <p>
        <Button kind="main" type="submit" busy={sending.busy}>
          {say("sign_in.sign_in")}
        </Button>
      </p>
      <details>
        <summary>{say("sign_in.no_sheet")}</summary>
        <p>{say("sign_in.no_sheet_what")}</p>
      </details>
    </Form>
  );
}

function deviceOf(text: string): Bytes | null {
  try {
    return readDevice(text);
  } catch {
    return null;
  }
}

/** Passkeys that open the vault in this browser. No hub knows of them, and they are good here alone. */

import type { VNode } from "preact";
import { available } from "../../../client/passkey.ts";
import { b64u } from "../../../rcp/encoding.ts";
import { accountOf, addPasskey, removePasskey } from "../../core/accounts.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { PasskeyProblem } from "../sign_in/unlock.tsx";

export function Passkeys(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(() => accountOf(member.login), [member]);
  const adding = useAction(async () => {
    await addPasskey(member);
    loading.again();
  });
  const removing = useAction(async (id: Uint8Array<ArrayBuffer>) => {
    await removePasskey(member.login, id);
    loading.again();
  });
  return (
    <Card title={say("settings.passkeys")}>
      <p>{say("settings.passkeys_what")}</p>
      <Loaded of={loading}>
        {(account) => (
          <ul class="plain-list">
            {(account?.passkeys ?? []).map(({ id, made }) => (
              <li key={b64u(id)} class="row">
                <span>{say("settings.passkey_of", { at: moment(say, made) })}</span>
                <Button
                  label={say("settings.passkey_remove_of", { at: moment(say, made) })}
                  busy={removing.busy}
                  onClick={() => removing.run(id)}
                >
                  {say("settings.remove")}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {available() ? (
        <Button busy={adding.busy} onClick={() => adding.run()}>
          {say("settings.passkey_add")}
        </Button>
      ) : (
        <p class="hint">{say("settings.passkeys_none")}</p>
      )}
      <PasskeyProblem error={adding.error} />
      {removing.error !== null && <Problem error={removing.error} />}
      {adding.done && (
        <Notice kind="good" live>
          <p>{say("settings.passkey_added")}</p>
        </Notice>
      )}
    </Card>
  );
}

/** Open the vault that this device kept: with the passphrase, or a passkey. Works without a connection. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { forget, unlock, unlockWithPasskey, type Account } from "../../core/accounts.ts";
import { useFront } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, Choice, Dialog } from "../../kit/controls.tsx";
import { Notice } from "../../kit/showing.tsx";
import { PasskeyRefused } from "../../../client/passkey.ts";
import { Secret } from "./secret.tsx";

interface Props {
  readonly rows: readonly Account[];
  readonly account: Account;
  readonly choose: (index: number) => void;
  readonly onMember: (member: Member) => void;
  readonly onForgot: () => void;
  readonly onChanged: () => void;
}

const WRONG = ["bad_signature", "unauthenticated"];

export function Unlock({ rows, account, choose, onMember, onForgot, onChanged }: Props): VNode {
  const front = useFront();
  const { say } = front;
  const [passphrase, type] = useState("");
  const [leaving, leave] = useState(false);
  const opening = useAction(async () => onMember(await unlock(front, account, passphrase)));
  const showing = useAction(async () => onMember(await unlockWithPasskey(front, account)));
  const wrong = opening.error !== null && WRONG.includes(codeOf(opening.error));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void opening.run();
      }}
    >
      {rows.length > 1 ? (
        <Choice
          label={say("sign_in.login")}
          value={String(rows.indexOf(account))}
          options={rows.map(({ login }, index) => [String(index), login])}
          onChoose={(index) => choose(Number(index))}
        />
      ) : (
        <p>
          {say("sign_in.as")} <bdi class="strong">{account.login}</bdi>
        </p>
      )}
      {account.passkeys.length > 0 && (
        <>
          <p>
            <Button kind="main" busy={showing.busy} onClick={() => showing.run()}>
              {say("sign_in.passkey")}
            </Button>
          </p>
          <PasskeyProblem error={showing.error} />
        </>
      )}
      <input
        class="hidden"
        type="text"
        autocomplete="username"
        value={account.login}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <Secret
        label={say("sign_in.passphrase")}
        value={passphrase}
        error={wrong ? say("sign_in.wrong") : null}
        onInput={type}
      />
      {opening.error !== null && !wrong && <Problem error={opening.error} />}
      <p class="row">
        <Button kind={account.passkeys.length ? "plain" : "main"} type="submit" busy={opening.busy}>
          {say("sign_in.unlock")}
        </Button>
        <Button onClick={onForgot}>{say("sign_in.forgot")}</Button>
      </p>
      <details>
        <summary>{say("sign_in.remove")}</summary>
        <p>{say("sign_in.remove_what")}</p>
        <Button kind="warn" onClick={() => leave(true)}>
          {say("sign_in.remove")}
        </Button>
      </details>
      {leaving && (
        <Dialog title={say("sign_in.remove_sure", { login: account.login })} onClose={() => leave(false)}>
          <p>{say("sign_in.remove_what")}</p>
          <p>
            <Button kind="warn" onClick={() => forget(account.login).then(onChanged)}>
              {say("sign_in.remove_now")}
            </Button>
          </p>
        </Dialog>
      )}
    </form>
  );
}

/** Why a passkey did not open it: the person said no, or it is one that derives nothing. */
export function PasskeyProblem({ error }: { error: unknown }): VNode | null {
  const { say } = useFront();
  if (error === null) return null;
  const key = error instanceof PasskeyRefused ? "refused" : codeOf(error) === "unsupported_version" ? "cannot" : "";
  if (!key) return <Problem error={error} />;
  return (
    <Notice kind="warn" live>
      <p>{say(`sign_in.passkey_${key}`)}</p>
    </Notice>
  );
}

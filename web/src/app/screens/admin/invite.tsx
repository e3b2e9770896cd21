/** The next invitation: which roles, and how it is handed over. It is good for one person and one week. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { invitationText, invite, type Invitation } from "../../../client/enrol.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { Button, TextField } from "../../kit/controls.tsx";
import { Qr } from "../../kit/qr.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { RoleTicks } from "./people.tsx";

const MAIL = /^[^\s@]+@[^\s@]+$/;

export function InviteCard(): VNode {
  const { say, member, hub } = useApp();
  const [roles, choose] = useState<readonly string[]>(["caseworker"]);
  const [mail, type] = useState("");
  const [tried, attempt] = useState(false);
  const [made, make] = useState<Invitation | null>(null);
  const fits = mail === "" || MAIL.test(mail);
  const inviting = useAction(async () => {
    attempt(true);
    if (!roles.length || !fits) return;
    make(await invite(member, roles, hub || globalThis.location.origin, mail ? { mail } : {}));
  });
  if (made) {
    return (
      <>
        <HandOver invitation={made} />
        <Button onClick={() => make(null)}>{say("admin.invite_next")}</Button>
      </>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void inviting.run();
      }}
    >
      <p>{say("admin.invite_what")}</p>
      <RoleTicks roles={roles} choose={choose} error={tried && !roles.length ? say("app.required") : null} />
      <TextField
        label={say("admin.mail")}
        hint={say("admin.mail_hint")}
        type="email"
        value={mail}
        optional
        error={tried && !fits ? say("admin.mail_wrong") : null}
        onInput={type}
      />
      {inviting.error !== null && <Problem error={inviting.error} />}
      <Button kind="main" type="submit" busy={inviting.busy}>
        {say("admin.invite")}
      </Button>
    </form>
  );
}

export function HandOver({ invitation }: { invitation: Invitation }): VNode {
  const { say } = useApp();
  const { origin, pathname } = globalThis.location;
  const address = `${origin}${pathname}#/join?invitation=${invitationText(invitation)}`;
  const copying = useAction(() => navigator.clipboard.writeText(address));
  return (
    <Card title={say("admin.hand_over")}>
      <Notice kind="good" live>
        <p>{say("admin.invited")}</p>
      </Notice>
      <p>{say("admin.hand_over_what")}</p>
      <div class="large-qr">
        <Qr text={address} label={say("admin.invite_qr")} />
      </div>
      <details>
        <summary>{say("admin.invite_line")}</summary>
        <p class="digits copy">{address}</p>
      </details>
      <p class="row">
        <Button busy={copying.busy} onClick={copying.run}>
          {say("admin.copy")}
        </Button>
        {copying.done && <span role="status">{say("admin.copied")}</span>}
      </p>
      <p class="hint">{say("admin.then")}</p>
    </Card>
  );
}

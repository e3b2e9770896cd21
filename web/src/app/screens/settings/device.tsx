/** Language and lock of this device, and who it is: the digits that a colleague compares. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import { useApp } from "../../core/app.ts";
import { IDLE_CHOICES, idleMinutes, keepIdleMinutes } from "../../core/settings.ts";
import { LangChoice } from "../../core/shell.tsx";
import { Choices } from "../../kit/controls.tsx";
import { Card, Facts } from "../../kit/showing.tsx";

export function DeviceCard(): VNode {
  const { say, member, roles } = useApp();
  const [minutes, set] = useState(idleMinutes());
  return (
    <>
      <Card title={say("settings.here")}>
        <LangChoice />
        <Choices
          label={say("settings.lock_after")}
          hint={say("settings.lock_after_hint")}
          value={String(minutes)}
          options={IDLE_CHOICES.map((one) => [String(one), say.many("settings.minutes", one)])}
          onChoose={(chosen) => {
            keepIdleMinutes(Number(chosen));
            set(Number(chosen));
          }}
        />
      </Card>
      <Card title={say("settings.who")}>
        <Facts
          rows={[
            [say("sign_in.login"), <bdi>{member.login}</bdi>],
            [say("settings.agency"), <bdi class="digits">{shortOf(member.agency)}</bdi>],
            [say("people.roles"), rolesIn(say, roles)],
          ]}
        />
        <h3>{say("settings.fingerprint")}</h3>
        <p class="digits fingerprint">{member.fingerprint}</p>
        <p class="hint">{say("settings.fingerprint_hint")}</p>
      </Card>
    </>
  );
}

const rolesIn = (say: ReturnType<typeof useApp>["say"], roles: readonly string[]): string =>
  roles.length
    ? new Intl.ListFormat(say.lang).format(roles.map((role) => say(`people.role_${role}`)))
    : say("settings.no_roles");

/** The second step of a sign-in: codes of an authenticator app, on and off. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { isObject } from "../../../rcp/encoding.ts";
import type { Member } from "../../../client/member.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button } from "../../kit/controls.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { CodeForm } from "../sign_in/code.tsx";
import { CodeSteps, isWrongCode, switchCodes } from "../sign_in/set_up_codes.tsx";

export function Codes(): VNode {
  const { say, member } = useApp();
  const [changing, change] = useState(false);
  const loading = useLoaded(() => standing(member), [member]);
  const done = () => {
    change(false);
    loading.again();
  };
  return (
    <Card title={say("settings.codes")}>
      <p>{say("settings.codes_what")}</p>
      <Loaded of={loading}>
        {({ active, required }) => (
          <>
            <p>
              <strong>{say(active ? "settings.codes_on" : "settings.codes_off")}</strong>
              {required && <> {say("settings.codes_required")}</>}
            </p>
            {!changing && (
              <Button onClick={() => change(true)}>
                {say(active ? "settings.codes_turn_off" : "settings.codes_turn_on")}
              </Button>
            )}
            {changing && !active && <CodeSteps member={member} onDone={done} />}
            {changing && active && <TurnOff member={member} onDone={done} required={required} />}
            {changing && <Button onClick={() => change(false)}>{say("app.cancel")}</Button>}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function TurnOff({ member, onDone, required }: { member: Member; onDone: () => void; required: boolean }): VNode {
  const { say } = useApp();
  const turning = useAction(async (code: string) => {
    await switchCodes(member, false, code);
    onDone();
  });
  const wrong = isWrongCode(turning.error);
  return (
    <>
      {required && (
        <Notice kind="warn">
          <p>{say("settings.codes_off_required")}</p>
        </Notice>
      )}
      <CodeForm
        error={wrong ? say("sign_in.totp_wrong") : null}
        busy={turning.busy}
        action="settings.codes_turn_off"
        onCode={turning.run}
      />
      {turning.error !== null && !wrong && <Problem error={turning.error} />}
    </>
  );
}

async function standing(member: Member): Promise<{ active: boolean; required: boolean }> {
  const found = await member.hub.get("/api/v1/totp");
  return {
    active: isObject(found) && found["active"] === true,
    required: isObject(found) && found["required"] === true,
  };
}

/** Set up an authenticator app: the secret is shown once, and counts from the first code that fits. */

import type { VNode } from "preact";
import type { Member } from "../../../client/member.ts";
import { HubError } from "../../../client/session.ts";
import { isObject } from "../../../rcp/encoding.ts";
import { useSay } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Qr } from "../../kit/qr.tsx";
import { Page } from "../../kit/showing.tsx";
import { CodeForm } from "./code.tsx";

interface Props {
  readonly member: Member;
  readonly onDone: () => void;
}

/** Where the hub lets nobody on without codes. */
export function SetUpCodes(props: Props): VNode {
  const say = useSay();
  return (
    <Page title={say("sign_in.setup_title")}>
      <p>{say("sign_in.setup_why")}</p>
      <CodeSteps {...props} />
    </Page>
  );
}

export function CodeSteps({ member, onDone }: Props): VNode {
  const say = useSay();
  const loading = useLoaded(() => newSecret(member), [member]);
  const confirming = useAction(async (code: string) => {
    await switchCodes(member, true, code);
    onDone();
  });
  const wrong = isWrongCode(confirming.error);
  return (
    <Loaded of={loading}>
      {({ secret, uri }) => (
        <ol class="steps-down">
          <li>
            <p>{say("sign_in.setup_app")}</p>
          </li>
          <li>
            <p>{say("sign_in.setup_scan")}</p>
            <Qr text={uri} label={say("sign_in.setup_qr")} />
            <p>{say("sign_in.setup_type")}</p>
            <p class="digits copy">{secret.replace(/(.{4})(?!$)/g, "$1 ")}</p>
            <p>
              <a class="button" href={uri}>
                {say("sign_in.setup_here")}
              </a>
            </p>
          </li>
          <li>
            <CodeForm
              error={wrong ? say("sign_in.totp_wrong") : null}
              busy={confirming.busy}
              action="sign_in.setup_do"
              hint="sign_in.setup_code"
              onCode={confirming.run}
            />
            {confirming.error !== null && !wrong && <Problem error={confirming.error} />}
          </li>
        </ol>
      )}
    </Loaded>
  );
}

/** Turn codes on or off with one that fits. */
export const switchCodes = (member: Member, active: boolean, code: string): Promise<unknown> =>
  member.hub.put("/api/v1/totp", { active, code, current: member.loginSecret });

/** Of those who are signed in, a code that does not fit is refused as forbidden. */
export const isWrongCode = (error: unknown): boolean => error instanceof HubError && error.code === "forbidden";

async function newSecret(member: Member): Promise<{ secret: string; uri: string }> {
  const found = await member.hub.post("/api/v1/totp", {});
  if (!isObject(found)) throw new HubError("peer_misbehaved");
  return { secret: String(found["secret"]), uri: String(found["uri"]) };
}

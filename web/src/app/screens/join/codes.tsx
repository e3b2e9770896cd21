/** Where a hub lets nobody on without codes of an authenticator app, they are set up on the way in. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { needsCodes } from "../../core/accounts.ts";
import { useSay } from "../../core/app.ts";
import { CodeSteps } from "../sign_in/set_up_codes.tsx";

export interface Codes {
  /** What is shown instead of everything else while codes are set up. */
  readonly page: VNode | null;
  /** Return once the hub lets the member on. */
  readonly ensure: (member: Member) => Promise<void>;
}

export function useCodes(): Codes {
  const say = useSay();
  const [asked, ask] = useState<{ member: Member; done: () => void } | null>(null);
  const ensure = async (member: Member) => {
    if (!(await needsCodes(member))) return;
    await new Promise<void>((done) => ask({ member, done }));
    ask(null);
  };
  const page = asked && (
    <section>
      <h2>{say("sign_in.setup_title")}</h2>
      <p>{say("sign_in.setup_why")}</p>
      <CodeSteps member={asked.member} onDone={asked.done} />
    </section>
  );
  return { page, ensure };
}

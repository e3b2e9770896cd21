/** The way in: unlock what this device knows, or sign in on a new one. Nothing is asked of a hub before a button is pressed. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Member } from "../../../client/member.ts";
import { accounts, listen, needsCodes, type Account } from "../../core/accounts.ts";
import { useFront } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { LangChoice } from "../../core/shell.tsx";
import { Button } from "../../kit/controls.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { askForCode } from "./code.tsx";
import { Forgot } from "./forgot.tsx";
import { NewDevice } from "./new_device.tsx";
import { SetUpCodes } from "./set_up_codes.tsx";
import { Unlock } from "./unlock.tsx";

interface Props {
  readonly onMember: (member: Member) => void;
  readonly query: { readonly [name: string]: string };
}

type Way = "unlock" | "forgot" | "new";

export default function SignIn({ onMember, query }: Props): VNode {
  const [given, hold] = useState(query);
  const loading = useLoaded(accounts, []);
  useEffect(() => listen(askForCode, null), []);
  useEffect(() => {
    if (!query["device"] && !query["login"]) return;
    hold(query);
    history.replaceState(null, "", globalThis.location.pathname); // what is secret does not stay in the address
  }, [query]);
  const once = given["device"] ?? "";
  return (
    <Loaded of={loading}>
      {(rows) => <Ways key={once} {...{ rows, given, onMember }} onChanged={loading.again} />}
    </Loaded>
  );
}

function Ways({
  rows,
  given,
  onMember,
  onChanged,
}: {
  rows: readonly Account[];
  given: Props["query"];
  onMember: (member: Member) => void;
  onChanged: () => void;
}): VNode {
  const { say } = useFront();
  // an address that somebody made cannot give a login of this device another secret
  const known = rows.some((row) => row.login === given["login"]);
  const [way, take] = useState<Way>(rows.length && (known || !given["device"]) ? "unlock" : "new");
  const [chosen, choose] = useState(0);
  const [waiting, wait] = useState<Member | null>(null);
  const account = rows[chosen] ?? rows[0];
  const checking = useAction(async (member: Member, fresh: boolean) => {
    if (fresh && (await needsCodes(member))) wait(member);
    else onMember(member);
  });
  if (waiting) return <SetUpCodes member={waiting} onDone={() => onMember(waiting)} />;
  const open = (member: Member) => checking.run(member, way === "new" || account?.ended === "totp_setup");
  if (way === "forgot" && account) return <Forgot account={account} onMember={open} onBack={() => take("unlock")} />;
  return (
    <Page title={say(way === "new" ? "sign_in.title_new" : "sign_in.title")}>
      {checking.error !== null && <Problem error={checking.error} />}
      {way === "unlock" && account ? (
        <>
          {account.ended && say.has(`sign_in.ended_${account.ended}`) && (
            <Notice kind="warn" live>
              <p>{say(`sign_in.ended_${account.ended}`)}</p>
            </Notice>
          )}
          <Unlock {...{ rows, account, choose, onChanged }} onMember={open} onForgot={() => take("forgot")} />
          <p>
            <Button onClick={() => take("new")}>{say("sign_in.other")}</Button>
          </p>
        </>
      ) : (
        <>
          <NewDevice login={given["login"] ?? ""} device={given["device"] ?? ""} onMember={open} />
          {rows.length > 0 && (
            <p>
              <Button onClick={() => take("unlock")}>{say("sign_in.known")}</Button>
            </p>
          )}
        </>
      )}
      <p>
        <a href="#/join">{say("sign_in.invited")}</a>
      </p>
      <LangChoice />
    </Page>
  );
}

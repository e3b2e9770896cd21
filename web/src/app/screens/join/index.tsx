/** Coming in: accept an invitation, begin an agency, or recover one. Nothing is asked of a hub before a button is pressed. */

import type { VNode } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Invitation } from "../../../client/enrol.ts";
import type { Begun } from "../../../client/founding.ts";
import type { Member } from "../../../client/member.ts";
import type { Sheet } from "../../../client/recovery.ts";
import { sheetTested } from "../../core/accounts.ts";
import { AppContext, EnterContext, useFront, type ScreenProps } from "../../core/app.ts";
import { LangChoice } from "../../core/shell.tsx";
import { Button } from "../../kit/controls.tsx";
import { Notice, Page, Steps } from "../../kit/showing.tsx";
import { Certifiers, Unfinished, type Founding } from "./certifiers.tsx";
import { NewKeys } from "./desk.tsx";
import { Invited } from "./invitation.tsx";
import { Recover } from "./recover.tsx";
import { SheetStep } from "./sheet.tsx";
import { Waiting } from "./waiting.tsx";

export default function Join({ args, query }: ScreenProps): VNode {
  const { say } = useFront();
  const app = useContext(AppContext);
  const enter = useContext(EnterContext);
  const [line, take] = useState("");
  useEffect(() => {
    if (!query["invitation"]) return;
    take(query["invitation"]);
    history.replaceState(null, "", `${globalThis.location.pathname}#/join`); // a code does not stay in the address
  }, [query]);
  if (app && enter) return <Waiting member={app.member} onCertified={() => enter(app.member)} />;
  if (app) {
    return (
      <Page title={say("join.title")}>
        <p>{say("join.signed_in", { login: app.member.login })}</p>
        <Button onClick={app.leave}>{say("app.sign_out")}</Button>
      </Page>
    );
  }
  const come = (member: Member) => enter?.(member);
  if (args[0] === "recover") return <Recover onMember={come} />;
  return <Accept key={line} {...{ line, come }} />;
}

/** What was made here, and what is still to be done with it. */
export interface Made {
  readonly member: Member;
  readonly sheet: Sheet;
  /** Of a new agency. */
  readonly begun?: Begun;
}

function Accept({ line, come }: { line: string; come: (member: Member) => void }): VNode {
  const { say, now } = useFront();
  const [invitation, accept] = useState<Invitation | null>(null);
  const [founding, found] = useState(false);
  const [made, make] = useState<Made | null>(null);
  const [tested, test] = useState(false);
  const [unfinished, go] = useState<Founding | null>(null);
  const names = ["invitation", "keys", "sheet", founding ? "certifiers" : "waiting"].map((step) =>
    say(`join.step_${step}`),
  );
  const at = !invitation ? 0 : !made ? 1 : !tested ? 2 : 3;
  const done = async () => {
    if (made && !made.begun) await sheetTested(made.member.login, now());
    test(true);
  };
  if (unfinished) return <Certifiers {...unfinished} tested={null} onMember={come} />;
  return (
    <Page title={say(`join.title_${at}`)}>
      <Steps {...{ names, at }} />
      {at === 0 && (
        <>
          <Unfinished onOpen={go} />
          <Invited
            line={line}
            onAccept={(given, begins) => {
              found(begins);
              accept(given);
            }}
          />
          <p>
            <a href="#/inbox">{say("join.have_login")}</a>
          </p>
          <LangChoice />
        </>
      )}
      {invitation && at === 1 && <NewKeys {...{ invitation, founding }} onMade={make} />}
      {made && at === 2 && <SheetStep sheet={made.sheet} member={made.member} onTested={done} />}
      {made && at === 3 && !made.begun && <Waiting member={made.member} inside onCertified={() => come(made.member)} />}
      {made?.begun && at === 3 && (
        <Certifiers member={made.member} begun={made.begun} tested={now()} inside onMember={come} />
      )}
      {at === 2 && (
        <Notice>
          <p>{say("join.do_not_close")}</p>
        </Notice>
      )}
    </Page>
  );
}

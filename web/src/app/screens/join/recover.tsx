/** An agency recovered with two of its three papers, when every device of its root is lost. Everybody of it is told. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { readInvitation, type Invitation } from "../../../client/enrol.ts";
import type { Member } from "../../../client/member.ts";
import { join } from "../../../client/shares.ts";
import { sheetTested, signedIn } from "../../core/accounts.ts";
import { useFront } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { go } from "../../core/router.ts";
import { Button, Form, TextArea } from "../../kit/controls.tsx";
import { Scan } from "../../kit/scan.tsx";
import { Notice, Page } from "../../kit/showing.tsx";
import { NOT_YET, type Chosen } from "../sign_in/secret.tsx";
import { useCodes } from "./codes.tsx";
import { DeskFields, deskIsGood, deskOf } from "./desk.tsx";
import type { Made } from "./index.tsx";
import { SheetStep } from "./sheet.tsx";

export function Recover({ onMember }: { onMember: (member: Member) => void }): VNode {
  const front = useFront();
  const { say, now } = front;
  const [place, setPlace] = useState("");
  const [papers, setPapers] = useState(["", ""]);
  const [login, setLogin] = useState("");
  const [chosen, choose] = useState<Chosen>(NOT_YET);
  const [tried, attempt] = useState(false);
  const [made, make] = useState<Made | null>(null);
  const where = placeOf(place);
  const codes = useCodes();
  const joining = useAction(async () => {
    attempt(true);
    if (!where || papers.some((paper) => !paper.trim()) || !deskIsGood(login, chosen)) return;
    const found = await join(await deskOf(front, login, chosen.first), where, papers, codes.ensure);
    await signedIn(found.member);
    make(found);
  });
  const done = async () => {
    await sheetTested(made!.member.login, now());
    go("admin");
    onMember(made!.member);
  };
  const code = joining.error === null ? "" : codeOf(joining.error);
  const wrong = ["malformed", "bad_signature", "unknown_signer"].includes(code);
  if (made) {
    return (
      <Page title={say("join.title_2")}>
        <SheetStep sheet={made.sheet} member={made.member} onTested={done} />
      </Page>
    );
  }
  if (codes.page) return <Page title={say("join.recover")}>{codes.page}</Page>;
  return (
    <Page title={say("join.recover")} back="join">
      <Notice kind="warn">
        <p>{say("join.recover_what")}</p>
      </Notice>
      <Form onSend={joining.run}>
        {papers.map((paper, index) => (
          <TextArea
            key={index}
            label={say("join.paper", { n: index + 1 })}
            hint={say("join.paper_hint")}
            value={paper}
            error={tried && !paper.trim() ? say("app.required") : null}
            onInput={(text) => setPapers((all) => all.map((one, i) => (i === index ? text : one)))}
          />
        ))}
        <TextArea
          label={say("join.where")}
          hint={say("join.where_hint")}
          value={place}
          error={tried && !where ? say("join.no_invitation") : null}
          onInput={setPlace}
        />
        <Scan label={say("join.scan")} onText={setPlace} />
        <DeskFields {...{ login, setLogin, chosen, choose, tried }} />
        {wrong ? (
          <p class="error" role="alert">
            {say("join.papers_wrong")}
          </p>
        ) : (
          joining.error !== null && <Problem error={joining.error} />
        )}
        <Button kind="main" type="submit" busy={joining.busy}>
          {say("join.recover_do")}
        </Button>
      </Form>
    </Page>
  );
}

function placeOf(text: string): Invitation | null {
  try {
    return readInvitation(text);
  } catch {
    return null;
  }
}

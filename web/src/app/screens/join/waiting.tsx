/** Waiting for the admin: the six words of this device, to be read out, and what happens next. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isCertified } from "../../../client/enrol.ts";
import type { Member } from "../../../client/member.ts";
import { ready } from "../../../client/sodium.ts";
import { deviceWords } from "../../../client/words.ts";
import { useFront, type Children } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { go } from "../../core/router.ts";
import { Button } from "../../kit/controls.tsx";
import { Qr } from "../../kit/qr.tsx";
import { Notice, Page } from "../../kit/showing.tsx";

const EVERY = 20_000;

export function Waiting({
  member,
  inside = false,
  onCertified,
}: {
  member: Member;
  /** Whether a page is round it already. */
  inside?: boolean;
  onCertified: () => void;
}): VNode {
  const { say } = useFront();
  const [looked, look] = useState(false);
  const looking = useAction(async () => {
    if (await isCertified(member)) {
      go("inbox");
      onCertified();
    } else look(true);
  });
  useEffect(() => {
    if (inside) history.replaceState(null, "", globalThis.location.pathname); // who reloads unlocks, and is here again
  }, []);
  useEffect(() => {
    const timer = setInterval(() => void (document.hidden || looking.run()), EVERY);
    return () => clearInterval(timer);
  }, [member]);
  return (
    <Frame inside={inside} title={say("join.title_3")}>
      <p>{say("join.wait_what")}</p>
      <TheseWords member={member} />
      <ol class="steps-down">
        <li>{say("join.wait_1")}</li>
        <li>{say("join.wait_2")}</li>
        <li>{say("join.wait_3")}</li>
      </ol>
      <p class="row">
        <Button kind="main" busy={looking.busy} onClick={looking.run}>
          {say("join.look")}
        </Button>
      </p>
      {looking.error !== null && <Problem error={looking.error} />}
      {looked && !looking.busy && (
        <Notice live>
          <p>{say("join.not_yet")}</p>
        </Notice>
      )}
      <p class="hint">{say("join.may_close")}</p>
    </Frame>
  );
}

/** What a person reads out of a device: words, and for other scripts and cameras digits and a square. */
export function TheseWords({ member }: { member: Member }): VNode {
  const { say } = useFront();
  const loading = useLoaded(async () => {
    await ready();
    return deviceWords(member.publicKeys);
  }, [member]);
  return (
    <div class="card">
      <h2>{say("join.words")}</h2>
      <Loaded of={loading}>
        {(words) => (
          <ol class="six-words" lang="en" dir="ltr">
            {words.split(" ").map((word) => (
              <li key={word}>{word}</li>
            ))}
          </ol>
        )}
      </Loaded>
      <details>
        <summary>{say("join.digits")}</summary>
        <p class="digits">{member.fingerprint}</p>
        <Qr text={member.fingerprint.replace(/ /g, "")} label={say("join.qr")} />
      </details>
    </div>
  );
}

function Frame({ inside, title, children }: { inside: boolean; title: string; children: Children }): VNode {
  return inside ? <div>{children}</div> : <Page title={title}>{children}</Page>;
}

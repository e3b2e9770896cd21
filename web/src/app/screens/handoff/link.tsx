/** A link for a provider without an account: made here, shown once, told in two ways. */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { issue, standing, type Issued } from "../../../client/issuing.ts";
import { unlink } from "../../../client/referrals.ts";
import { relink } from "../../../client/sending.ts";
import { useApp } from "../../core/app.ts";
import { Problem, useAction } from "../../core/loading.tsx";
import { moment } from "../../core/time.ts";
import { Button, Field, Tick } from "../../kit/controls.tsx";
import { Qr } from "../../kit/qr.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import type { PartProps } from "./index.tsx";
import { Reasons } from "./reasons.tsx";
import { useWhy } from "./why.tsx";

export function LinkPanel({ shown, done }: PartProps): VNode | null {
  const { say, member, now, hub } = useApp();
  const [issued, setIssued] = useState<Issued | null>(null);
  const [spoken, setSpoken] = useState(true);
  const why = useWhy();
  const may = (step: string) => shown.view.possible?.includes(`referral.${step}`) ?? false;
  const stands = standing(shown, now());
  const make = useAction(async () => {
    const origin = hub || globalThis.location.origin;
    const made = await issue(member, shown.to, { spoken, until: null, origin });
    await why.with((reason) => relink(member, shown.id, made.link, new Map(), reason));
    setIssued(made);
    done();
  });
  const end = useAction(async () => {
    await unlink(member, shown.id);
    done();
  });
  if (shown.from !== member.agency || (stands === null && !may("link"))) return null;
  return (
    <Card title={say("handoff.link")}>
      <p>{say(stands === null ? "handoff.link_about" : `handoff.link_${stands}`)}</p>
      {issued && <IssuedView issued={issued} />}
      {may("link") && (
        <>
          <Tick label={say("handoff.link_spoken")} checked={spoken} onTick={setSpoken} />
          {why.field}
          <p class="row">
            <Button busy={make.busy} onClick={make.run}>
              {say(stands === null ? "handoff.link_make" : "handoff.link_again")}
            </Button>
            {stands !== null && stands !== "revoked" && may("unlink") && (
              <Button kind="warn" busy={end.busy} onClick={end.run}>
                {say("handoff.link_revoke")}
              </Button>
            )}
          </p>
        </>
      )}
      {make.error !== null && !why.asked && (
        <>
          <Problem error={make.error} />
          <Reasons error={make.error} />
        </>
      )}
      {end.error !== null && <Problem error={end.error} />}
    </Card>
  );
}

/** Address and digits go two ways: whoever sends both together gives them to whoever reads along. */
export function IssuedView({ issued }: { issued: Issued }): VNode {
  const { say } = useApp();
  const [copied, copy] = useState(false);
  const [printing, print] = useState(false);
  useEffect(() => {
    if (!printing) return;
    globalThis.print();
    print(false);
  }, [printing]);
  return (
    <div class={printing ? "paper" : ""}>
      <Notice kind="good" live>
        <p>{say("handoff.link_once")}</p>
        <Field label={say("handoff.link_address")}>
          {(tied) => (
            <input
              {...tied}
              class="code"
              dir="ltr"
              readOnly
              value={issued.url}
              onFocus={(event) => event.currentTarget.select()}
            />
          )}
        </Field>
        <p class="row">
          <Button onClick={() => void navigator.clipboard?.writeText(issued.url).then(() => copy(true))}>
            {say(copied ? "handoff.copied" : "handoff.copy")}
          </Button>
          <Button onClick={() => print(true)}>{say("handoff.link_print")}</Button>
        </p>
        <p class="digits print-only">{issued.url}</p>
        <Qr text={issued.url} label={say("handoff.link_qr")} />
        <p class="code-line">
          {issued.code === null ? (
            say("handoff.link_code_sent")
          ) : (
            <>
              {say("handoff.link_code")} <strong class="digits code-out">{issued.code}</strong>
            </>
          )}
        </p>
        <p>{say("handoff.link_until", { at: moment(say, issued.link.until) })}</p>
      </Notice>
    </div>
  );
}

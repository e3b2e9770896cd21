/** The agency's three recovery papers, two of which bring it back when every device of its root is lost. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { invitationText } from "../../../client/enrol.ts";
import { ready } from "../../../client/sodium.ts";
import { recoveryKey, split, type Shares } from "../../../client/shares.ts";
import { useApp } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { Qr } from "../../kit/qr.tsx";
import { Card, Notice } from "../../kit/showing.tsx";
import { plainName } from "../keys/agency.tsx";

const PAPERS = 3;

export function Papers(): VNode {
  const { say, member } = useApp();
  const loading = useLoaded(async () => recoveryKey(await member.home()), [member]);
  const [held, hold] = useState<readonly string[]>(Array<string>(PAPERS).fill(""));
  const [tried, attempt] = useState(false);
  const [shares, show] = useState<Shares | null>(null);
  const bodies = new Set(held.map((name) => name.trim().toLowerCase().split(/\s+/).join(" ")));
  const whole = held.every((name) => name.trim() !== "");
  const splitting = useAction(async () => {
    attempt(true);
    if (!whole || bodies.size < 2) return;
    await ready();
    show(
      await split(
        member,
        held.map((name) => name.trim()),
        globalThis.location.origin,
      ),
    );
  });
  const code = splitting.error === null ? "" : codeOf(splitting.error);
  if (shares) return <Printed {...{ shares, held }} onDone={() => show(null)} />;
  return (
    <>
      <p>{say("admin.papers_what")}</p>
      <Loaded of={loading}>
        {(key) =>
          key ? (
            <Notice kind="good">
              <p>{say("admin.papers_made", { at: day(say, key.at) })}</p>
              <ul>
                {key.held.map((name, index) => (
                  <li key={index}>
                    <bdi dir="auto">{name}</bdi>
                  </li>
                ))}
              </ul>
            </Notice>
          ) : (
            <Notice kind="warn">
              <p>{say("admin.papers_none")}</p>
            </Notice>
          )
        }
      </Loaded>
      {member.root && (
        <Form onSend={splitting.run}>
          <p>{say("admin.papers_who")}</p>
          {held.map((name, index) => (
            <TextField
              key={index}
              label={say("admin.paper_body", { n: index + 1 })}
              value={name}
              error={tried && !name.trim() ? say("app.required") : null}
              onInput={(text) => hold(held.map((one, i) => (i === index ? text : one)))}
            />
          ))}
          {tried && whole && bodies.size < 2 && (
            <p class="error" role="alert">
              {say("admin.papers_bodies")}
            </p>
          )}
          {code === "forbidden" ? (
            <p class="error" role="alert">
              {say("admin.papers_operator")}
            </p>
          ) : (
            splitting.error !== null && <Problem error={splitting.error} />
          )}
          <Button kind="main" type="submit" busy={splitting.busy}>
            {say("admin.papers_make")}
          </Button>
        </Form>
      )}
    </>
  );
}

function Printed({ shares, held, onDone }: { shares: Shares; held: readonly string[]; onDone: () => void }): VNode {
  const { say, member } = useApp();
  const where = invitationText(shares.where);
  return (
    <>
      <Notice kind="warn" live>
        <p>{say("admin.papers_now")}</p>
      </Notice>
      <p class="row">
        <Button kind="main" onClick={() => globalThis.print()}>
          {say("app.print")}
        </Button>
        <Button onClick={onDone}>{say("admin.papers_done")}</Button>
      </p>
      {shares.lines.map((line, index) => (
        <Card key={index} kind="share" title={say("admin.paper", { n: index + 1 })}>
          <p>
            <bdi class="digits">{plainName(member.agency)}</bdi> · <bdi dir="auto">{held[index]!}</bdi>
          </p>
          <p>{say("admin.paper_what")}</p>
          <ol class="share-words" dir="ltr" lang="en">
            {line.split(" ").map((word, place) => (
              <li key={place}>{word}</li>
            ))}
          </ol>
          <h3>{say("join.where")}</h3>
          <div class="large-qr">
            <Qr text={where} label={say("join.where")} />
          </div>
          <p class="digits copy small">{where}</p>
        </Card>
      ))}
    </>
  );
}

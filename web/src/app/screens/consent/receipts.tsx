/** Somebody shows a receipt: stop what was sent on that consent. And what other agencies were shown, for a supervisor. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { shortOf } from "../../../client/agencies.ts";
import * as freezing from "../../../client/freezing.ts";
import type { Decision, Request } from "../../../client/freezing.ts";
import { parseToken } from "../../../consent/token.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Form, TextField } from "../../kit/controls.tsx";
import { Card, Due, Empty, Foreign, Notice, Page } from "../../kit/showing.tsx";
import { AgencyChoice } from "./agency_choice.tsx";

export function Receipts(): VNode {
  const { say } = useApp();
  return (
    <Page title={say("consent.receipts")} back="consent">
      <Stop />
      <h2>{say("consent.asked_of_us")}</h2>
      <Requests />
    </Page>
  );
}

function Stop(): VNode {
  const { member, say } = useApp();
  const [token, type] = useState("");
  const [agency, choose] = useState("");
  const [tried, attempt] = useState(false);
  const stopping = useAction(() => freezing.ask(member, token, agency));
  const good = parseToken(token) !== null;
  return (
    <Card title={say("consent.stop")}>
      <p>{say("consent.stop_about")}</p>
      <Form
        onSend={() => {
          attempt(true);
          if (good && agency) void stopping.run();
        }}
      >
        <TextField
          label={say("consent.stop_code")}
          hint={say("consent.stop_code_hint")}
          error={tried && !good ? say("consent.stop_code_wrong") : null}
          value={token}
          onInput={type}
          autocomplete="off"
          code
        />
        <AgencyChoice
          label={say("consent.stop_agency")}
          error={tried && !agency ? say("app.required") : null}
          value={agency}
          onChoose={choose}
        />
        <Button type="submit" kind="main" busy={stopping.busy}>
          {say("consent.stop_button")}
        </Button>
      </Form>
      {stopping.error !== null && <Problem error={stopping.error} />}
      {stopping.done && (
        <Notice kind="good" live>
          <p>{say("consent.stopped")}</p>
        </Notice>
      )}
    </Card>
  );
}

function Requests(): VNode {
  const { member, say } = useApp();
  const found = useLoaded(() => freezing.requests(member), []);
  return (
    <Loaded of={found}>
      {(rows) =>
        rows.length ? (
          <>
            {rows.map((row) => (
              <Asked key={row.handoff} row={row} again={found.again} />
            ))}
          </>
        ) : (
          <Empty>{say("consent.asked_nothing")}</Empty>
        )
      }
    </Loaded>
  );
}

function Asked({ row, again }: { row: Request; again: () => void }): VNode {
  const { member, say, roles } = useApp();
  const deciding = useAction(async (decision: Decision) => {
    await freezing.decide(member, row.handoff, decision);
    again();
  });
  return (
    <Card>
      <p>
        {say("consent.shown_to")} <Foreign>{shortOf(row.by)}</Foreign>. {say(`consent.freeze.${row.state}`)}{" "}
        {row.found === false && say("consent.freeze_nothing")} {row.open && <Due at={row.due} />}
      </p>
      {row.open && !roles.includes("supervisor") && <p>{say("consent.freeze_supervisor")}</p>}
      {row.open && roles.includes("supervisor") && (
        <>
          <p>{say("consent.freeze_about")}</p>
          {deciding.error !== null && <Problem error={deciding.error} />}
          <div class="row">
            <Button busy={deciding.busy} onClick={() => deciding.run("kept")}>
              {say("consent.freeze_keep")}
            </Button>
            <Button kind="warn" busy={deciding.busy} onClick={() => deciding.run("withdrawn")}>
              {say("consent.freeze_withdraw")}
            </Button>
          </div>
        </>
      )}
    </Card>
  );
}

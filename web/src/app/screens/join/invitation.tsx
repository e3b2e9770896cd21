/** The invitation: pasted, scanned, or out of the address; what it says, before anything is made. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { readInvitation, type Invitation } from "../../../client/enrol.ts";
import { useFront } from "../../core/app.ts";
import { Button, Choices, Form, TextArea } from "../../kit/controls.tsx";
import { Scan } from "../../kit/scan.tsx";
import { Facts, Notice } from "../../kit/showing.tsx";
import { placeOf } from "../../core/router.ts";
import { plainName } from "../keys/agency.tsx";

interface Props {
  readonly line: string;
  readonly onAccept: (invitation: Invitation, founding: boolean) => void;
}

export function Invited({ line, onAccept }: Props): VNode {
  const { say } = useFront();
  const [typed, type] = useState(line);
  const [tried, attempt] = useState(line !== "");
  const [standing, stand] = useState("");
  const found = readTyped(typed);
  const mayFound = found !== null && found.member === null && found.roles.includes("agency_admin");
  const wrong = tried && !found ? say("join.no_invitation") : null;
  const undecided = tried && mayFound && standing === "" && line !== typed;
  const next = () => {
    attempt(true);
    if (found && (!mayFound || standing)) onAccept(found, mayFound && standing === "new");
  };
  return (
    <Form onSend={() => next()}>
      {found ? (
        <Said invitation={found} />
      ) : (
        <>
          <p>{say("join.what")}</p>
          <TextArea label={say("join.line")} hint={say("join.line_hint")} value={typed} error={wrong} onInput={type} />
          <Scan label={say("join.scan")} onText={type} />
        </>
      )}
      {mayFound && (
        <Choices
          label={say("join.standing")}
          value={standing}
          error={undecided ? say("app.required") : null}
          options={["here", "new"].map((name) => [name, say(`join.standing_${name}`)])}
          onChoose={stand}
        />
      )}
      <p class="row">
        <Button kind="main" type="submit">
          {say("join.go_on")}
        </Button>
        {found && <Button onClick={() => type("")}>{say("join.another")}</Button>}
      </p>
      {!found && (
        <p>
          <a href="#/join/recover">{say("join.have_papers")}</a>
        </p>
      )}
    </Form>
  );
}

function Said({ invitation }: { invitation: Invitation }): VNode {
  const { say } = useFront();
  const { agency, host, roles, member } = invitation;
  const here = globalThis.location.host;
  return (
    <>
      <Facts
        rows={[
          [say("join.agency"), <bdi class="digits">{plainName(agency)}</bdi>],
          [say("join.hub"), <bdi class="digits">{host}</bdi>],
          [say("join.roles"), roles.map((role) => say(`people.role_${role}`)).join(say("people.and"))],
        ]}
      />
      {member !== null && (
        <Notice>
          <p>{say("join.back")}</p>
        </Notice>
      )}
      {host.split(":")[0] !== here.split(":")[0] && <p class="hint">{say("join.served_by", { here })}</p>}
    </>
  );
}

/** A line, or the address that has it: whatever somebody copied. */
function readTyped(text: string): Invitation | null {
  const inside = text.includes("#") ? (placeOf(text.slice(text.indexOf("#"))).query["invitation"] ?? "") : text;
  try {
    return readInvitation(inside);
  } catch {
    return null;
  }
}

/** A new agency's last step: two certifiers elsewhere sign who it is, and it is registered. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  finish,
  identityBegun,
  readCertification,
  requestText,
  type Begun,
  type Certification,
} from "../../../client/founding.ts";
import type { Member } from "../../../client/member.ts";
import { fingerprint } from "../../../rcp/dsse.ts";
import { fromB64u } from "../../../rcp/encoding.ts";
import { sheetTested, signedIn } from "../../core/accounts.ts";
import { useFront, type Children } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { go } from "../../core/router.ts";
import { save } from "../../core/save.ts";
import { Button, FileDrop, Form, TextArea } from "../../kit/controls.tsx";
import { Card, Page } from "../../kit/showing.tsx";
import { plainName } from "../keys/agency.tsx";
import { Secret } from "../sign_in/secret.tsx";
import { useCodes } from "./codes.tsx";
import { forgetBegun, openBegun, rows, type Row } from "./begun.ts";

export interface Founding {
  readonly member: Member;
  readonly begun: Begun;
}

interface Props extends Founding {
  /** When the recovery sheet was typed back; null where nobody knows. */
  readonly tested: number | null;
  readonly inside?: boolean;
  readonly onMember: (member: Member) => void;
}

export function Certifiers({ member, begun, tested, inside = false, onMember }: Props): VNode {
  const { say } = useFront();
  const [typed, type] = useState(["", ""]);
  const [tried, attempt] = useState(false);
  const identity = identityBegun(member, begun);
  const found = typed.map(certOf);
  const codes = useCodes();
  const finishing = useAction(async () => {
    attempt(true);
    const certs = found.filter((cert): cert is Certification => cert !== null);
    if (certs.length < 2) return;
    await finish(member, begun, certs, codes.ensure);
    await signedIn(member);
    if (tested !== null) await sheetTested(member.login, tested);
    await forgetBegun(member);
    go("admin?begun=1");
    onMember(member);
  });
  const put = (index: number, text: string) => type((all) => all.map((one, i) => (i === index ? text : one)));
  const dropped = async (files: File[]) => {
    const texts = await Promise.all(files.slice(0, 2).map((file) => file.text()));
    type((all) => (texts.length === 2 ? texts : all[0] ? [all[0], texts[0] ?? ""] : [texts[0] ?? "", all[1] ?? ""]));
  };
  const code = finishing.error === null ? "" : codeOf(finishing.error);
  if (codes.page) {
    return (
      <Frame inside={inside} title={say("join.certifiers")}>
        {codes.page}
      </Frame>
    );
  }
  const name = member.agency.replace(/^.*:|@.*$/g, "");
  return (
    <Frame inside={inside} title={say("join.certifiers")}>
      <p>{say("join.certifiers_what")}</p>
      <Card title={say("join.request")}>
        <p>{say("join.request_what")}</p>
        <Button onClick={() => save(`${name}.request`, requestText(identity), "application/json")}>
          {say("join.request_save")}
        </Button>
        <h3>{say("join.root_digits")}</h3>
        <p class="digits">{fingerprint(fromB64u(identity.root))}</p>
      </Card>
      <Form onSend={finishing.run}>
        <FileDrop label={say("join.cert_files")} onFiles={(files) => void dropped(files)} />
        {typed.map((text, index) => (
          <TextArea
            key={index}
            label={say("join.cert", { n: index + 1 })}
            hint={say("join.cert_hint")}
            value={text}
            rows={2}
            error={tried && !found[index] ? say("join.cert_wrong") : null}
            onInput={(given) => put(index, given)}
          />
        ))}
        {["bad_signature", "malformed"].includes(code) ? (
          <p class="error" role="alert">
            {say("join.certs_wrong")}
          </p>
        ) : (
          finishing.error !== null && <Problem error={finishing.error} />
        )}
        <Button kind="main" type="submit" busy={finishing.busy}>
          {say("join.register")}
        </Button>
      </Form>
      <p class="hint">{say("join.certifiers_close")}</p>
    </Frame>
  );
}

function certOf(text: string): Certification | null {
  try {
    return readCertification(text);
  } catch {
    return null;
  }
}

/** Agencies that were begun on this device and not registered yet. */
export function Unfinished({ onOpen }: { onOpen: (founding: Founding) => void }): VNode {
  const loading = useLoaded(rows, []);
  return (
    <Loaded of={loading}>
      {(found) => (
        <>
          {found.map((row) => (
            <Resume key={row.key} {...{ row, onOpen }} />
          ))}
        </>
      )}
    </Loaded>
  );
}

function Resume({ row, onOpen }: { row: Row; onOpen: (founding: Founding) => void }): VNode {
  const front = useFront();
  const { say } = front;
  const [passphrase, type] = useState("");
  const opening = useAction(async () => onOpen(await openBegun(front, row, passphrase)));
  return (
    <Card title={say("join.unfinished")}>
      <p>
        <bdi class="digits">{plainName(row.agency)}</bdi>
      </p>
      <Form onSend={opening.run}>
        <Secret
          label={say("sign_in.passphrase")}
          value={passphrase}
          error={opening.error === null ? null : say("sign_in.wrong")}
          onInput={type}
        />
        <Button kind="main" type="submit" busy={opening.busy}>
          {say("join.go_on")}
        </Button>
      </Form>
    </Card>
  );
}

function Frame({ inside, title, children }: { inside: boolean; title: string; children: Children }): VNode {
  return inside ? <div>{children}</div> : <Page title={title}>{children}</Page>;
}

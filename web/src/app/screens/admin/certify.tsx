/**
 * Certifying a device by what its owner reads out. The words are typed and not shown: who only had to agree would not
 * compare, and a hub could slip in a device.
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { certifyPending, type Pending } from "../../../client/enrol.ts";
import { CASE_ROLES } from "../../../client/documents.ts";
import { grantMissing } from "../../../client/epochs.ts";
import type { Member } from "../../../client/member.ts";
import { ready } from "../../../client/sodium.ts";
import { wordList } from "../../../client/words.ts";
import { useApp } from "../../core/app.ts";
import { codeOf } from "../../core/errors.ts";
import { Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { Button, Form, TextArea } from "../../kit/controls.tsx";
import { Scan } from "../../kit/scan.tsx";
import { Notice } from "../../kit/showing.tsx";
import { RoleTicks } from "./people.tsx";

const WORDS = 6;
const DIGITS = 60;

export function CertifyCard({ row, onDone }: { row: Pending; onDone: (opens: boolean) => void }): VNode {
  const { say, member } = useApp();
  const [said, type] = useState("");
  const [roles, choose] = useState<readonly string[]>(row.roles);
  const [tried, attempt] = useState(false);
  const list = useLoaded(wordList, []);
  const lacking = lackingOf(said, list.is === "ready" ? list.value : null);
  const certifying = useAction(async (text: string) => {
    attempt(true);
    if (!roles.length || lackingOf(text, list.is === "ready" ? list.value : null)) return;
    await ready();
    await certifyPending(member, row.login, text, roles);
    const granted = await grantAll(member);
    onDone(granted || !roles.some((role) => CASE_ROLES.includes(role)));
  });
  const code = certifying.error === null ? "" : codeOf(certifying.error);
  const error = () => {
    if (code === "bad_signature") return say("admin.differ");
    return tried && lacking ? say(`admin.said_${lacking.what}`, { word: lacking.word }) : null;
  };
  return (
    <section class="card" aria-label={say("admin.certify", { login: row.login })}>
      <h3>
        <bdi>{row.login}</bdi>
      </h3>
      {member.root ? (
        <Form onSend={() => void certifying.run(said)}>
          <p>{say("admin.certify_what")}</p>
          <TextArea
            label={say("admin.said")}
            hint={say("admin.said_hint")}
            value={said}
            rows={2}
            error={error()}
            onInput={type}
          />
          <Scan
            label={say("admin.scan")}
            onText={(text) => {
              type(text);
              void certifying.run(text);
            }}
          />
          <RoleTicks roles={roles} choose={choose} error={tried && !roles.length ? say("app.required") : null} />
          {code === "bad_signature" && (
            <Notice kind="warn" live>
              <p>{say("admin.differ_what")}</p>
            </Notice>
          )}
          {certifying.error !== null && code !== "bad_signature" && <Problem error={certifying.error} />}
          <Button kind="main" type="submit" busy={certifying.busy}>
            {say("admin.certify", { login: row.login })}
          </Button>
        </Form>
      ) : (
        <p>{say("admin.waits_for_root")}</p>
      )}
    </section>
  );
}

/** Give colleagues the agency's key; false where this device has none, and a colleague's does it as they work. */
export async function grantAll(member: Member): Promise<boolean> {
  const { entry } = await member.home();
  if (!entry.enc.length) return true;
  if (!(await member.epochSecrets()).size) return false;
  await grantMissing(member);
  return true;
}

/** What is lacking of six words or sixty digits, before anything is compared. */
function lackingOf(said: string, list: readonly string[] | null): { what: "short" | "unknown"; word: string } | null {
  const plain = said.trim().toLowerCase();
  const digits = plain.replace(/\s/g, "");
  if (/^\d+$/.test(digits)) return digits.length === DIGITS ? null : { what: "short", word: "" };
  const words = plain.split(/[\s,.-]+/).filter((word) => word !== "");
  const unknown = list && words.find((word) => !list.includes(word));
  if (unknown) return { what: "unknown", word: unknown };
  return words.length === WORDS ? null : { what: "short", word: "" };
}

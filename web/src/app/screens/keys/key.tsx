/** The agency's own key: whether an old one is still alive, and doing what is left to do after somebody left. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { CASE_ROLES } from "../../../client/documents.ts";
import { oldKey, renew, type Renewed } from "../../../client/epochs.ts";
import { ready } from "../../../client/sodium.ts";
import { fingerprint } from "../../../rcp/dsse.ts";
import { fromB64u } from "../../../rcp/encoding.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { plainName } from "./agency.tsx";
import type { Say } from "../../core/words.ts";
import { Button } from "../../kit/controls.tsx";
import { Card, Facts, Notice, Progress } from "../../kit/showing.tsx";

export const roleNames = (say: Say, roles: readonly string[]): string =>
  roles.map((role) => say(`people.role_${role}`)).join(say("people.and"));

/** Where it is `quiet` nothing is shown unless something is to be done. */
export function Key({ quiet = false, onChanged }: { quiet?: boolean; onChanged?: () => void }): VNode {
  const { say, member, roles } = useApp();
  const [left, told] = useState<{ done: number; left: number } | null>(null);
  const [renewed, show] = useState<Renewed | null>(null);
  const loading = useLoaded(async () => ({ old: await oldKey(member), home: await member.home() }), [member]);
  const works = roles.some((role) => CASE_ROLES.includes(role));
  const renewing = useAction(async () => {
    await ready();
    show(await renew(member, (done, rest) => told({ done, left: rest })));
    loading.again();
    onChanged?.();
  });
  const part = left && left.done + left.left ? left.done / (left.done + left.left) : null;
  return (
    <Loaded of={loading}>
      {({ old, home: { entry } }) => {
        const newest = entry.enc[entry.enc.length - 1];
        if (quiet && !old.length) return null;
        return (
          <Card title={say("keys.own")}>
            {!quiet && (
              <Facts
                rows={[
                  [say("keys.address"), <bdi class="digits">{plainName(entry.agency)}</bdi>],
                  [say("keys.digits"), <span class="digits">{fingerprint(fromB64u(entry.root))}</span>],
                  [say("keys.epoch"), newest ? String(newest.epoch) : say("keys.no_epoch")],
                ]}
              />
            )}
            {old.length > 0 && (
              <Notice kind="warn" live>
                <p>
                  <strong>{say("keys.old_alive")}</strong>
                </p>
                <p>{say(!works ? "keys.old_ask_worker" : member.root ? "keys.old_renew" : "keys.old_ask_root")}</p>
              </Notice>
            )}
            {newest && works && (old.length === 0 || member.root) && (
              <p>
                <Button kind={old.length ? "main" : "plain"} busy={renewing.busy} onClick={renewing.run}>
                  {say(old.length ? "keys.renew" : "keys.grant")}
                </Button>
              </p>
            )}
            {renewing.busy && <Progress label={say("keys.renewing")} part={part} />}
            {renewing.error !== null && <Problem error={renewing.error} />}
            {renewed && <Done renewed={renewed} />}
          </Card>
        );
      }}
    </Loaded>
  );
}

function Done({ renewed }: { renewed: Renewed }): VNode {
  const { say } = useApp();
  return (
    <Notice kind="good" live>
      <p>{say.many("keys.granted", renewed.granted.length)}</p>
      {renewed.done > 0 && <p>{say.many("keys.rewrapped", renewed.done)}</p>}
      {renewed.frozen > 0 && <p>{say.many("keys.frozen", renewed.frozen)}</p>}
      {renewed.closed.length > 0 && <p>{say.many("keys.closed", renewed.closed.length)}</p>}
    </Notice>
  );
}

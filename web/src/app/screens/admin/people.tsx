/** Who works here and who waits, out of the agency's own proven documents; logins are the hub's word beside them. */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { certify, devices, loseDevice, pending, remove, type Invitation, type Pending } from "../../../client/enrol.ts";
import { CASE_ROLES, keyidOf, ROLES, type MemberCert } from "../../../client/documents.ts";
import { renew } from "../../../client/epochs.ts";
import { revokeLinksOf } from "../../../client/leaving.ts";
import type { Member } from "../../../client/member.ts";
import { useApp } from "../../core/app.ts";
import { Loaded, Problem, useAction, useLoaded } from "../../core/loading.tsx";
import { day } from "../../core/time.ts";
import { Button, Dialog, Ticks } from "../../kit/controls.tsx";
import { Empty, Facts, Notice } from "../../kit/showing.tsx";
import { roleNames, Key } from "../keys/key.tsx";
import { CertifyCard, grantAll } from "./certify.tsx";
import { HandOver } from "./invite.tsx";

/** Before a certificate ends it is said. */
const SOON = 60 * 86_400;

interface Colleague {
  readonly cert: MemberCert;
  readonly login: string;
}

interface Found {
  readonly here: readonly Colleague[];
  readonly waiting: readonly Pending[];
  readonly deputy: string | null;
  /** Who has no device that is good any more. */
  readonly gone: readonly { readonly member: string; readonly login: string }[];
}

export function People({ onInvite }: { onInvite: () => void }): VNode {
  const { say, member, roles } = useApp();
  const admin = roles.includes("agency_admin");
  const loading = useLoaded(() => found(member, admin), [member]);
  const [invitation, handOver] = useState<Invitation | null>(null);
  const [news, tell] = useState<string | null>(null);
  return (
    <Loaded of={loading}>
      {({ here, waiting, deputy, gone }) => (
        <>
          {news !== null && (
            <Notice kind="good" live>
              <p>{news}</p>
            </Notice>
          )}
          {invitation && <HandOver invitation={invitation} />}
          {waiting.length > 0 && <h2>{say("admin.waiting")}</h2>}
          {waiting.map((row) => (
            <CertifyCard
              key={row.member}
              row={row}
              onDone={(opens) => {
                tell(say(opens ? "admin.certified" : "admin.certified_later", { login: row.login }));
                loading.again();
              }}
            />
          ))}
          <Key onChanged={loading.again} quiet />
          <h2>{say("admin.here")}</h2>
          {admin && here.length < 2 && waiting.length === 0 && (
            <Empty>
              <p>{say("admin.alone")}</p>
              <Button kind="main" onClick={onInvite}>
                {say("admin.tab_invite")}
              </Button>
            </Empty>
          )}
          {here.map((row) => (
            <Person
              key={row.cert.member}
              {...{ row, isDeputy: row.cert.member === deputy, hasDeputy: deputy !== null }}
              onChanged={(said) => {
                if (said) tell(said);
                loading.again();
              }}
              onInvitation={handOver}
            />
          ))}
          {gone.length > 0 && (
            <details>
              <summary>{say("admin.gone")}</summary>
              <p>{say(deputy === null ? "admin.gone_no_deputy" : "admin.gone_what")}</p>
              <ul class="plain-list">
                {gone.map((row) => (
                  <Gone key={row.member} {...row} hasDeputy={deputy !== null} />
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </Loaded>
  );
}

async function found(member: Member, admin: boolean): Promise<Found> {
  member.trust.forget();
  const [home, listed] = [await member.home(), await devices(member)];
  const waiting = admin ? await pending(member) : [];
  const logins = new Map(listed.map(({ keyid, login }) => [keyid, login]));
  const standing = home.devices.filter(({ revoked }) => revoked === null).map(({ cert }) => cert);
  const here = standing.map((cert) => ({ cert, login: logins.get(keyidOf(cert)) ?? cert.member }));
  const left = new Map(home.devices.map(({ cert }) => [cert.member, logins.get(keyidOf(cert)) ?? cert.member]));
  here.forEach(({ cert }) => left.delete(cert.member));
  const gone = [...left].map(([id, login]) => ({ member: id, login }));
  here.sort((one, other) => (one.login < other.login ? -1 : 1));
  return { here, waiting, deputy: home.entry.deputy, gone };
}

/** Somebody who left, or lost the device and is not back yet: what they held can be handed over, now or later. */
function Gone({ member: id, login, hasDeputy }: { member: string; login: string; hasDeputy: boolean }): VNode {
  const { say, member } = useApp();
  const handing = useAction(() => member.hub.post("/api/v1/members", { leaves: id }));
  return (
    <li>
      <p class="row">
        <bdi>{login}</bdi>
        {hasDeputy && !handing.done && (
          <Button busy={handing.busy} onClick={handing.run} label={say("admin.gone_of", { login })}>
            {say("admin.gone_do")}
          </Button>
        )}
        {handing.done && <span role="status">{say("admin.gone_done")}</span>}
      </p>
      {handing.error !== null && <Problem error={handing.error} />}
    </li>
  );
}

type Way = "roles" | "remove" | "lost" | "codes";

function Person({
  row,
  isDeputy,
  hasDeputy,
  onChanged,
  onInvitation,
}: {
  row: Colleague;
  isDeputy: boolean;
  hasDeputy: boolean;
  onChanged: (said?: string) => void;
  onInvitation: (invitation: Invitation) => void;
}): VNode {
  const { say, member, roles, now } = useApp();
  const { cert, login } = row;
  const [way, take] = useState<Way | null>(null);
  const mine = cert.member === member.id;
  const close = (said?: string) => {
    take(null);
    onChanged(said);
  };
  return (
    <section class="card person" aria-label={login}>
      <h3>
        <bdi>{login}</bdi>
        {mine && <span class="quiet"> ({say("admin.you")})</span>}
        {isDeputy && <span class="state"> {say("admin.deputy")}</span>}
      </h3>
      <Facts
        rows={[
          [say("people.roles"), roleNames(say, cert.roles)],
          [say("admin.until"), day(say, cert.until)],
        ]}
      />
      {cert.until < now() + SOON && (
        <Notice kind="warn">
          <p>{say(cert.until < now() ? "admin.ended" : "admin.ends_soon")}</p>
        </Notice>
      )}
      <p class="row">
        {member.root && (
          <Button onClick={() => take("roles")} label={say("admin.roles_of", { login })}>
            {say("admin.roles_change")}
          </Button>
        )}
        {member.root && !mine && (
          <Button onClick={() => take("lost")} label={say("admin.lost_of", { login })}>
            {say("admin.lost")}
          </Button>
        )}
        {roles.includes("agency_admin") && !mine && (
          <Button onClick={() => take("codes")} label={say("admin.codes_of", { login })}>
            {say("admin.codes")}
          </Button>
        )}
        {member.root && !mine && (
          <Button kind="warn" onClick={() => take("remove")} label={say("admin.remove_of", { login })}>
            {say("admin.remove")}
          </Button>
        )}
      </p>
      {way === "roles" && <Roles {...{ row }} onDone={() => close()} />}
      {way === "remove" && (
        <Remove {...{ row, hasDeputy }} onDone={(done) => close(done ? say("admin.removed", { login }) : undefined)} />
      )}
      {way === "lost" && (
        <Lost
          row={row}
          onDone={(invitation) => {
            onInvitation(invitation);
            close();
          }}
          onClose={() => take(null)}
        />
      )}
      {way === "codes" && <Codes row={row} onClose={() => take(null)} />}
    </section>
  );
}

function Roles({ row, onDone }: { row: Colleague; onDone: () => void }): VNode {
  const { say, member } = useApp();
  const [roles, choose] = useState<readonly string[]>(row.cert.roles);
  const mine = row.cert.member === member.id;
  const saving = useAction(async () => {
    if (!roles.length) return;
    await certify(member, { ...row.cert, login: row.login }, roles);
    await grantAll(member);
    onDone();
  });
  return (
    <Dialog title={say("admin.roles_of", { login: row.login })} onClose={onDone}>
      <p>{say("admin.two_years")}</p>
      <RoleTicks roles={roles} choose={choose} error={roles.length ? null : say("app.required")} />
      {mine && !roles.includes("agency_admin") && (
        <Notice kind="warn">
          <p>{say("admin.not_yourself")}</p>
        </Notice>
      )}
      {saving.error !== null && <Problem error={saving.error} />}
      <p>
        <Button kind="main" busy={saving.busy} disabled={mine && !roles.includes("agency_admin")} onClick={saving.run}>
          {say("admin.save")}
        </Button>
      </p>
    </Dialog>
  );
}

export function RoleTicks({
  roles,
  choose,
  error,
}: {
  roles: readonly string[];
  choose: (roles: string[]) => void;
  error: string | null;
}): VNode {
  const { say } = useApp();
  return (
    <Ticks
      label={say("people.roles")}
      hint={say("people.roles_hint")}
      error={error}
      values={roles}
      options={ROLES.map((role) => [role, say(`people.role_${role}`)])}
      onChange={choose}
    />
  );
}

function Remove({
  row,
  hasDeputy,
  onDone,
}: {
  row: Colleague;
  hasDeputy: boolean;
  onDone: (done: boolean) => void;
}): VNode {
  const { say, member, roles } = useApp();
  const [unlinked, show] = useState<readonly string[]>([]);
  const removing = useAction(async () => {
    await remove(member, row.cert.member);
    const { entry } = await member.home();
    if (entry.enc.length && roles.some((role) => CASE_ROLES.includes(role))) await renew(member);
    const links = await revokeLinksOf(member, row.cert.member);
    if (links.length) show(links);
    else onDone(true);
  });
  return (
    <Dialog title={say("admin.remove_sure", { login: row.login })} onClose={() => onDone(unlinked.length > 0)}>
      {unlinked.length > 0 ? <Unlinked rows={unlinked} /> : <p>{say("admin.remove_what")}</p>}
      <p>{say(hasDeputy ? "admin.remove_deputy" : "admin.remove_no_deputy")}</p>
      {removing.error !== null && <Problem error={removing.error} />}
      <p>
        <Button kind="warn" busy={removing.busy} onClick={removing.run}>
          {say("admin.remove_of", { login: row.login })}
        </Button>
      </p>
    </Dialog>
  );
}

/** Links that nobody can use any more: another one is made where the referral is. */
function Unlinked({ rows }: { rows: readonly string[] }): VNode {
  const { say } = useApp();
  return (
    <Notice live>
      <p>{say("admin.unlinked")}</p>
      <ul>
        {rows.map((handoff, index) => (
          <li key={handoff}>
            <a href={`#/handoff/${handoff}`}>{say("admin.unlinked_one", { n: index + 1 })}</a>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Lost({
  row,
  onDone,
  onClose,
}: {
  row: Colleague;
  onDone: (invitation: Invitation) => void;
  onClose: () => void;
}): VNode {
  const { say, member, hub } = useApp();
  const losing = useAction(async () => {
    onDone(await loseDevice(member, row.cert.member, hub || globalThis.location.origin));
  });
  return (
    <Dialog title={say("admin.lost_of", { login: row.login })} onClose={onClose}>
      <p>{say("admin.lost_what")}</p>
      {losing.error !== null && <Problem error={losing.error} />}
      <p>
        <Button kind="warn" busy={losing.busy} onClick={losing.run}>
          {say("admin.lost_do")}
        </Button>
      </p>
    </Dialog>
  );
}

function Codes({ row, onClose }: { row: Colleague; onClose: () => void }): VNode {
  const { say, member } = useApp();
  const resetting = useAction(() => member.hub.delete(`/api/v1/accounts/${row.cert.member}/totp`));
  return (
    <Dialog title={say("admin.codes_of", { login: row.login })} onClose={onClose}>
      <p>{say("admin.codes_what")}</p>
      {resetting.error !== null && <Problem error={resetting.error} />}
      {resetting.done ? (
        <Notice kind="good" live>
          <p>{say("admin.codes_done")}</p>
        </Notice>
      ) : (
        <p>
          <Button kind="warn" busy={resetting.busy} onClick={resetting.run}>
            {say("admin.codes_do")}
          </Button>
        </p>
      )}
    </Dialog>
  );
}

/**
 * Becoming a member: invitation, keys made here, certificates by the root. The twin of that part of `hub/client/enrol.py`.
 *
 * Private keys are made on this device and leave it only inside the vault. Who holds the root certifies a device after two
 * people compared words or digits of both of its keys: a hub cannot slip in a device, or swap one of the keys.
 */

import { systemRandom } from "../rcp/age.ts";
import { fingerprint, type Signer } from "../rcp/dsse.ts";
import { b64u, canonical, fromB64u, parseJson, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import { verifyNote } from "../rcp/log.ts";
import * as a from "../rcp/shapes.ts";
import { DeviceKeys, type SecretKey } from "./devices.ts";
import { ROLES, signDocument, type DeviceKey, type MemberCert } from "./documents.ts";
import { Member, type Kept } from "./member.ts";
import { trustHub } from "./pins.ts";
import type { Sheet } from "./recovery.ts";
import { expect, fail, HubError, type HubSession } from "./session.ts";
import type { Clock } from "./trust.ts";
import * as vaults from "./vault.ts";
import { isDevice } from "./words.ts";

const DAY = 86_400;
export const CERTIFICATE_LIFE = 730 * DAY;
const INVITATION = a.objectOf({
  v: a.integer(1, 1),
  url: a.text,
  host: a.host,
  hub_key: a.hash,
  agency: a.agency,
  roles: a.listOf(a.oneOf(...ROLES), ROLES.length),
  code: a.text,
  member: a.nullOr(a.identifier),
  certifiers: a.listOf(a.hash, 100),
});
const WAITING = a.listOf(
  a.atLeast({
    member: a.identifier,
    login: a.string,
    roles: a.listOf(a.oneOf(...ROLES), ROLES.length),
    sign: a.hash,
    recipient: a.ageRecipient,
  }),
  100_000,
);
const DEVICES = a.listOf(
  a.atLeast({
    member: a.identifier,
    keyid: a.identifier,
    login: a.nullOr(a.string),
    roles: a.listOf(a.string, ROLES.length),
  }),
  100_000,
);

/** What a new member gets from their admin, or a new agency from the operator, by a way that both trust. */
export type Invitation = {
  v: number;
  url: string;
  host: string;
  hub_key: string;
  agency: string;
  roles: string[];
  code: string;
  /** Who comes back with a new device; null for somebody new. */
  member: string | null;
  certifiers: string[];
};

/** One line of text to hand over. */
export const invitationText = (invitation: Invitation): string => b64u(canonical(invitation));

export function readInvitation(text: string): Invitation {
  const value: Json = parseJson(fromB64u(text.replace(/\s/g, "")));
  INVITATION(value);
  const found = value as Invitation;
  need(hostOf(found.agency) === found.host, "malformed");
  return found;
}

/** Where somebody enrols: the hub, a login, a passphrase. */
export interface Desk {
  readonly hub: HubSession;
  readonly login: string;
  readonly passphrase: string;
  readonly now: Clock;
}

/** Somebody who enrolled and waits for a certificate. */
export interface Pending extends DeviceKey {
  readonly member: string;
  readonly login: string;
  readonly roles: readonly string[];
}

/** An invitation into the member's own agency, or for the member `returning` who has lost their device. */
export async function invite(
  member: Member,
  roles: readonly string[],
  url: string,
  { mail, returning }: { mail?: string; returning?: string } = {},
): Promise<Invitation> {
  const named = returning === undefined ? {} : { member: returning };
  const given = { roles: [...roles].sort(), ...(mail ? { mail } : {}), ...named };
  const answer = await member.hub.post("/api/v1/invitations", given);
  const code = (answer as JsonObject | null)?.["code"];
  expect(typeof code === "string");
  const { pins } = member.trust;
  const host = hostOf(member.agency);
  return {
    ...{ v: 1, url, host, hub_key: pins.hubs[host] ?? refuse("unknown_signer"), agency: member.agency },
    ...{ roles: given.roles, code, member: returning ?? null, certifiers: [...pins.certifiers].sort() },
  };
}

/** Return if the hub at hand is the one that the invitation names: it has signed its log with that key. */
export async function checkHub(hub: HubSession, invitation: Invitation): Promise<void> {
  let note: string;
  try {
    note = await hub.text("/log/checkpoint");
  } catch (error) {
    if (error instanceof HubError && error.code === "not_found") return; // a hub without a log yet: enrolment checks it
    throw error;
  }
  verifyNote(note, invitation.host, fromB64u(invitation.hub_key, 32));
}

/** Make new keys in a vault; no hub has heard of it yet. `root` and `epoch` are those of a new agency. */
export function prepare(
  desk: Desk,
  invitation: Invitation,
  { root, epoch }: { root?: Bytes; epoch?: SecretKey } = {},
): { member: Member; sheet: Sheet } {
  const { hub, login, passphrase, now } = desk;
  const [device, code] = [systemRandom(16), vaults.freshCode()];
  const kdf = vaults.kdfOf(device);
  const keys = vaults.derive(passphrase, device, kdf);
  const hubKey = fromB64u(invitation.hub_key, 32);
  const none = { certifiers: [...invitation.certifiers].sort(), hubs: {}, agencies: {}, checkpoints: {} };
  const pins = trustHub(none, invitation.host, hubKey, fingerprint(hubKey));
  const content: JsonObject = {
    v: 1,
    device: DeviceKeys.generate().toValue(),
    root: root ? b64u(root) : null,
    auth: b64u(keys.auth),
    pins: pins as unknown as JsonObject,
    epochs: epoch ? { "1": b64u(epoch.bytes) } : {},
  };
  const vault = vaults.sealVault(content, keys, login, 1, kdf);
  const stored = { version: 1, kdf, vault, recovery: vaults.wrapForRecovery(keys, code, login) };
  const who = { login, agency: invitation.agency, member: invitation.member ?? b64u(systemRandom(16)) };
  const kept: Kept = { device, seen: 1, accepted: new Map() };
  const member = Member.prepared(hub, { ...who, stored }, { keys, kept, content }, now);
  return { member, sheet: { recovery: vaults.formatCode(code), device: b64u(device) } };
}

/** Enrol somebody who was prepared. An answer that was lost on the way is found again; a code is used once. */
export async function register(member: Member, invitation: Invitation): Promise<void> {
  try {
    await member.hub.post("/api/v1/enrolments", member.enrolment, invitation.code);
  } catch (error) {
    const lost = error instanceof HubError && ["peer_unreachable", "unauthenticated"].includes(error.code);
    if (!lost || !(await isEnrolled(member))) throw error;
  }
}

export async function isEnrolled(member: Member): Promise<boolean> {
  try {
    await member.hub.get("/api/v1/me");
    return true;
  } catch (error) {
    if (error instanceof HubError && error.code === "unauthenticated") return false;
    throw error;
  }
}

/** Whether the agency has certified this device by now. */
export async function isCertified(member: Member): Promise<boolean> {
  member.trust.forget();
  return (await member.roles()).length > 0;
}

/** Who waits for a certificate of the member's agency. */
export async function pending(member: Member): Promise<Pending[]> {
  const rows = await member.hub.get("/api/v1/enrolments");
  WAITING(rows);
  return rows as unknown as Pending[];
}

/** The member's own device as somebody who waits for a certificate. */
export const thisDevice = (member: Member, roles: readonly string[]): Pending => ({
  ...{ member: member.id, login: member.login, roles },
  ...member.publicKeys,
});

/** Certify the device of somebody who enrolled, by what they read out of it: six words, or sixty digits. */
export async function certifyPending(
  member: Member,
  login: string,
  said: string,
  roles: readonly string[],
): Promise<string> {
  const found = (await pending(member)).find((row) => row.login === login) ?? fail("not_found");
  need(await isDevice(found, said), "bad_signature");
  return certify(member, found, roles);
}

/** Sign a device's certificate with the agency's root and publish it; return whose it is. */
export async function certify(member: Member, row: Pending, roles: readonly string[]): Promise<string> {
  const now = member.now();
  const cert = {
    ...{ agency: member.agency, member: row.member, roles: [...roles].sort() },
    ...{ sign: row.sign, recipient: row.recipient, from: now, until: now + CERTIFICATE_LIFE },
  };
  await publish(member, "/api/v1/members", { certificate: signDocument("member-cert", cert, rootOf(member)) });
  return row.member;
}

/**
 * Revoke every device of a colleague with the agency's root: what they sign from here on counts nowhere, and what they held
 * goes to the deputy. Epoch keys that they hold stay good until the next epoch. Run again, it does what is left to do.
 */
export async function remove(member: Member, gone: string): Promise<void> {
  await revoke(member, gone);
  await member.hub.post("/api/v1/members", { leaves: gone });
}

/** Revoke a colleague's device that is lost; return the invitation with which they come back as who they are. */
export async function loseDevice(member: Member, gone: string, url: string): Promise<Invitation> {
  const certs = await revoke(member, gone);
  return invite(member, certs[certs.length - 1]!.roles, url, { returning: gone });
}

/** A device of the agency as its hub lists it: a login for a key that documents vouch for. */
export interface Listed {
  readonly member: string;
  readonly keyid: string;
  readonly login: string | null;
  readonly roles: readonly string[];
}

export async function devices(member: Member): Promise<Listed[]> {
  const rows = await member.hub.get("/api/v1/members");
  DEVICES(rows);
  return rows as unknown as Listed[];
}

/** Revoke what is not revoked yet of somebody's devices; return their certificates. */
async function revoke(member: Member, gone: string): Promise<MemberCert[]> {
  const root = rootOf(member);
  if (gone === member.id) fail("forbidden"); // nobody else holds the root
  member.trust.forget();
  const theirs = (await member.home()).devices.filter(({ cert }) => cert.member === gone);
  if (!theirs.length) fail("not_found");
  for (const { cert, revoked } of theirs) {
    if (revoked) continue;
    const word = { agency: member.agency, member: gone, sign: cert.sign, at: member.now() };
    await publish(member, "/api/v1/members", { revocation: signDocument("revocation", word, root) });
  }
  return theirs.map(({ cert }) => cert);
}

/** Post documents that the root signed; whatever was believed is asked for again. */
export async function publish(member: Member, path: string, documents: JsonObject): Promise<void> {
  await member.hub.post(path, documents);
  member.trust.forget();
}

export const rootOf = (member: Member): Signer => member.root ?? fail("forbidden");

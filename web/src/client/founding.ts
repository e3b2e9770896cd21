/**
 * A new agency: its root key, the identity that two certifiers sign, its first key entry, its founder. The twin of
 * `hub/client/founding.py`.
 *
 * Two stages, because certifiers are other people elsewhere: `begin` makes the founder's vault with the root in it,
 * `finish` registers the agency with what they sent back, and may be tried again. What is kept between the two is the
 * caller's. The root certifies and signs nothing else.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, canonical, parseJson, type Json, type JsonObject } from "../rcp/encoding.ts";
import { hostOf } from "../rcp/keys.ts";
import { Signer } from "../rcp/dsse.ts";
import * as a from "../rcp/shapes.ts";
import { publicEpoch, SecretKey } from "./devices.ts";
import { CASE_ROLES, identityOf, NEVER_RECEIVE, PERSON_ONLY, signDocument, type Identity } from "./documents.ts";
import * as enrol from "./enrol.ts";
import type { Desk, Invitation } from "./enrol.ts";
import type { Member } from "./member.ts";
import type { Sheet } from "./recovery.ts";
import { fail } from "./session.ts";

const CERTIFICATION = a.objectOf({ certifier: a.hash, at: a.seconds, sig: a.bytes(64) });

/** What an agency says of itself beyond its address. */
export type Facts = {
  kind: string;
  country: string;
  operator: string;
  parent: string | null;
  deputy: string | null;
  duty: string[];
  successor: string | null;
  /** Whether its providers have no account, so that packets go by link alone; its parent sponsors it. */
  no_account: boolean;
};

/** What is kept until the certifiers have answered. */
export type Begun = { invitation: string; facts: Facts; inbox: string };

export type Certification = { certifier: string; at: number; sig: string };

/**
 * Make the founder's vault with the agency's root. The founder's device starts epoch 1 if a role of theirs may open cases;
 * else the first such member's does. An agency whose kind never receives has neither epoch nor inbox; one without accounts
 * has no epoch.
 */
export function begin(
  desk: Desk,
  invitation: Invitation,
  facts: Facts,
): { member: Member; identity: Identity; sheet: Sheet; begun: Begun } {
  if (facts.no_account && !facts.parent) fail("invalid_request");
  const root = systemRandom(32);
  const closed = facts.no_account || [PERSON_ONLY, ...NEVER_RECEIVE].includes(facts.kind);
  const opens = !closed && invitation.roles.some((role) => CASE_ROLES.includes(role));
  const { member, sheet } = enrol.prepare(desk, invitation, {
    root,
    ...(opens ? { epoch: SecretKey.generate() } : {}),
  });
  const begun = { invitation: enrol.invitationText(invitation), facts, inbox: b64u(systemRandom(16)) };
  return { member, identity: identity(invitation.agency, facts, new Signer(root)), sheet, begun };
}

/** What the two certifiers get, and sign. */
export const requestText = (identity: Identity): string => new TextDecoder().decode(canonical(identityOf(identity)));

/** The identity of the agency that a member began. */
export const identityBegun = (member: Member, { facts }: Begun): Identity =>
  identity(member.agency, facts, enrol.rootOf(member));

export function readCertification(text: string): Certification {
  const value = parseJson(text.trim());
  CERTIFICATION(value);
  return value as Certification;
}

/**
 * Register the agency that `begin` prepared, enrol its founder and certify their device. `enrolled` is awaited between: a
 * hub may want more of a member before it lets them on.
 */
export async function finish(
  member: Member,
  begun: Begun,
  certs: readonly Certification[],
  enrolled: (member: Member) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const invitation = enrol.readInvitation(begun.invitation);
  if (!(await enrol.isEnrolled(member))) await register(member, invitation, begun, certs);
  await enrolled(member);
  await enrol.certify(member, enrol.thisDevice(member, invitation.roles), invitation.roles);
}

async function register(
  member: Member,
  invitation: Invitation,
  begun: Begun,
  certs: readonly Certification[],
): Promise<void> {
  const { facts, inbox } = begun;
  const enc = [...member.begun].map(([number, secret]) => ({ ...publicEpoch(number, secret) }));
  const entry: JsonObject = {
    ...identityOf(identityBegun(member, begun)),
    ...{ seq: 0, prev: null, enc: enc as unknown as Json[] },
    inboxes: NEVER_RECEIVE.includes(facts.kind) ? [] : [inbox],
    ...{ deputy: facts.deputy, duty: facts.duty, successor: facts.successor },
    ...{ hub: hostOf(member.agency), certs: certs as unknown as Json[] },
  };
  const document = signDocument("key-entry", entry, enrol.rootOf(member));
  await member.hub.post("/api/v1/agencies", { entry: document }, invitation.code);
  await enrol.register(member, invitation);
}

const identity = (agency: string, { kind, country, parent, operator }: Facts, root: Signer): Identity => ({
  ...{ agency, kind, country, parent, operator },
  root: b64u(root.publicKey),
});

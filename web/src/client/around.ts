/**
 * What a sender knows besides the lawful basis: sharing protocols, declarations of agencies, live keys. The twin of
 * `hub/client/around.py`: facts for the rules; decides nothing. What others signed is verified here.
 */

import type { Recipient } from "../consent/decide.ts";
import { CATEGORIES } from "../consent/policy.ts";
import { isObject, type JsonObject } from "../rcp/encoding.ts";
import { PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { readAttestation, signAttestation, type Attestation } from "./attestations.ts";
import { CASE_ROLES } from "./documents.ts";
import type { Member } from "./member.ts";
import { membersOf, type TrustedAgency } from "./pins.ts";
import * as records from "./records.ts";
import { expect, fail } from "./session.ts";

const PROTOCOL = "protocol";
const OFFICERS = ["data_officer"];
const ATTESTERS = ["agency_admin", "data_officer"];
const FORM = a.objectOf({
  label: a.text,
  countries: a.listOf(a.country, 50, 2),
  agencies: a.nullOr(a.listOf(a.agency, 200, 2)),
  categories: a.listOf(a.oneOf(...CATEGORIES), CATEGORIES.length, 1),
  from: a.date,
  until: a.date,
});

/** The facts around a sending agency. */
export async function sender(member: Member): Promise<JsonObject> {
  const { agency, country } = (await member.home()).entry;
  return { sender: { agency, country }, protocols: await protocols(member) };
}

/**
 * A recipient as its key entry, its certificates and its declaration describe it. A link's key is alive because it was made
 * for this packet, whoever works at the agency.
 */
export async function recipient(
  member: Member,
  to: TrustedAgency,
  { person = null, byLink = false }: { person?: string | null; byLink?: boolean } = {},
): Promise<Recipient> {
  const { agency, kind, country } = to.entry;
  const working = membersOf(to, member.now()).filter(
    (cert) => cert.roles.some((role) => CASE_ROLES.includes(role)) && (person === null || person === cert.member),
  );
  const declared = await attestation(member, to);
  return {
    ...{ agency, kind, country, person },
    active: byLink || working.length > 0,
    firewall_until: declared?.firewall_until ?? null,
    safeguarding_until: declared?.safeguarding_until ?? null,
  };
}

// Declarations

/** Sign and publish the own agency's declaration: nothing goes on to enforcement, safeguarding is in force (R09). */
export async function attest(member: Member, firewallUntil: string, safeguardingUntil: string): Promise<Attestation> {
  if (!(await member.roles()).some((role) => ATTESTERS.includes(role))) fail("forbidden");
  const days = { firewall_until: firewallUntil, safeguarding_until: safeguardingUntil };
  const said = { agency: member.agency, ...days, at: member.now() };
  const attestation = signAttestation(said, (type, value) => member.sign(type, value));
  await member.hub.put("/api/v1/directory/attestation", { attestation });
  return said;
}

/** What an agency declared, if one of its admins or data officers signed it; else null. */
export async function attestation(member: Member, agency: TrustedAgency): Promise<Attestation | null> {
  const answer = await member.hub.get(`/api/v1/directory/attestations/${encodeURIComponent(agency.entry.agency)}`);
  expect(isObject(answer) && answer["attestation"] !== undefined);
  if (answer["attestation"] === null) return null;
  try {
    return readAttestation(answer["attestation"], agency, member.now());
  } catch (error) {
    if (error instanceof PacketError) return null;
    throw error;
  }
}

// Sharing protocols

/** Keep a sharing protocol: which countries or agencies may share which categories, from when until when (R10). */
export function putProtocol(member: Member, value: JsonObject): Promise<string> {
  const row = { agencies: null, ...value };
  return a.isOf(FORM, row) ? records.put(member, PROTOCOL, row, { roles: OFFICERS }) : fail("invalid_request");
}

/** The sharing protocols that a data officer of the own agency keeps. */
export async function protocols(member: Member): Promise<JsonObject[]> {
  const found = await records.ofForm(member, PROTOCOL, FORM);
  return found.filter(({ authors }) => OFFICERS.includes(authors[authors.length - 1]!.role)).map(({ value }) => value);
}

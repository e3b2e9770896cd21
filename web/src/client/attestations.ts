/** An agency's declaration, signed by its own admin or data officer (docs/protocol.md §9): no hub makes or renews one. */

import { readEnvelope, verifiedBy } from "../rcp/dsse.ts";
import { fromB64u, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { membersOf, type TrustedAgency } from "./pins.ts";

const TYPE = "application/vnd.rcp.attestation+json;v=1";
const ATTESTERS = ["agency_admin", "data_officer"];
const LONGEST = 731;
const AHEAD = 600;
const SHAPE = a.objectOf({
  v: a.integer(1, 1),
  agency: a.agency,
  firewall_until: a.date,
  safeguarding_until: a.date,
  at: a.seconds,
});

/** What an agency declares, and the last days of it; `at` is when it was signed. */
export type Attestation = { agency: string; firewall_until: string; safeguarding_until: string; at: number };

/** Return a declaration, signed by what signs a document of a type. */
export function signAttestation(said: Attestation, sign: (type: string, value: JsonObject) => JsonObject): JsonObject {
  const value = { v: 1, ...said };
  SHAPE(value);
  need(longest(said) <= lastDay(said.at), "malformed");
  return sign(TYPE, value);
}

/** Return the declaration of an agency, if one of its members who may make it signed it. */
export function readAttestation(value: Json, agency: TrustedAgency, now: number): Attestation {
  const envelope = readEnvelope(value, TYPE);
  SHAPE(envelope.value);
  const found = envelope.value as unknown as Attestation;
  const may = membersOf(agency, now).filter(({ roles }) => roles.some((role) => ATTESTERS.includes(role)));
  need(
    may.some(({ sign }) => signedBy(() => verifiedBy(envelope, [fromB64u(sign)]))),
    "bad_signature",
  );
  need(found.agency === agency.entry.agency && longest(found) <= lastDay(found.at), "bad_signature");
  need(found.at <= now + AHEAD, "expired");
  return found;
}

const longest = (said: Attestation): string => [said.firewall_until, said.safeguarding_until].sort()[1]!;

const lastDay = (at: number): string => new Date((at + LONGEST * 86_400) * 1000).toISOString().slice(0, 10);

function signedBy(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof PacketError) return false;
    throw error;
  }
}

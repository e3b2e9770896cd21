/**
 * Approvals that lift a rule: signed by each member who gives one, kept in the consent record, verified at both ends. The
 * twin of `hub/client/approvals.py`.
 *
 * An approval counts for as many members of one agency, the one whose record it is, as signed exactly what it says and
 * still may when it is used.
 */

import { readEnvelope, verifiedBy } from "../rcp/dsse.ts";
import { canonical, isObject, same, type Json, type JsonObject } from "../rcp/encoding.ts";
import { PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import type { Member } from "./member.ts";
import { HubError } from "./session.ts";

const SKEW = 600;
/** What is signed of an approval in a consent record. */
export const SAID = ["rule", "categories", "recipient", "from", "until", "code", "child_told", "child_agreed"];

/** What a kind of approvals says: the type of its signed payload, and the members that are signed. */
export interface Form {
  readonly type: string;
  readonly said: readonly string[];
}

/** An approval in a consent record; those of the gates of a transfer are in `gates.ts`. */
export const OVERRIDE: Form = { type: "application/vnd.rcp.approval+json;v=1", said: SAID };
const SHAPE = a.objectOf({
  v: a.integer(1, 1),
  record: a.identifier,
  agency: a.agency,
  member: a.identifier,
  role: a.name,
  at: a.seconds,
  said: a.atLeast({}),
});
interface Signed {
  readonly record: string;
  readonly agency: string;
  readonly member: string;
  readonly role: string;
  readonly at: number;
  readonly said: JsonObject;
}

/**
 * Where approvals are used: in which record, and when. `agency` is whose record it is, where that is known; `place` where
 * the statement that used them stands in a log.
 */
export interface Use {
  readonly record: string;
  readonly at: number;
  readonly agency?: string | null;
  readonly place?: { readonly host: string; readonly index: number } | null;
}

/** The facts of a consent with those approvals only that their members signed. */
export async function proven(member: Member, facts: JsonObject, use: Use): Promise<JsonObject> {
  const overrides: Json[] = [];
  for (const row of (facts["overrides"] as Json[] | undefined) ?? []) {
    const by = isObject(row) ? await signers(member, row, use) : [];
    const members = new Set(by.map(([who]) => who)).size;
    if (members)
      overrides.push({ ...(row as JsonObject), members, roles: [...new Set(by.map(([, role]) => role))].sort() });
  }
  return { ...facts, overrides };
}

/** Members and roles of the one agency that signed a row as it stands. */
export async function signers(
  member: Member,
  row: JsonObject,
  use: Use,
  form: Form = OVERRIDE,
): Promise<[string, string][]> {
  const found: Signed[] = [];
  for (const proof of row["proof"] as Json[]) {
    const who = await read(member, proof, row, use, form);
    if (who) found.push(who);
  }
  const agency = use.agency ?? found.map((who) => who.agency).sort()[0];
  const own = found.filter((who) => who.agency === agency).map((who) => `${who.member} ${who.role}`);
  return [...new Set(own)].sort().map((who) => who.split(" ") as [string, string]);
}

/** Who signed a row as it stands, if the agency's certificate says that they might then, and when it is used. */
async function read(member: Member, proof: Json, row: JsonObject, use: Use, form: Form): Promise<Signed | null> {
  try {
    const envelope = readEnvelope(proof, form.type);
    SHAPE(envelope.value);
    const value = envelope.value as unknown as Signed;
    if (value.record !== use.record || !same(canonical(value.said), canonical(saidOf(row, form)))) return null;
    const all = await member.trust.keys(value.agency);
    const keys = use.place ? all.standingAt(use.place.host, use.place.index) : all;
    const [signature] = envelope.signatures;
    const keyAt = (at: number) => keys.memberKey(value.agency, value.member, value.role, signature!.keyid, at);
    keyAt(use.at);
    verifiedBy(envelope, [keyAt(value.at)]);
    return value.at <= use.at + SKEW ? value : null;
  } catch (error) {
    if (error instanceof PacketError || error instanceof HubError) return null;
    throw error;
  }
}

/** The member's signature below an approval, of a rule's override in a record or of another form. */
export function signed(
  member: Member,
  record: string,
  row: JsonObject,
  role: string,
  form: Form = OVERRIDE,
): JsonObject {
  const who = { record, agency: member.agency, member: member.id, role, at: member.now() };
  return member.sign(form.type, { v: 1, ...who, said: saidOf(row, form) });
}

const saidOf = (row: JsonObject, { said }: Form): JsonObject =>
  Object.fromEntries(said.map((name) => [name, row[name] ?? null]));

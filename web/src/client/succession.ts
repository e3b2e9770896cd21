/**
 * Assuming the cases of an agency that has fallen silent: its successor signs, and the coordinator of a third agency. The
 * twin of `hub/client/succession.py`.
 *
 * The two are at different agencies, perhaps at different hubs, so the statement is carried between them as text, which says
 * nothing about any child. The hub of the silent holder decides: only after its whole ladder was told. Until that hub
 * answers, the successor acts on its own word, and every view says `unilateral`.
 */

import { b64u, canonical, fromB64u, parseJson, type Json } from "../rcp/encoding.ts";
import { PacketError } from "../rcp/errors.ts";
import type { Statement } from "../rcp/statements.ts";
import { send as post, show, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import * as proof from "./proof.ts";
import { TAKE } from "./register.ts";
import { fail, HubError } from "./session.ts";
import { agencyOf, ASSUME, isMember, readUnverified } from "./statements.ts";
import { newLeg } from "./transfers.ts";

/** What a text would say, for whoever is asked to sign it: of whom, by whom, for which leg. */
export interface Told {
  readonly of: string;
  readonly by: string;
  readonly leg: string;
  readonly handoff: string;
}

/** Return the text that the coordinator of a third agency signs next; `proven` is a proof of who holds the case. */
export async function prepare(member: Member, proven: Json, agency: string, coordinator: string): Promise<string> {
  await proof.learn(member, proven);
  const { steps, holder } = proof.check(member, proven);
  const take = steps.filter(({ type, by }) => type === TAKE && by === holder).pop();
  if (!take || agency === holder || agency === member.agency) return fail("invalid_request");
  const by = [await member.me(["supervisor"]), { agency, member: coordinator, role: "coordinator" }];
  const body = { kind: "succession", of: holder, leg: take.handoff, take: take.hash };
  return b64u(canonical(member.statement({ type: ASSUME, handoff: newLeg(), heads: [], by, body }).value));
}

export function read(text: string): Told {
  const { statement } = open(text);
  const { body, handoff } = statement;
  return { of: String(body["of"]), by: agencyOf(statement) ?? "", leg: String(body["leg"]), handoff };
}

/** Sign as the coordinator whom a text names; return it for the successor to send. */
export async function sign(member: Member, text: string): Promise<string> {
  const { value, statement } = open(text);
  const second = statement.by.filter(isMember)[1];
  await member.me(["coordinator"]);
  if (second?.agency !== member.agency || second.member !== member.id) fail("forbidden");
  return b64u(canonical(member.coSign(value).value));
}

/** Send a succession that both have signed; return it as the own hub has it. */
export async function send(member: Member, text: string): Promise<Shown> {
  const { value, statement } = open(text);
  if (agencyOf(statement) !== member.agency) fail("forbidden");
  await post(member, "/api/v1/handoffs", { value, ...readUnverified(value) } as ReturnType<Member["coSign"]>);
  return show(member, statement.handoff);
}

function open(text: string): { value: Json; statement: Statement } {
  try {
    const value = parseJson(fromB64u(text.trim()));
    const { statement } = readUnverified(value);
    return statement.type === ASSUME ? { value, statement } : fail("invalid_request");
  } catch (error) {
    if (error instanceof PacketError) throw new HubError("invalid_request", "", null, { field: "text" });
    throw error;
  }
}

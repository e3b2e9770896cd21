/**
 * Steps on a referral, each a signed statement; what is said about a child travels sealed. The twin of that part of
 * `hub/client/referrals.py`; what goes out on a lawful basis is in `sending.ts`.
 */

import { systemRandom } from "../rcp/age.ts";
import { b64u, blake2b, canonical, type Json, type JsonObject } from "../rcp/encoding.ts";
import { KINDS } from "./bodies.ts";
import * as handoffs from "./handoffs.ts";
import { show, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { checkWords } from "./reasons.ts";
import type { Sealed } from "./seal.ts";
import { fail, HubError } from "./session.ts";
import { rolesFor, STEPS, type Step } from "./steps.ts";

/** Take a step of `STEPS`; return the referral as the hub now shows it. The hub may refuse the step. */
export async function take(member: Member, handoff: string, name: string, said: JsonObject = {}): Promise<JsonObject> {
  const row = STEPS[name] ?? fail("invalid_request");
  const type = `referral.${name}`;
  const fixed = Object.keys(KINDS.get(type)!.body);
  const body = Object.fromEntries(fixed.map((key) => [key, said[key] ?? null]));
  const rest = Object.entries(said).filter(([key, value]) => !fixed.includes(key) && isSaid(value));
  const words = Object.fromEntries(rest);
  check(row, body, words);
  const shown = await show(member, handoff);
  if (rest.length === 0) return say(member, shown, name, body);
  const part = row.keeps.length ? await sealNote(member, shown, words) : await handoffs.sealReply(member, shown, words);
  return say(member, shown, name, body, { part });
}

function check(row: Step, body: JsonObject, words: JsonObject): void {
  const given = { ...body, ...words };
  const missing = [...Object.keys(body), ...row.needs].find((name) => (given[name] ?? null) === null);
  const strange = Object.keys(words).find((name) => ![...row.needs, ...row.may, ...row.keeps].includes(name));
  const field = missing ?? strange;
  if (field !== undefined) throw new HubError("invalid_request", "", null, { field });
  checkWords(words);
}

const isSaid = (value: Json): boolean =>
  value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);

/** Give the recipient until `due`; the reason stays in a record of the own agency. */
export async function pauseClock(member: Member, handoff: string, due: number, reason: string): Promise<JsonObject> {
  const shown = await show(member, handoff);
  const part = await sealNote(member, shown, { text: reason });
  return say(member, shown, "pause_clock", { due }, { part });
}

/** Make a referral more urgent, or less; `due` is the latest time of the next answer, or the policy's. */
export const changeUrgency = async (member: Member, handoff: string, urgency: string): Promise<JsonObject> =>
  say(member, await show(member, handoff), "change_urgency", { urgency, due: null });

/** Revoke the link of a handoff: from now on it opens nothing, whoever has it. */
export const unlink = async (member: Member, handoff: string): Promise<JsonObject> =>
  say(member, await show(member, handoff), "unlink", {});

/** Sign and send a step in a role that may take it; a `grade` of the proxies is for what the recipient said elsewhere. */
export async function say(
  member: Member,
  shown: Shown,
  name: string,
  body: JsonObject,
  { part = null, grade = "signed" }: { part?: Sealed | null; grade?: string } = {},
): Promise<JsonObject> {
  const roles = rolesFor(member, shown, name, grade !== "signed") ?? fail("forbidden");
  return handoffs.say(member, shown, `referral.${name}`, body, { roles, part, grade });
}

/** The part of a step of which the reason stays in a sealed note of the own agency. */
async function sealNote(member: Member, shown: Shown, words: JsonObject): Promise<Sealed> {
  const value = { handoff: shown.id, reason: words["text"] ?? "" };
  return records.seal(member, "note", value);
}

/** Keep evidence in an own record under a random key, and return its keyed hash (docs/protocol.md §7.2). */
export async function noted(member: Member, evidence: JsonObject): Promise<string> {
  const key = systemRandom(32);
  await records.put(member, "note", { key: b64u(key), evidence });
  return evidenceHash(evidence, key);
}

export const evidenceHash = (evidence: JsonObject, key: Uint8Array): string =>
  b64u(blake2b(canonical(evidence), "", 32, key));

/**
 * Answers by phone, SMS or paper, entered by the sender for the recipient: with evidence, or with a code read back. The
 * twin of `hub/client/proxies.py`. The evidence stays in a sealed own record; the statement has its keyed hash.
 */

import type { JsonObject } from "../rcp/encoding.ts";
import { isObject } from "../rcp/encoding.ts";
import { show } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { noted, say } from "./referrals.ts";
import { expect, HubError } from "./session.ts";

export type Via = "phone" | "sms" | "paper";

/** What came, how, and how good it is. */
export interface Reported {
  readonly step: string;
  readonly via: Via;
  /** Who said what and when: the evidence. */
  readonly words: string;
  readonly body: JsonObject;
  /** The day on which the recipient said so, YYYY-MM-DD. */
  readonly on: string;
  /** The id of a code that was read back; else the hub may `ask` the recipient's verified number whether it is true. */
  readonly code: string | null;
  readonly ask: boolean;
}

/** Say that the recipient took a step. With a code the grade is code-verified, else reported. */
export async function report(member: Member, handoff: string, said: Reported): Promise<JsonObject> {
  const today = new Date(member.now() * 1000).toISOString().slice(0, 10);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(said.on) || said.on > today)
    throw new HubError("invalid_request", "", null, { field: "on" });
  const shown = await show(member, handoff);
  const { step, via, words, on, code, ask } = said;
  const evidence = await noted(member, { handoff, type: `referral.${step}`, via, words, on });
  const more = code === null ? { ask } : { code };
  const grade = code === null ? "reported" : "code_verified";
  return say(member, shown, step, { ...said.body, via, evidence, ...more }, { grade });
}

/** Six digits that the hub sent to the recipient's verified number, of which it tells the last ones. */
export interface SentCode {
  readonly code: string;
  readonly number_ends: string;
  readonly until: number;
}

export async function sendCode(member: Member, handoff: string): Promise<SentCode> {
  const answer = await member.hub.post(`/api/v1/handoffs/${handoff}/codes`, {});
  expect(isObject(answer) && typeof answer["code"] === "string" && typeof answer["number_ends"] === "string");
  return answer as unknown as SentCode;
}

/** Compare the digits that the provider read out. */
export async function readBack(member: Member, handoff: string, code: string, digits: string): Promise<void> {
  await member.hub.post(`/api/v1/handoffs/${handoff}/codes/${code}`, { digits: digits.replace(/\s/g, "") });
}

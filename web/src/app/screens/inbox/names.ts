/**
 * What this member calls a handoff in lists: a name or a reference out of what was opened or sent on this device. Kept here
 * alone, sealed under the vault: no hub can show who a referral is about.
 */

import { isObject, type Json } from "../../../rcp/encoding.ts";
import type { Member } from "../../../client/member.ts";
import { unlessFull } from "../../core/database.ts";
import type { Local } from "../../core/local.ts";

const GROUP = "kept";
const NAME = "names";
const MOST = 500;

export type Names = { readonly [handoff: string]: string };

export async function namesOf(local: Local): Promise<Names> {
  const found = await local.get(GROUP, NAME);
  return isObject(found) ? (found as Names) : {};
}

export async function keepName(local: Local, handoff: string, name: string | null): Promise<void> {
  const { [handoff]: known, ...others } = await namesOf(local);
  if (!name || known === name) return;
  const newest = Object.entries(others).slice(-MOST);
  await local.put(GROUP, NAME, Object.fromEntries([...newest, [handoff, name]])).catch(unlessFull);
}

/** Call it nothing any more: consent was withdrawn, and the copy is erased. */
export async function dropName(local: Local, handoff: string): Promise<void> {
  const { [handoff]: known, ...others } = await namesOf(local);
  if (known !== undefined) await local.put(GROUP, NAME, others);
}

/**
 * What was asked for in what the agency sent, in codes: a name for what this device has no other one of. Only where the
 * device has the agency's records already: a list is not worth opening them all.
 */
export async function needsOf(member: Member): Promise<{ readonly [handoff: string]: readonly string[] }> {
  if (!(await member.shelf?.load("records"))) return {};
  const { fannedOut } = await import("../../../client/sent.ts");
  const rows = await fannedOut(member);
  return Object.fromEntries(rows.map(({ handoff, needs }) => [String(handoff), (needs ?? []) as string[]]));
}

/** How a worker knows the person: the reference and a first name, as far as the sections say them. */
export function nameIn(sections: { readonly [name: string]: Json }): string | null {
  const contact = isObject(sections["minimal_contact"]) ? sections["minimal_contact"] : {};
  const identity = isObject(sections["identity"]) ? sections["identity"] : {};
  const names = isObject(identity["names"]) ? identity["names"] : {};
  const name = [contact["given_name"], contact["name"], names["given"], names["full"]].find(isText);
  return [name, contact["reference"]].filter(isText).join(" · ") || null;
}

const isText = (value: Json | undefined): value is string => typeof value === "string" && value.trim() !== "";

/** Copies of what an agency sent, and its fan-out list: on which basis what went to whom. Own records. */

import { isObject, type JsonObject } from "../rcp/encoding.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { fail } from "./session.ts";

/** What the fan-out list says of a sent copy: for withdrawals, arrivals and counts, without opening it. */
const FANNED = "basis handoff to came_by service needs needed_from area age_band sex again_for".split(" ");

/** Keep the sent copy and its row of the fan-out list. */
export async function keepCopy(member: Member, copy: JsonObject): Promise<void> {
  const record = await records.put(member, "sent", copy);
  await fanOut(member, copy);
  await member.shelf?.save("sent", { ...(await known(member)), [String(copy["handoff"])]: record });
}

/** Keep the row of the fan-out list of something that was sent. */
export async function fanOut(member: Member, copy: JsonObject): Promise<void> {
  await records.put(member, "fanout", Object.fromEntries(FANNED.map((name) => [name, copy[name] ?? null])));
}

/** The rows of the fan-out list, the newest first. */
export const fannedOut = async (member: Member): Promise<JsonObject[]> =>
  (await records.listing(member, ["fanout"])).map(({ value }) => value);

/** What was sent in a handoff, out of the agency's own records. */
export async function sentCopy(member: Member, handoff: string): Promise<JsonObject> {
  const record = (await known(member))[handoff];
  const rows =
    typeof record === "string" ? [await records.get(member, record, "sent")] : await records.listing(member, ["sent"]);
  return rows.find(({ value }) => value["handoff"] === handoff)?.value ?? fail("not_found");
}

/** Which own records hold the copies of what this device sent. */
async function known(member: Member): Promise<JsonObject> {
  const found = await member.shelf?.load("sent");
  return isObject(found) ? found : {};
}

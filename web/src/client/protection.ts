/**
 * Where no child may be kept is an alert and not a mere note: in detention, or alone among adults (C20). The twin of
 * `hub/client/protection.py`.
 */

import { isObject, type JsonObject } from "../rcp/encoding.ts";
import type { Member } from "./member.ts";
import { childOf } from "./sections.ts";
import * as timers from "./timers.ts";

/** What these alerts name as their rule, sealed. */
export const RULE = "protection";
const LABELS: { readonly [why: string]: string } = {
  detention: "the child is in detention",
  among_adults: "the child stays among adults, alone",
};

/** Raise an alert for each such placement that a case file has `now` and had not `before`: each once while it runs. */
export async function warn(member: Member, record: string, before: JsonObject, now: JsonObject): Promise<void> {
  if (!unsafe(now, "").size) return; // nobody asks what day it is
  const today = (await timers.calendar(member)).day(member.now());
  const known = unsafe(before, today);
  for (const [placement, why] of unsafe(now, today)) {
    if (known.get(placement) === why) continue;
    await timers.alert(member, { label: LABELS[why]!, case: record, rule: RULE, facts: { placement } });
  }
}

/** Where the child stays that no child may, by placement; what is over before `today` is history. */
export function unsafe(sections: JsonObject, today: string): Map<string, string> {
  const care = sections["care_guardianship"];
  const rows = isObject(care) && Array.isArray(care["placements"]) ? care["placements"] : [];
  const child = childOf(sections);
  const found = new Map<string, string>();
  for (const row of child === "adult" ? [] : rows) {
    if (!isObject(row) || String(row["until"] || today) < today) continue;
    const among = row["with_adult_migrants"] === true && ["unaccompanied", "separated"].includes(child);
    const why = row["kind"] === "detention" ? "detention" : among ? "among_adults" : null;
    if (why) found.set(`${String(row["from"])} ${String(row["kind"])}`, why);
  }
  return found;
}

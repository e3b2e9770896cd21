/**
 * Who was trained to record consents: own records by a supervisor or an admin, never about themselves (R46). The twin of
 * `hub/client/training.py`. A record counts by its signature, not by what it says of itself, since any member can put one.
 */

import { dayOf } from "../consent/policy.ts";
import type { JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { fail } from "./session.ts";
import { devicesOf } from "./trust.ts";

const KIND = "training";
/** What needs recorded training (R46): recording consents, and best-interests determinations. */
export const TOPICS = ["bid", "consent"] as const;
export type Topic = (typeof TOPICS)[number];
const TRAINERS = ["supervisor", "agency_admin"];
const FORM = a.objectOf({
  member: a.identifier,
  topics: a.listOf(a.oneOf(...TOPICS), TOPICS.length, 1),
  until: a.date,
});

/** Somebody's training, as `by` recorded it at `at`. */
export interface Training {
  readonly record: string;
  readonly member: string;
  readonly topics: readonly string[];
  readonly until: string;
  readonly by: string;
  readonly at: number;
}

/** Record that a colleague is trained until that day; the newest record counts. */
export async function record(member: Member, who: string, topics: readonly Topic[], until: string): Promise<string> {
  if (who === member.id) fail("forbidden");
  devicesOf(await member.home(), who, member.now());
  const value = { member: who, topics: [...new Set(topics)].sort(), until };
  FORM(value);
  return records.put(member, KIND, value, { roles: TRAINERS });
}

/** The trainings that count, the newest first. */
export async function listing(member: Member): Promise<Training[]> {
  const rows = (await records.ofForm(member, KIND, FORM)).map(({ handoff, value, at, authors }) => {
    const said = value as { member: string; topics: string[]; until: string };
    return { ...said, record: handoff, at, author: authors[authors.length - 1]! };
  });
  const counted = rows.filter(({ author, member: who }) => TRAINERS.includes(author.role) && author.member !== who);
  const newest = counted.sort((one, other) => other.at - one.at || (one.until < other.until ? 1 : -1));
  return newest.map(({ author, ...row }) => ({ ...row, by: author.member }));
}

/** What rules may know of the member's own training: the last day by topic, null where it ended or never was. */
export async function facts(member: Member): Promise<JsonObject> {
  const [rows, today] = [await listing(member), dayOf(member.now())];
  const days = TOPICS.map((topic) => {
    const newest = rows.find(({ member: who, topics }) => who === member.id && topics.includes(topic));
    return [topic, newest && newest.until >= today ? newest.until : null];
  });
  return { training: Object.fromEntries(days) };
}

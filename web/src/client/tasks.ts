/**
 * What is left to do for the sender beside its referrals, each with a day: needs that were not accepted, disputes, reviews.
 * The twin of `hub/client/tasks.py`. These have their clock here alone, because a hub may not know what they are about.
 */

import policy from "../../../hub/followup/policy.json" with { type: "json" };
import { VITAL } from "../consent/basis.ts";
import { later } from "../consent/policy.ts";
import { isObject, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import * as bases from "./basis.ts";
import { weekdayOf } from "./days.ts";
import * as groups from "./groups.ts";
import { show } from "./handoffs.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import { REPLY, type Opened } from "./opening.ts";
import * as outcomes from "./outcomes.ts";
import * as records from "./records.ts";
import { fannedOut, sentCopy } from "./sent.ts";
import { fail } from "./session.ts";

export const KIND = "task";
const DAY = 86_400;
const REVIEW_WITHIN = 7;
const PLACED = ["referred", "unmet"];
const REVIEWED = ["stopped", "stands"];
/** What has to be done, and how it can be done. */
export const DONE: { readonly [what: string]: readonly string[] } = {
  rest: PLACED,
  again: PLACED,
  review: ["consent", ...REVIEWED],
  lifted: REVIEWED,
};
/** Who reviews what was lifted: a data officer's device opens no case. */
export const REVIEWERS: readonly string[] = ["supervisor", "focal_point"];
const FORM = a.objectOf({
  what: a.oneOf(...Object.keys(DONE)),
  about: a.identifier,
  needs: a.listOf(a.name, 20),
  due: a.seconds,
  done: a.oneOf(null, ...PLACED, "consent", ...REVIEWED),
});

/** Something to do by `due`; `about` is a handoff, or for a review the record of the basis. */
export interface Task {
  readonly what: string;
  readonly about: string;
  /** Those asked for, or the rules that were lifted. */
  readonly needs: readonly string[];
  readonly due: number;
  readonly done: string | null;
  readonly record: string | null;
  readonly handoffs: readonly string[];
  /** Who lifted what is reviewed. */
  readonly signed: readonly string[];
}

/** What is to be done, the most urgent first; with `done` what was done as well. */
export async function listing(member: Member, done = false): Promise<Task[]> {
  const rows = await records.ofForm(member, KIND, FORM);
  const owed = [...(await reviews(member)), ...(await again(member))];
  const signed = new Map(owed.map((task) => [keyOf(task), task.signed]));
  const kept = rows.filter((row) => byWhom(row, signed.get(keyOf(taskOf(row))) ?? [])).map(taskOf);
  const known = new Set(kept.map(keyOf));
  const found = [...kept, ...owed.filter((task) => !known.has(keyOf(task)))];
  return found.filter((task) => done || task.done === null).sort((one, other) => one.due - other.due);
}

/** Keep as a task what a recipient did not accept of what was asked, once; null where nothing is left. */
export async function noteRest(member: Member, handoff: string, opened: readonly Opened[]): Promise<Task | null> {
  const replies = opened.map(({ sections }) => sections[REPLY]).filter(isObject);
  const accepted = replies.map((reply) => reply["needs"]).find((needs) => Array.isArray(needs) && needs.length > 0);
  if (!Array.isArray(accepted)) return null;
  const shown = await show(member, handoff);
  const asked = ((await fannedOut(member)).find((row) => row["handoff"] === handoff)?.["needs"] ?? []) as string[];
  const rest = asked.filter((need) => !accepted.includes(need));
  const known = (await listing(member, true)).find(({ what, about }) => what === "rest" && about === handoff) ?? null;
  if (rest.length === 0 || known || shown.from !== member.agency) return known;
  const due = dueFor(String(shown.view.urgency), member.now());
  const value = { what: "rest", about: handoff, needs: rest, due, done: null };
  return taskOf(await records.get(member, await records.put(member, KIND, value), KIND));
}

/** Say how a task was done. */
export async function finish(member: Member, task: Task, found: string): Promise<void> {
  if (!DONE[task.what]?.includes(found)) fail("invalid_request");
  const lifted = task.what === "lifted";
  if (lifted && task.signed.includes(member.id)) fail("forbidden");
  const value = { what: task.what, about: task.about, needs: [...task.needs], due: task.due, done: found };
  const how = { ...(task.record ? { handoff: task.record } : {}), ...(lifted ? { roles: REVIEWERS } : {}) };
  await records.put(member, KIND, value, how);
}

/** The reviews that are owed: of each note of vital interest on which something went out, and of rules that were lifted. */
async function reviews(member: Member): Promise<Task[]> {
  const sent = await fannedOut(member);
  const held = await bases.listing(member);
  return held.flatMap((one) => {
    const handoffs = sent.filter((row) => row["basis"] === one.handoff).map((row) => String(row["handoff"]));
    if (one.basis.kind === VITAL && handoffs.length) {
      const due = Number((one.basis as unknown as JsonObject)["review_by"]);
      return [{ ...EMPTY, what: "review", about: one.handoff, due, handoffs }];
    }
    return one.consent && one.live ? lifted(one.handoff, one.consent.overrides) : [];
  });
}

type Lifted = readonly { rule: string; from: string; until: string; by: readonly { member: string }[] }[];

/** The reviews of rules that were lifted on a consent, those of one day together. */
function lifted(about: string, rows: Lifted): Task[] {
  const days = [...new Set(rows.map(reviewBy))].sort((one, other) => one - other);
  return days.map((due) => {
    const mine = rows.filter((row) => reviewBy(row) === due);
    const needs = [...new Set(mine.map(({ rule }) => rule.toLowerCase()))].sort();
    const signed = mine.flatMap(({ by }) => by.map((signer) => signer.member));
    return { ...EMPTY, what: "lifted", about, needs, due, signed };
  });
}

/** By when an approval is to be reviewed: within a week, and before its own last day is over. */
function reviewBy({ from, until }: { from: string; until: string }): number {
  const day = [until, later(from, REVIEW_WITHIN)].sort()[0]!;
  return Date.parse(`${day}T00:00:00Z`) / 1000 + DAY - 1;
}

/** What was disputed and has not gone out again. */
async function again(member: Member): Promise<Task[]> {
  const sent = new Set((await fannedOut(member)).map((row) => String(row["handoff"])));
  const after = (await groups.every(member)).filter(({ how }) => how === "supersedes");
  const gone = after.filter(({ handoffs }) => handoffs.slice(1).some((one) => sent.has(one)));
  const followed = new Set(gone.map(({ handoffs }) => handoffs[0]));
  const found: Task[] = [];
  for (const [about, at] of await outcomes.disputed(member)) {
    if (!sent.has(about) || followed.has(about)) continue;
    const { urgency, needs } = await sentCopy(member, about);
    const due = dueFor(String(urgency), at);
    found.push({ ...EMPTY, what: "again", about, needs: needs as string[], due, handoffs: [about] });
  }
  return found;
}

const EMPTY = { needs: [], done: null, record: null, handoffs: [], signed: [] };

/** What tells a task from others: of lifted rules each review, else one for what it is about. */
const keyOf = ({ what, about, needs, due }: Task): string =>
  JSON.stringify(what === "lifted" ? [what, about, needs, due] : [what, about]);

/** Whether a task was kept by who may: a review of lifted rules counts by a reviewer who lifted none of them. */
function byWhom({ value, authors }: Listed, signed: readonly string[]): boolean {
  const by = authors[authors.length - 1]!;
  return value["what"] !== "lifted" || (REVIEWERS.includes(by.role) && !signed.includes(by.member));
}

function taskOf({ handoff, value }: Pick<Listed, "handoff" | "value">): Task {
  const { what, about, needs, due, done } = value as unknown as Task;
  return { what, about, needs, due, done, record: handoff, handoffs: [about], signed: [] };
}

interface Limit {
  readonly hours?: number;
  readonly working_days?: number;
}

/** By when a need has to be placed again: as after a decline, on working days in UTC. */
function dueFor(urgency: string, since: number): number {
  const limit = (policy.urgencies as { readonly [name: string]: Limit })[urgency] ?? fail("malformed");
  if (limit.hours !== undefined) return since + limit.hours * 3600;
  const start = new Date(since * 1000).toISOString().slice(0, 10);
  let day = working(start);
  const clock = day === start ? since % DAY : 0;
  for (let left = limit.working_days!; left > 0; left -= 1) day = working(later(day, 1));
  return Date.parse(`${day}T00:00:00Z`) / 1000 + clock;
}

/** The first working day from a day on; Saturday and Sunday are off. */
function working(day: string): string {
  return weekdayOf(day) > 4 ? working(later(day, 1)) : day;
}

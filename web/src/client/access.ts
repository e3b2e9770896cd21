/**
 * Who opened what, and why: those to whom it is assigned, or somebody with a reason, which is reviewed (R46). The twin of
 * `hub/client/access.py`.
 *
 * Own records: `assignment` says who else works on a handoff, `access` that it was opened. This runs in the client, before
 * anything is shown; a changed client can leave it out (docs/threat-model.md).
 */

import * as a from "../rcp/shapes.ts";
import { CASE_ROLES } from "./documents.ts";
import { show, type Shown } from "./handoffs.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import { membersOf } from "./pins.ts";
import * as records from "./records.ts";
import { counted } from "./sampling.ts";
import { fail, HubError } from "./session.ts";
import { isMember } from "./statements.ts";
import { devicesOf } from "./trust.ts";

const KIND = "access";
const ASSIGNMENT = "assignment";
const SAMPLE = "sample";
const CONSENT = "consent";
const DAY = 86_400;
/** R46, grade J: a supervisor reviews an opening outside assignment within seven days. */
const REVIEW_WITHIN = 7 * DAY;
/** Who names others for any handoff. */
export const ASSIGNERS: readonly string[] = ["supervisor", "focal_point"];
const REVIEWERS = ["supervisor"];
const TAKES = ["referral", "transfer"].flatMap((kind) => [`${kind}.acknowledge`, `${kind}.accept`]);
/** The statement with which a case is sent where an inquiry began the handoff. */
const SENDS = ["transfer.offer"];
const TAKEN = ["effective", "waiting"];

/** Why somebody could open: it is theirs, nobody has taken it yet, or they said why. */
export type Kind = "assigned" | "first_look" | "reason";
export type Review = "ok" | "concern";

const FORM = a.objectOf({
  handoff: a.identifier,
  kind: a.oneOf("assigned", "first_look", "reason"),
  why: a.listOf(a.string, 1000),
  times: a.integer(1),
  review: a.oneOf(null, "ok", "concern"),
});
const ASSIGNED = a.objectOf({ handoff: a.identifier, members: a.listOf(a.identifier, 100, 1) });

/** What an access record says. */
type Value = { handoff: string; kind: Kind; why: string[]; times: number; review: Review | null };

/** As what the member may open a handoff, and the record of today that it goes on. */
export interface Opening {
  readonly handoff: string;
  readonly kind: Kind;
  readonly why: string | null;
  readonly today: Listed | null;
}

/** A member's openings of a handoff on one day. `due` is when a review is, null where none is wanted any more. */
export interface Entry {
  readonly record: string;
  readonly handoff: string;
  readonly member: string;
  readonly at: number;
  readonly kind: Kind;
  readonly why: readonly string[];
  readonly times: number;
  readonly review: Review | null;
  readonly due: number | null;
}

/** Return a record that is about to be used, once its opening is logged where a colleague put it. */
export async function openRecord<T extends Listed>(
  member: Member,
  record: T,
  why?: string,
  through?: Shown,
): Promise<T> {
  if (record.authors[0]!.member !== member.id) {
    await log(member, await beforeOpen(member, await show(member, record.handoff), why, through));
  }
  return record;
}

/**
 * As what the member may open a handoff, perhaps `through` one that is theirs; nothing is logged yet. It is refused with the
 * rule R46 where it is not theirs, somebody took or looked at it before, and they did not say why.
 */
export async function beforeOpen(member: Member, shown: Shown, why = "", through?: Shown): Promise<Opening> {
  await member.me(CASE_ROLES);
  const found = await about(member, shown);
  const named = await withDeputy(member, assignedIn(shown, member.agency, found));
  const opened = found.filter((row) => row.kind === KIND && row.value["handoff"] === shown.id);
  const reason = why.split(/\s+/).filter(Boolean).join(" ");
  let kind: Kind = "reason";
  if (named.has(member.id) || (through && (await assigned(member, through)).has(member.id))) kind = "assigned";
  else if (named.size === 0 && opened.every(({ authors }) => authors[0]!.member === member.id)) kind = "first_look";
  else if (!reason) throw new HubError("invalid_request", "", null, { rule: "R46" });
  const today = opened.find((row) => goesOn(row, member, kind)) ?? null;
  return { handoff: shown.id, kind, why: kind === "reason" ? reason : null, today };
}

/** Whether it is R46 that asks why. */
export const asksWhy = (error: unknown): boolean => error instanceof HubError && error.facts["rule"] === "R46";

/** Write an opening down, before it happens: one record for a member, a handoff and a day; return it. */
export function log(member: Member, { handoff, kind, why, today }: Opening): Promise<string> {
  const before: Pick<Value, "why" | "times"> = today ? (today.value as Value) : { why: [], times: 0 };
  const said = why && !before.why.includes(why) ? [why] : [];
  const value: Value = { handoff, kind, why: [...before.why, ...said], times: before.times + 1, review: null };
  return records.put(member, KIND, value, { roles: CASE_ROLES, ...(today ? { handoff: today.handoff } : {}) });
}

/** Name colleagues who work on a handoff from now on; return the record. */
export async function assign(member: Member, handoff: string, who: readonly string[]): Promise<string> {
  if (who.includes(member.id)) fail("forbidden");
  const home = await member.home();
  who.forEach((colleague) => devicesOf(home, colleague, member.now()));
  const shown = await show(member, handoff);
  const assigner = (await member.roles()).some((role) => ASSIGNERS.includes(role));
  if (!assigner && !(await assigned(member, shown)).has(member.id)) fail("forbidden");
  const value = { handoff, members: [...new Set(who)].sort() };
  return records.put(member, ASSIGNMENT, value, { roles: assigner ? ASSIGNERS : CASE_ROLES });
}

/**
 * The members of the own agency whose handoff it is. They sent it, took it, drew it for comparison, or were named by one of
 * these, a supervisor or a focal point; and the deputy, where one of them has left.
 */
export const assigned = async (member: Member, shown: Shown): Promise<ReadonlySet<string>> =>
  withDeputy(member, assignedIn(shown, member.agency, await about(member, shown)));

/** Who opened what: what waits for a review first, the longest overdue before all, then the newest. */
export async function listing(member: Member, unreviewed = false): Promise<Entry[]> {
  const found = (await records.listing(member, [KIND])).map(entry);
  const wanted = found.filter(({ due }) => due !== null || !unreviewed);
  return wanted.sort((one, other) => place(one) - place(other));
}

const place = ({ due, at }: Entry): number => due ?? Number.MAX_SAFE_INTEGER - at;

/** Say of an opening whether its reason holds. */
export async function review(member: Member, record: string, said: Review): Promise<void> {
  const row = await records.get(member, record, KIND);
  if (row.authors[0]!.member === member.id) fail("forbidden");
  if (entry(row).due === null) fail("conflict");
  await records.put(member, KIND, { ...valueOf(row), review: said }, { handoff: record, roles: REVIEWERS });
}

/** The records that can be about a handoff: none that is older, so that few are opened for a new one. */
function about(member: Member, shown: Shown): Promise<Listed[]> {
  const since = shown.lines[0]!.statement.at - DAY;
  return records.listing(member, [KIND, ASSIGNMENT, SAMPLE, CONSENT], since);
}

function assignedIn(shown: Shown, agency: string, found: readonly Listed[]): Set<string> {
  const named = takers(shown, agency);
  const rows = found.filter(({ kind, value }) => kind === ASSIGNMENT && a.isOf(ASSIGNED, value));
  const here = rows.filter(({ value }) => value["handoff"] === shown.id);
  let before = -1;
  while (named.size > before) {
    // whom somebody named may pass it on, in whatever order their records are read
    before = named.size;
    for (const { authors, value } of here) {
      const { role, member } = authors[authors.length - 1]!;
      const valid = ASSIGNERS.includes(role) || named.has(member);
      if (valid) (value["members"] as string[]).filter((who) => who !== member).forEach((who) => named.add(who));
    }
  }
  const consents = found.filter(({ kind, handoff }) => kind === CONSENT && handoff === shown.id);
  const drawn = counted(
    consents,
    found.filter(({ kind }) => kind === SAMPLE),
  );
  drawn.forEach(({ drawnBy }) => named.add(drawnBy));
  return named;
}

/** Add the deputy of the key entry where one of these has left: what they held is the deputy's. */
async function withDeputy(member: Member, named: Set<string>): Promise<ReadonlySet<string>> {
  const home = await member.home();
  const here = membersOf(home, member.now()).map((cert) => cert.member);
  const left = [...named].some((who) => !here.includes(who));
  return left && home.entry.deputy ? named.add(home.entry.deputy) : named;
}

/** Who sent it or took it: the first to acknowledge and the first to accept; doing so again takes nothing. */
function takers(shown: Shown, agency: string): Set<string> {
  const firsts = [shown.lines[0]!];
  for (const type of agency === shown.to ? TAKES : SENDS) {
    const ours = shown.lines.find(({ statement, standing }) => {
      const [signer] = statement.by;
      return statement.type === type && TAKEN.includes(standing) && isMember(signer!) && signer.agency === agency;
    });
    if (ours) firsts.push(ours);
  }
  const signers = firsts.flatMap(({ statement }) => statement.by.filter(isMember));
  return new Set(signers.filter((actor) => actor.agency === agency).map((actor) => actor.member));
}

/** Whether an opening now belongs into this record: same member, day and kind, and nobody else wrote in it. */
function goesOn(row: Listed, member: Member, kind: Kind): boolean {
  const same = Math.floor(row.began / DAY) === Math.floor(member.now() / DAY);
  const alone = row.authors.every((author) => author.member === member.id);
  return same && alone && a.isOf(FORM, row.value) && row.value["kind"] === kind && row.value["review"] === null;
}

/** What an access record says; one of no form is shown as an opening for which no reason was given. */
function valueOf({ handoff, value }: Listed): Value {
  if (a.isOf(FORM, value)) return value as Value;
  return { handoff, kind: "reason", why: [], times: 1, review: null };
}

function entry(row: Listed): Entry {
  const { review: said, ...value } = valueOf(row);
  const [opener, last] = [row.authors[0]!.member, row.authors[row.authors.length - 1]!];
  const reviewed = said !== null && REVIEWERS.includes(last.role) && last.member !== opener;
  const changed = row.authors.some((author) => author.member !== opener);
  const wanted = (value.kind === "reason" || changed) && !reviewed;
  return {
    ...value,
    record: row.handoff,
    member: opener,
    at: row.began,
    review: reviewed ? said : null,
    due: wanted ? row.began + REVIEW_WITHIN : null,
  };
}

/**
 * Closing a case by two people, looking in afterwards, archiving, opening it again, keeping and destroying it. The twin of
 * `hub/client/closing.py`.
 *
 * One member recommends, a supervisor who is another one authorises; both are own records, and their authors are read from
 * the signatures. Closing ends nothing at the hub by itself: what a leg says of it is the transfer's. A legal hold counts
 * whoever wrote it; only a data officer lifts it, and names the law where a case goes before its time.
 */

import { isObject, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import * as aftercare from "./aftercare.ts";
import type { Followed, Row } from "./aftercare.ts";
import * as forms from "./careforms.ts";
import * as cases from "./cases.ts";
import { KIND, OFFICER, RETENTION, SUPERVISOR } from "./careforms.ts";
import * as deadlines from "./deadlines.ts";
import type { Hindrance, Proposal, Retention } from "./deadlines.ts";
import { pages } from "./handoffs.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { fannedOut } from "./sent.ts";
import { fail, HubError } from "./session.ts";
import * as timers from "./timers.ts";
import { chase } from "./visits.ts";

/** Kinds of own records that say in `handoff` or `about` what they are about; others name a case, a scan its meeting. */
const OF_A_HANDOFF = ["sent", "fanout", "outcome", "task", "unmet", "note"];
const OF_A_CASE = [cases.PAPER, KIND, forms.REMARK, "handover", "scan", "programme", "disagreement"];
/** What says of a case that is destroyed when it was closed, and that it is gone: codes and days. */
const PASSING = ["plan", "risk", "visit", "excuse", "review", "extension", "event"];

/** What stands in the way of closing a case today (R43). */
export async function hindrances(member: Member, of: string, said: Proposal): Promise<Hindrance[]> {
  const held = await aftercare.read(member, of);
  const running = await timers.listing(member, { case: of });
  return deadlines.toClosing(said, {
    begins: held.firstDay,
    today: held.today,
    risk: held.risk,
    openReferrals: (await openReferrals(member, held)).length,
    openAlerts: running.filter(({ urgency }) => urgency === "emergency").length,
    reviewOverdue: held.reviewDue < held.today,
  });
}

/** Recommend that a case is closed; a supervisor who is somebody else authorises it. */
export async function recommend(member: Member, of: string, said: Proposal): Promise<Row> {
  if ((await aftercare.read(member, of)).closure) fail("illegal_transition");
  stop(await hindrances(member, of, said));
  const { reason, panel, early } = said;
  const value = { reason, parts: [...said.parts].sort(), besides: [...said.besides].sort(), panel };
  return put(member, "recommended", of, value, early);
}

/** The newest recommendation that nobody has used. */
export function recommended(held: Followed): Row | null {
  const used = held.of("authorised").map(({ value }) => value["recommendation"]);
  return (
    held
      .of("recommended")
      .filter(({ record }) => !used.includes(record))
      .pop() ?? null
  );
}

/** Close a case as somebody else recommends; everything is looked at again. */
export async function authorise(member: Member, of: string): Promise<Row> {
  const held = await aftercare.read(member, of);
  if (held.closure) return held.closure;
  const used = held.of("authorised").map(({ value }) => value["recommendation"]);
  const asked = held.of("recommended").filter(({ record }) => !used.includes(record));
  if (!asked.length) fail("not_found");
  const row = asked.filter(({ by }) => by !== member.id).pop();
  if (!row) throw new HubError("forbidden", "", null, { rule: "R43" });
  const { reason, parts, besides, panel } = row.value as unknown as Proposal;
  stop(await hindrances(member, of, { reason, parts, besides, panel, early: await aftercare.said(member, row) }));
  const done = await put(member, "authorised", of, { recommendation: row.record, reason });
  await chase(member, await aftercare.read(member, of));
  return done;
}

/** Archive a closed case once the visits after it were made. */
export async function archive(member: Member, of: string): Promise<Row> {
  const held = await aftercare.read(member, of);
  if (held.archived) return held.archived;
  const closure = held.closure ?? fail("illegal_transition");
  stop(deadlines.toArchiving(closure.on, String(closure.value["reason"]), held.visits, held.today));
  const row = await put(member, "archived", of, { closure: closure.record });
  await chase(member, await aftercare.read(member, of));
  return row;
}

/** Open a closed case again, with all of its history: best interests are assessed and consent is asked for again. */
export async function reopen(
  member: Member,
  of: string,
  words: string,
  risk: string,
  benchmark = "standard",
): Promise<Followed> {
  const held = await aftercare.read(member, of);
  const closure = held.closure ?? fail("illegal_transition");
  await member.me(SUPERVISOR);
  const why = aftercare.reason(words);
  const { lead, country, corridor, exploited, discretion, born } = held.facts;
  await aftercare.follow(member, of, held.today, risk, benchmark, {
    ...({ lead, country, corridor, exploited, discretion, born } as aftercare.Facts),
  });
  const running = (await timers.listing(member, { case: of })).map(({ about }) => about?.label);
  const by = await timers.term(member, member.now(), { days: deadlines.RULES.after_reopening.days });
  for (const label of ["best interests to be assessed again", "consent to be asked again"]) {
    const about = { label, case: of, rule: "reopened" };
    if (!running.includes(label)) await timers.setTimer(member, about, by, { owner: held.lead });
  }
  await put(member, "reopened", of, { closure: closure.record }, why);
  const again = await aftercare.read(member, of);
  await chase(member, again);
  return again;
}

// Keeping and destroying

/** Say how long the agency keeps closed cases, of children of one country or all, as a data officer. */
export async function putRetention(
  member: Member,
  years: number,
  afterMajority: number,
  country: string | null = null,
): Promise<string> {
  const value = { what: "retention", country, years, after_majority_years: afterMajority };
  if (!a.isOf(RETENTION, value)) fail("invalid_request");
  return records.put(member, KIND, value, { roles: OFFICER });
}

/** Until when a closed case is kept; null while it is open. */
export async function keptUntil(member: Member, held: Followed): Promise<string | null> {
  return held.closure && untilOf(held, held.closure.on, await terms(member));
}

/** How long closed cases are kept, of children of a country; null: of all others. */
export interface Term extends Retention {
  readonly country: string | null;
}

/** How long the agency keeps closed cases: of each country what an officer said last. */
export async function terms(member: Member): Promise<Term[]> {
  const rows = await records.ofForm(member, KIND, RETENTION);
  const own = rows.filter(({ authors }) => OFFICER.includes(authors[authors.length - 1]!.role));
  const said = new Map<string | null, Term>();
  for (const { value } of own as unknown as { value: Term }[]) {
    if (!said.has(value.country)) said.set(value.country, value);
  }
  return [...said.values()];
}

/** A closed case and until when it is kept: longer while it is not archived, or a legal hold stands. */
export interface Kept {
  readonly held: Followed;
  readonly until: string;
  readonly hold: boolean;
}

/** The closed cases that are kept here, what goes first first (B7). */
export async function kept(member: Member): Promise<Kept[]> {
  const [own, heldBack, followed] = [await terms(member), await standing(member), await aftercare.followed(member)];
  const found = followed.flatMap((held) => {
    const hold = heldBack.some(({ value }) => value["case"] === held.case);
    return held.closure ? [{ held, until: untilOf(held, held.closure.on, own), hold }] : [];
  });
  const order = ({ until, held }: Kept) => `${until} ${held.case}`;
  return found.sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

function untilOf(held: Followed, closed: string, own: readonly Term[]): string {
  const { country, born } = held.facts;
  const found = own.find((term) => term.country === country) ?? own.find((term) => term.country === null);
  return deadlines.keptUntil(closed, typeof born === "string" ? born : null, found);
}

/** Put a legal hold on a case: nothing of it is destroyed while it stands. */
export const hold = async (member: Member, of: string, words: string, until: string | null = null): Promise<Row> =>
  put(member, "held", of, { until }, aftercare.reason(words));

/** Lift a legal hold, as a data officer, who need not be able to open the case. */
export const lift = async (member: Member, of: string, held: string, words: string): Promise<Row> =>
  put(member, "lifted", of, { hold: held }, aftercare.reason(words));

/** Say, as a data officer, by which law a case may be destroyed before its time (R45). */
export const allow = (member: Member, of: string, law: string): Promise<Row> => put(member, "allowed", of, { law });

/** The legal holds that stand on a case, whoever changed their records since. */
export const holds = async (member: Member, of: string): Promise<Row[]> =>
  (await standing(member)).filter(({ value }) => value["case"] === of);

async function standing(member: Member): Promise<Row[]> {
  const rows = await records.listing(member, [KIND]);
  const isA = (what: string) => rows.filter(({ value }) => a.isOf(forms.FORMS[what]!, value));
  const byOfficers = isA("lifted").filter(({ authors }) => authors.every(({ role }) => OFFICER.includes(role)));
  const lifted = byOfficers.map(({ value }) => `${String(value["case"])} ${String(value["hold"])}`);
  const today = await aftercare.today(member);
  const found = isA("held").filter(({ handoff, value }) => {
    return !lifted.includes(`${String(value["case"])} ${handoff}`) && String(value["until"] ?? today) >= today;
  });
  return found.map(aftercare.asRow);
}

/** What was destroyed at the hub, and what is left because somebody still has to act there. */
export interface Destroyed {
  readonly record: string;
  readonly records: readonly string[];
  readonly handoffs: readonly string[];
  readonly left: readonly string[];
}

/**
 * Have the hub destroy what the agency keeps of a case, and write down that it was done, as a supervisor; run again it goes
 * on. Before its time it needs a data officer who named the law.
 */
export async function destroy(member: Member, of: string): Promise<Destroyed> {
  await member.me(SUPERVISOR);
  const held = await aftercare.read(member, of);
  const [closure, until] = [held.closure ?? fail("illegal_transition"), await keptUntil(member, held)];
  const allowed = held.of("allowed").find(({ entered }) => entered >= closure.entered) ?? null;
  const stands = (await holds(member, of)).length > 0;
  const facts = { held: stands, archived: held.archived !== null, lawful: allowed !== null };
  stop(deadlines.toDestroying(until!, held.today, facts));
  const going = await handoffsOf(member, held);
  const mine = [
    ...(await ofCase(member, of)),
    ...(await about(member, going)),
    ...bases(held),
    ...(await dates(member, of)),
  ];
  const first = await each(member, [...going, ...mine, of]);
  const plans = first.left.length ? [] : held.of("plan").map(({ record }) => record); // they say until when: they go last
  const gone = [...first.gone, ...(await each(member, plans)).gone].sort();
  const names = {
    records: gone.filter((name) => !going.includes(name)),
    handoffs: gone.filter((name) => going.includes(name)),
    left: first.left,
  };
  const { record } = await put(member, "destroyed", of, { ...names, allowed: allowed?.record ?? null });
  return { record, ...names };
}

/** Destroy each of these; say of which it was done, and where somebody still has to act. */
async function each(member: Member, names: readonly string[]): Promise<{ gone: string[]; left: string[] }> {
  const [gone, left] = [new Set<string>(), [] as string[]];
  for (const name of names) {
    try {
      await records.destroy(member, name);
      gone.add(name);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      if (error.code === "illegal_transition") left.push(name);
      else if (error.code !== "not_found") throw error;
    }
  }
  return { gone: [...gone], left };
}

/** The own records that name a case, and what hangs on them. */
async function ofCase(member: Member, of: string): Promise<string[]> {
  const rows = await records.listing(member, OF_A_CASE);
  const goes = rows.filter(({ kind, value }) => {
    const stays = kind === KIND && (value["what"] === "plan" || !PASSING.includes(String(value["what"])));
    return value["case"] === of && !(stays && Object.keys(forms.FORMS).includes(String(value["what"])));
  });
  const mine = new Set(goes.map(({ handoff }) => handoff));
  rows.filter(({ value }) => mine.has(String(value["handover"]))).forEach(({ handoff }) => mine.add(handoff));
  return [...mine].sort();
}

/** The own records about some handoffs: copies, fan-out, outcomes, what was to do. */
async function about(member: Member, handoffs: readonly string[]): Promise<string[]> {
  const rows = await records.listing(member, OF_A_HANDOFF);
  const named = rows.filter(({ value }) =>
    [value["handoff"], value["about"]].some((one) => handoffs.includes(String(one))),
  );
  return named.map(({ handoff }) => handoff).sort();
}

/** The timers of a case, running or over. */
async function dates(member: Member, of: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of pages(member, timers.KIND, "out")) {
    const { timer } = await timers.read(member, String(id));
    if (timer.about?.case === of) found.push(timer.handoff);
  }
  return found;
}

/** The handoffs of a case: its legs, and what went out on its consents. */
async function handoffsOf(member: Member, held: Followed): Promise<string[]> {
  const file = (await cases.listing(member)).find(({ record }) => record === held.case);
  return [...new Set([...(file?.legs ?? []), ...(await sent(member, held))])];
}

async function sent(member: Member, held: Followed): Promise<string[]> {
  const on = bases(held);
  const rows = (await fannedOut(member)).filter((row) => on.includes(String(row["basis"])));
  return rows.map((row) => String(row["handoff"]));
}

/** The consents under which others were asked about a child, before a re-opening too. */
const bases = (held: Followed): string[] =>
  [...new Set(held.of("plan").flatMap(({ value }) => value["bases"] as string[]))].sort();

/** The referrals on the consents of a case in which somebody has to act. */
async function openReferrals(member: Member, held: Followed): Promise<string[]> {
  const mine = await sent(member, held);
  const found: string[] = [];
  for await (const { id, ball } of mine.length ? pages(member, "referral", "out") : []) {
    if (mine.includes(String(id)) && (ball ?? null) !== null) found.push(String(id));
  }
  return found;
}

const put = async (
  member: Member,
  what: string,
  of: string,
  value: JsonObject,
  words: string | null = null,
): Promise<Row> => aftercare.put(member, what, of, await aftercare.today(member), value, words);

function stop(found: readonly Hindrance[]): void {
  if (!found.length) return;
  const hindrances = found.map(({ code, rule, about }) => ({ code, rule, about }));
  throw new HubError("conflict", "", null, { rule: found[0]!.rule, hindrances });
}

/** What stood in the way, out of the error that said so. */
export const hindrancesIn = (error: unknown): Hindrance[] =>
  error instanceof HubError && Array.isArray(error.facts["hindrances"])
    ? (error.facts["hindrances"].filter(isObject) as unknown as Hindrance[])
    : [];

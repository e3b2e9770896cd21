/**
 * What happened after arrival, as it is entered: visits, an observer's signs, early warnings, reviews, delays. The twin of
 * `hub/client/visits.py`, and of what `hub/client/due.py` tells the hub and a sender.
 *
 * A visit stands under the time when it happened, however late it is entered, and the same one entered again is the same.
 * An alert is a timer of the hub's that does not say what it is about. A progress report is a section in codes; whether a
 * sender may have it, its consent says.
 */

import { b64u, isObject, sha256, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import * as aftercare from "./aftercare.ts";
import { due, type Followed, type Row } from "./aftercare.ts";
import * as forms from "./careforms.ts";
import { daysBetween } from "./days.ts";
import * as deadlines from "./deadlines.ts";
import type { Member } from "./member.ts";
import { membersOf } from "./pins.ts";
import * as schedule from "./schedule.ts";
import { fail, HubError } from "./session.ts";
import * as timers from "./timers.ts";

export const EARLY_WARNING = "early_warning";
/** What timers of this room name as their rule, sealed. */
export const RULE = "aftercare";
/** The task that a gate leaves (R32) and only a meeting settles. */
const FIRST_VISIT = "first_visit";
const AHEAD = 600;
const WARNINGS: { readonly [sign: string]: string } = {
  concern: "the observer is worried",
  call_me: "the observer asks to be called",
};
/** Who has a say in a review (G7); a caregiver speaks for a child. */
const PRESENT = ["child", "worker", "supervisor"];

/** What is said of a visit; what is not said is a visit by the worker, in which the child was met. */
export interface Said {
  readonly by?: string;
  readonly method?: string;
  readonly place?: string;
  readonly who?: readonly string[];
  readonly met?: boolean;
  readonly about?: string | null;
  readonly themes?: { readonly [theme: string]: string } | null;
  readonly sign?: string | null;
  readonly evidence?: string | null;
  readonly words?: string | null;
  /** Pages that show it, kept with the words. */
  readonly papers?: ReadonlyMap<string, Bytes>;
}

/**
 * Write down a visit or a call under the time when it happened. An early warning goes out first: entered again after a crash
 * it is not lost, and not raised twice.
 */
export async function visit(member: Member, of: string, happened: number, given: Said = {}): Promise<Row> {
  if (happened > member.now() + AHEAD) throw new HubError("invalid_request", "", null, { field: "happened" });
  const { words = null, papers, themes = null, who = [], ...said } = given;
  const value: JsonObject = {
    happened,
    by: said.by ?? "worker",
    method: said.method ?? "visit",
    place: said.place ?? "none",
    who: [...new Set(who)].sort(),
    met: said.met ?? true,
    about: said.about ?? null,
    themes: themes && { ...Object.fromEntries(forms.THEMES.map((theme) => [theme, "not_asked"])), ...themes },
    sign: said.sign ?? null,
    evidence: said.evidence ?? null,
  };
  const known = (await aftercare.rowsOf(member, of)).find((row) => sameVisit(row, value));
  if (known) return known;
  const day = (await aftercare.ours(member)).day(happened);
  aftercare.check("visit", { what: "visit", case: of, on: day, words: null, ...value });
  const warning = WARNINGS[String(value["sign"])];
  if (warning || alarming(themes ?? {})) await alert(member, of, warning ?? "not safe", { happened });
  return aftercare.put(member, "visit", of, day, value, words, papers);
}

/** Whether what was found is an early warning: the child is not safe (H5). */
export const alarming = (themes: { readonly [theme: string]: string }): boolean => themes["safe"] === "bad";

/** Type in what a local observer sent or ticked; `evidence` is a photo of it, cleaned. It may raise an alert. */
export async function signal(member: Member, text: string, happened: number, evidence?: Bytes): Promise<Row> {
  const { mark, sign } = forms.readSignal(text);
  const plans = (await aftercare.rows(member)).filter(({ what, value }) => what === "plan" && value["mark"] === mark);
  const plan = plans.pop() ?? fail("not_found");
  const shown = evidence ? { evidence: b64u(sha256(evidence)), papers: new Map([["page-1.jpg", evidence]]) } : {};
  const said = { by: "observer", sign, method: "observer", met: sign !== "call_me", words: text, ...shown };
  return visit(member, String(plan.value["case"]), happened, said);
}

/** Raise an early warning, which the case's lead answers for; `label` is a line that stays sealed. */
export async function alert(member: Member, of: string, label: string, facts: JsonObject = {}): Promise<string> {
  const { lead } = await aftercare.read(member, of);
  return timers.alert(member, { label, case: of, rule: EARLY_WARNING, facts }, lead);
}

/** Say why a contact is made later, and when; a supervisor gets a date to look at it (R41). */
export async function excuse(member: Member, of: string, stream: string, until: string, words: string): Promise<Row> {
  const held = await aftercare.read(member, of);
  const contacts = schedule.nextContacts(held.plan, held.visits, held.today);
  const owed = contacts.find((contact) => contact.stream === stream)?.due;
  const from = owed && owed > held.today ? owed : held.today;
  const fits = owed && words.trim() && owed < until && daysBetween(from, until) <= deadlines.RULES.excuse.most_days;
  if (!fits) throw new HubError("invalid_request", "", null, { rule: "R41" });
  const on = held.today < owed ? held.today : owed;
  const row = await aftercare.put(member, "excuse", of, on, { stream, until }, words);
  await inform(member, of, "a contact was put off: look at the reason", row.record);
  return row;
}

/** Write down that the plan was reviewed, and with whom: the child or a caregiver, the worker and a supervisor (G7). */
export async function review(
  member: Member,
  of: string,
  on: string,
  present: readonly string[],
  { changed, words = null }: { changed: boolean; words?: string | null },
): Promise<Row> {
  const heard = [...present, ...(present.includes("caregiver") ? ["child"] : [])];
  if (on > (await aftercare.today(member)) || !PRESENT.every((one) => heard.includes(one))) {
    throw new HubError("invalid_request", "", null, { rule: "R42", field: "present" });
  }
  return aftercare.put(member, "review", of, on, { present: [...new Set(present)].sort(), changed }, words);
}

/** Put the review off, once, as a supervisor. */
export async function extend(member: Member, of: string, until: string, words: string): Promise<Row> {
  const held = await aftercare.read(member, of);
  const found = deadlines.extend(held.reviewDue, until, held.extensions);
  return aftercare.put(member, "extension", of, held.today, { ...found }, aftercare.reason(words));
}

/** Write down what a term runs from: `produced` before a committee, `ordered` an inquiry; or that a term was done. */
export const happened = (member: Member, of: string, event: string, on: string, words?: string): Promise<Row> =>
  aftercare.put(member, "event", of, on, { event }, words ?? null);

/**
 * Let the hub chase what is due of a case: one timer for each day, the ones that are settled ended. The first meeting face
 * to face after arrival also ends the date that a gate set for it (R32). Where somebody who is near should have given a sign
 * and has not, an alert goes out, once. Run again it changes nothing.
 */
export async function chase(member: Member, held: Followed): Promise<string[]> {
  await warn(member, held);
  const key = (what: unknown, day: unknown) => `${String(what)} ${String(day)}`;
  const wanted = new Map(due(held).map((row) => [key(row.what, row.day), row]));
  const made: string[] = [];
  const seen = schedule.meetings(held.plan, held.visits, held.today).some(({ inPerson }) => inPerson);
  for (const { about, handoff } of await timers.listing(member, { case: held.case })) {
    if (!about) continue;
    const { facts, rule } = about;
    const settled =
      rule === RULE ? !wanted.delete(key(facts["what"], facts["day"])) : seen && facts["task"] === FIRST_VISIT;
    if (settled) await timers.done(member, handoff);
  }
  const calendar = await aftercare.ours(member);
  for (const { what, day } of wanted.values()) {
    const about = { label: what.replace(/_/g, " "), case: held.case, rule: RULE, facts: { what, day } };
    const urgency = held.risk === "high" ? "high" : "routine";
    made.push(await timers.setTimer(member, about, calendar.endOf(day), { urgency, owner: held.lead }));
  }
  return made;
}

/** Raise an alert for each silence that nobody was warned of; first the alert, then the note that it was. */
async function warn(member: Member, held: Followed): Promise<void> {
  const noted = held.of("event").map(({ value, on }) => `${String(value["event"])} ${on}`);
  for (const { what, day, alert: silent } of due(held)) {
    const event = `silent_${what}`;
    if (!silent || noted.includes(`${event} ${day}`)) continue;
    await alert(member, held.case, "no sign for too long", { what, day });
    await happened(member, held.case, event, day);
  }
}

/**
 * The section that tells a sender how a child is, who agreed that it may know: codes, days and `words`. Nobody's name stands
 * in it, nor any single visit. Whoever sends it asks the consent about `section` as ever.
 */
export async function progressReport(
  member: Member,
  of: string,
  since: string,
  words: string | null = null,
  section = "monitoring_plan",
): Promise<JsonObject> {
  const held = await aftercare.read(member, of);
  const rows = held.of("visit").filter(({ on }) => since <= on && on <= held.today);
  const seen = rows.map(aftercare.asVisit);
  const found = rows.flatMap(({ value }) => (isObject(value["themes"]) ? [value["themes"]] : []));
  const progress: JsonObject = {
    from: since,
    until: held.today,
    risk: held.risk,
    contacts: seen.filter(({ met }) => met).length,
    face_to_face: seen.filter(({ met, inPerson }) => met && inPerson).length,
    met_percent: schedule.percent(held.share),
    themes: worst(found),
    next_review: held.reviewDue,
    words,
  };
  const said = Object.entries(progress).filter(([, value]) => value !== null);
  return { [section]: { v: 1, progress: Object.fromEntries(said) } };
}

/** The worst finding of each theme in some visits, for a report that names no visit. */
function worst(found: readonly JsonObject[]): JsonObject {
  const rank = (finding: string) => forms.FINDINGS.indexOf(finding);
  const rows = forms.THEMES.map((theme) => {
    const said = found.map((row) => String(row[theme] ?? "not_asked")).sort((one, other) => rank(one) - rank(other));
    return [theme, said[0] ?? "not_asked"] as const;
  });
  return Object.fromEntries(rows);
}

/** Give a supervisor who is somebody else, where there is one, a date to look at what was written. */
async function inform(member: Member, of: string, label: string, record: string): Promise<void> {
  const certs = membersOf(await member.home(), member.now());
  const others = certs.filter(({ roles, member: id }) => roles.includes("supervisor") && id !== member.id);
  const [first] = others.map(({ member: id }) => id).sort();
  if (first === undefined) return;
  const by = await timers.term(member, member.now(), { days: deadlines.RULES.excuse.looked_at_days });
  await timers.setTimer(member, { label, case: of, rule: "put_off", facts: { record } }, by, { owner: first });
}

const sameVisit = (row: Row, value: JsonObject): boolean =>
  row.what === "visit" && ["happened", "by", "method", "sign"].every((name) => row.value[name] === value[name]);

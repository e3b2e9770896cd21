/**
 * An agency's own dates about its cases: set, move, end, and say by when with what they are about. The twin of
 * `hub/client/timers.py`.
 *
 * What a timer is about is sealed to the own epoch in the statement that sets it, and stands nowhere else; the hub chases
 * whoever answers for it. Due times and owners that are shown are those that members signed; that a timer runs, and which
 * of its rungs were told, is what the hub lists.
 */

import policy from "../../../hub/followup/policy.json" with { type: "json" };
import { systemRandom } from "../rcp/age.ts";
import { b64u, isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { Calendar, dueAfter, whole, type Length } from "./days.ts";
import { CASE_ROLES } from "./documents.ts";
import * as handoffs from "./handoffs.ts";
import type { Line, Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { expect, fail, HubError } from "./session.ts";
import { isMember, manifestOf } from "./statements.ts";

export const KIND = "timer";
const [SET, MOVE, DONE, ACKNOWLEDGE] = ["timer.set", "timer.move", "timer.done", "timer.acknowledge"] as const;
const OVERDUE = "referral.overdue";
const ALERT = "alert_raised";
const HOUR = 3_600;
const PATH = "/api/v1/timers";
const INDEX = "timers";
/** How far ahead a desk looks at what is due, in seconds. */
export const SOON = 7 * 86_400;
const ABOUT = a.objectOf({
  label: a.text,
  case: a.nullOr(a.identifier),
  rule: a.nullOr(a.matches(/^[A-Za-z][A-Za-z0-9_.:-]{0,47}$/)),
  facts: a.atLeast({}),
});
const NOTE = a.objectOf({ note: a.nullOr(a.string) });
const FORMS: { readonly [type: string]: a.Check } = { [SET]: ABOUT, [MOVE]: NOTE, [DONE]: NOTE };
const PAGE = a.atLeast({
  items: a.listOf(
    a.atLeast({
      id: a.identifier,
      state: a.string,
      due: a.seconds,
      rung: a.nullOr(a.integer()),
      latest: a.nullOr(a.string),
    }),
    1000,
  ),
});

/** What a timer is about, sealed: a line for people, the case file's record, which rule asks for it, and its facts. */
export interface About {
  readonly label: string;
  readonly case?: string | null;
  readonly rule?: string | null;
  readonly facts?: JsonObject;
}

/** A timer. `about` is null where it was sealed to another member alone; `rung` is the highest that the hub says it told. */
export interface Timer {
  readonly handoff: string;
  readonly about: Required<About> | null;
  readonly state: string;
  readonly urgency: string;
  readonly due: number;
  readonly owner: string;
  readonly setBy: string;
  readonly setAt: number;
  readonly rung: number;
}

/** What a member did with a timer, and the sealed note on it. */
export interface Told {
  readonly what: string;
  readonly at: number;
  readonly by: string;
  readonly due: number | null;
  readonly note: string | null;
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly due: number;
  readonly rung: number | null;
  readonly latest: string | null;
}

type Signed = Pick<Timer, "urgency" | "due" | "owner" | "setBy" | "setAt">;
type Kept = { readonly latest: string | null; readonly about: Required<About> | null } & Signed;

/** An alert that nobody has acknowledged yet. */
export const isAlert = ({ state }: Timer): boolean => state === ALERT;

/** Set a timer that `owner`, else the member, answers for; return its handoff. Urgency `emergency` raises an alert. */
export async function setTimer(
  member: Member,
  about: About,
  due: number,
  {
    warn = null,
    urgency = "routine",
    owner = member.id,
  }: { warn?: number | null; urgency?: string; owner?: string } = {},
): Promise<string> {
  const { label, case: record = null, rule = null, facts = {} } = about;
  const sealed = { label, case: record, rule, facts };
  if (!a.isOf(ABOUT, sealed)) fail("invalid_request");
  const handoff = b64u(systemRandom(16));
  await say(member, SET, handoff, { kind: KIND, due: whole(due), warn, urgency, owner }, sealed);
  return handoff;
}

/**
 * Raise an alert: its owner and the supervisors hear of it at once, and somebody else acknowledges it (H5). What warns of
 * the same facts while it runs is the same; without a line nobody knows what runs.
 */
export async function alert(member: Member, about: About, owner?: string): Promise<string> {
  const [{ RULES }, { same }] = await Promise.all([import("./deadlines.ts"), import("./handover.ts")]);
  const { case: record, rule, facts = {} } = about;
  const asked = record && Object.keys(facts).length ? await listing(member, { case: record }).catch(unknown) : [];
  const known = asked.find((one) => one.about?.rule === rule && same(one.about?.facts, facts));
  if (known) return known.handoff;
  const due = member.now() + RULES.alert.acknowledge_hours * HOUR;
  return setTimer(member, about, due, { urgency: "emergency", ...(owner ? { owner } : {}) });
}

function unknown(error: unknown): Timer[] {
  if (error instanceof HubError && error.code === "peer_unreachable") return [];
  throw error;
}

/** Put a timer to another time, or into other hands, and say why. */
export async function move(member: Member, handoff: string, due: number, note: string, owner?: string): Promise<void> {
  const shown = await shownFor(member, handoff, MOVE);
  await say(member, MOVE, handoff, { due: whole(due), owner: owner ?? signed(shown).owner }, { note }, shown);
}

/** Say that what a timer reminded of is done, or is no longer needed. */
export async function done(member: Member, handoff: string, note: string | null = null): Promise<void> {
  await say(member, DONE, handoff, {}, { note }, await shownFor(member, handoff, DONE));
}

/** Say that an alert was seen and is acted on; it goes on until it is done. */
export async function acknowledge(member: Member, handoff: string): Promise<void> {
  await say(member, ACKNOWLEDGE, handoff, {}, null, await shownFor(member, handoff, ACKNOWLEDGE));
}

export interface Which {
  /** Only those that the member answers for. */
  readonly mine?: boolean;
  /** Only alerts that nobody has acknowledged, and dates of which supervisors were told. */
  readonly escalated?: boolean;
  /** Only those of this case file's record. */
  readonly case?: string;
}

/** The agency's timers that run, alerts first, then what is due first. */
export async function listing(member: Member, which: Which = {}): Promise<Timer[]> {
  const index = await indexOf(member);
  const found: Timer[] = [];
  let read = false;
  for await (const { id, state, rung, latest } of rows(member, which)) {
    const known = index.get(id);
    if (!known || known.latest !== latest) {
      const shown = await handoffs.show(member, id);
      const about = known ? known.about : await aboutOf(member, shown);
      index.set(id, { latest, about, ...signed(shown) });
      read = true;
    }
    found.push(timer(id, index.get(id)!, state, rung ?? 0));
  }
  if (read) await member.shelf?.save(INDEX, Object.fromEntries(index) as unknown as Json);
  const asked = found.filter(({ about }) => which.case === undefined || about?.case === which.case);
  return asked.sort((one, other) => Number(isAlert(other)) - Number(isAlert(one)) || one.due - other.due);
}

/** A timer, running or over, and what members did with it, with their sealed notes. */
export async function read(member: Member, handoff: string): Promise<{ timer: Timer; told: Told[] }> {
  const shown = await handoffs.show(member, handoff);
  if (shown.view.kind !== KIND) fail("not_found");
  const rungs = shown.lines.filter(({ statement }) => statement.type === OVERDUE);
  const rung = Math.max(0, ...rungs.map(({ statement }) => Number(statement.body["rung"])));
  const kept = { latest: null, about: await aboutOf(member, shown), ...signed(shown) };
  const told: Told[] = [];
  for (const line of effective(shown)) {
    const { type: what, at, body } = line.statement;
    const note = what === MOVE || what === DONE ? await opened(member, shown, line) : null;
    const due = typeof body["due"] === "number" ? body["due"] : null;
    told.push({ what, at, by: memberOf(line), due, note: (note?.["note"] as string | null) ?? null });
  }
  return { timer: timer(handoff, kept, String(shown.state), rung), told };
}

/** How many timers of the member's are due within a week, or how many supervisors look into; opens none. */
export async function waiting(member: Member, escalated = false): Promise<number> {
  const until = member.now() + SOON;
  let found = 0;
  for await (const { due } of rows(member, { mine: !escalated, escalated })) {
    if (!escalated && due > until) break;
    found++;
  }
  return found;
}

/** The calendar of the member's agency: its own zone as the hub lists it, else its country's. */
export async function calendar(member: Member): Promise<Calendar> {
  const answer = await member.hub.get("/api/v1/directory");
  expect(isObject(answer) && Array.isArray(answer["agencies"]));
  const own = answer["agencies"].find((row) => isObject(row) && row["agency"] === member.agency);
  const zone = isObject(own) && typeof own["zone"] === "string" ? own["zone"] : null;
  const { country } = (await member.home()).entry;
  const known = (policy.countries as { readonly [country: string]: string | { readonly zone: string } })[country];
  return new Calendar(zone || (typeof known === "object" ? known.zone : null));
}

/** By when a term of days, months or hours from `since` ends, by the agency's own calendar. */
export const term = async (member: Member, since: number, length: Length): Promise<number> =>
  dueAfter(await calendar(member), since, length);

async function say(
  member: Member,
  type: string,
  handoff: string,
  body: JsonObject,
  sealed: JsonObject | null,
  shown: Shown | null = null,
): Promise<void> {
  const supervises = (await member.roles()).includes("supervisor"); // who has that role puts off what others may not
  const by = [await member.me(supervises ? ["supervisor"] : CASE_ROLES)];
  const part = sealed && (await records.seal(member, KIND, sealed));
  const said = member.statement({ type, handoff, heads: shown?.heads ?? [], by, body }, part);
  const path = shown ? `/api/v1/handoffs/${handoff}/statements` : "/api/v1/handoffs";
  await handoffs.send(member, path, said, part);
}

async function shownFor(member: Member, handoff: string, step: string): Promise<Shown> {
  const shown = await handoffs.show(member, handoff);
  if (shown.view.kind !== KIND) fail("not_found");
  if (!shown.view.possible?.includes(step)) fail("conflict");
  return shown;
}

/** The rows of timers that run, what is due first first, each once, as the hub lists them. */
async function* rows(member: Member, { mine = false, escalated = false }: Which): AsyncGenerator<Row> {
  const seen = new Set<string>();
  let after: string | null = null;
  do {
    const query = { mine: String(mine), escalated: String(escalated), ...(after === null ? {} : { after }) };
    const page: Json = await member.hub.get(PATH, query);
    expect(a.isOf(PAGE, page));
    const { items, next } = page as unknown as { items: Row[]; next: Json };
    const fresh = items.filter(({ id }) => !seen.has(id));
    fresh.forEach(({ id }) => seen.add(id));
    yield* fresh;
    after = typeof next === "string" ? next : null;
  } while (after !== null);
}

const indexes = new WeakMap<Member, Map<string, Kept>>();

async function indexOf(member: Member): Promise<Map<string, Kept>> {
  const known = indexes.get(member);
  if (known) return known;
  const kept = await member.shelf?.load(INDEX);
  const index = new Map(isObject(kept) ? (Object.entries(kept) as unknown as [string, Kept][]) : []);
  indexes.set(member, index);
  return index;
}

/** What members said about a timer and what took effect, in its order. */
const effective = ({ lines }: Shown): Line[] =>
  lines
    .filter(({ statement, position }) => isMember(statement.by[0]!) && position !== null)
    .sort((one, other) => one.position! - other.position!);

/** What members signed of a timer: by when, who answers for it, who set it and when. */
function signed(shown: Shown): Signed {
  const [begun] = shown.lines;
  const { body, at } = begun!.statement;
  const moved = effective(shown).filter(({ statement }) => statement.type === MOVE);
  const now = moved.pop()?.statement.body ?? body;
  const facts = { due: Number(now["due"]), owner: String(now["owner"]), urgency: String(body["urgency"]) };
  return { ...facts, setBy: memberOf(begun!), setAt: at };
}

const memberOf = ({ statement }: Line): string => statement.by.find(isMember)?.member ?? fail("peer_misbehaved");

async function aboutOf(member: Member, shown: Shown): Promise<Required<About> | null> {
  return (await opened(member, shown, shown.lines[0]!)) as unknown as Required<About> | null;
}

/** What was sealed beside a statement; null where it was destroyed, or is for another's eyes, or of no form. */
async function opened(member: Member, shown: Shown, line: Line): Promise<JsonObject | null> {
  try {
    const packet = shown.packet(manifestOf(line.statement));
    const person = packet.manifest.files[0]!.member;
    if (person !== null && person !== member.id) return null;
    const found = await handoffs.open(member, shown, packet);
    need(found.author === memberOf(line), "bad_signature");
    const record = found.sections.get("record");
    const value = isObject(record) ? record["value"] : null;
    FORMS[line.statement.type]!(value);
    return value as JsonObject;
  } catch (error) {
    const gone =
      error instanceof HubError
        ? error.code === "not_found"
        : error instanceof PacketError && error.code === "malformed";
    if (gone) return null;
    throw error;
  }
}

function timer(handoff: string, { about, ...kept }: Kept, state: string, rung: number): Timer {
  const { urgency, due, owner, setBy, setAt } = kept;
  return { handoff, about, state, urgency, due, owner, setBy, setAt, rung };
}

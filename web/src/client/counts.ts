/**
 * What an agency counts of its own work, by month, out of its sealed records: suppressed here, signed, sent once. The twin
 * of `hub/client/counts.py`.
 *
 * Facts are in codes and name nobody. The document is kept as an own record before it goes out, and the same bytes go out
 * again if it has to be sent again: a month is never counted twice.
 */

import limits from "../../../hub/reports/policy.json" with { type: "json" };
import { readEnvelope } from "../rcp/dsse.ts";
import { canonical, same, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { pages } from "./handoffs.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import * as outcomes from "./outcomes.ts";
import { NEEDS } from "./reasons.ts";
import * as records from "./records.ts";
import { COUNTS_PATH, together } from "./reports.ts";
import { fail } from "./session.ts";
import { byPlace, ENDINGS, POLICY, suppress, UNSAID, type Fact, type Row } from "./suppression.ts";

const KIND = "counts";
const TYPE = "application/vnd.rcp.counts+json;v=1";
/** Who may publish an agency's month. */
export const COUNTERS: readonly string[] = ["supervisor", "coordinator", "data_officer", "agency_admin"];
const MOST_BYTES = 150_000;
const MOST_ROWS = 2000;
const DAY = 86_400;
const CODE = /^[A-Za-z0-9][A-Za-z0-9._~+-]{0,31}$/;
const FORM = a.objectOf({ month: a.matches(/^20[0-9]{2}-(0[1-9]|1[0-2])$/), document: a.atLeast({}) });
/** How a referral ended of which no record says more; all other states are open, and a mistake counts for nothing. */
const OVER: { readonly [state: string]: string | null } = {
  declined: "declined",
  closed_declined: "declined",
  expired: "expired",
  closed_expired: "expired",
  not_completed: "not_completed",
  closed_unmet: "not_completed",
  cancelled: "stopped",
  consent_withdrawn: "stopped",
  entered_in_error: null,
};

const monthOf = (at: number): string => new Date(at * 1000).toISOString().slice(0, 7);

/** From when on a month may be published: its referrals have run their course. */
export function settledAt(month: string): number {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return Date.UTC(year, number, 1) / 1000 + limits.settled_after_days.value * DAY;
}

/** What the agency's records say of the needs for which it sought help in a month. */
export async function facts(member: Member, month: string): Promise<Fact[]> {
  const states = new Map<string, JsonObject>();
  for await (const row of pages(member, "referral", "out")) states.set(String(row["id"]), row);
  const ended = await outcomes.ended(member);
  const vain = await outcomes.unmetNeeds(member);
  const without = new Set(vain.flatMap(({ handoff }) => (handoff === null ? [] : [handoff])));
  const sent = (await records.listing(member, ["fanout"])).flatMap(({ value, began }) => {
    const row = states.get(String(value["handoff"]));
    return row && monthOf(began) === month ? factOf(value, row, ended, without) : [];
  });
  const inVain = vain.filter(({ handoff, at }) => handoff === null && monthOf(at) === month);
  return [...sent, ...inVain.map(vainOf)];
}

function factOf(
  sent: JsonObject,
  row: JsonObject,
  ended: ReadonlyMap<string, outcomes.Ended>,
  without: ReadonlySet<string>,
): Fact[] {
  const handoff = String(sent["handoff"]);
  const end = ended.get(handoff);
  const over = OVER[String(row["state"])];
  const ending = end ? end.outcome : over === undefined ? "open" : over;
  if (ending === null) return [];
  const [need] = (sent["needs"] ?? []) as string[];
  return [
    {
      ...placeOf(need, sent),
      ending: ENDINGS.includes(ending) ? ending : "open",
      reason: end?.reason ?? null,
      barriers: end?.barriers ?? [],
      again: (sent["again_for"] ?? null) !== null,
      unmet: without.has(handoff),
      grade: end ? end.grade : ((row["grade"] ?? null) as string | null),
    },
  ];
}

const vainOf = ({ need, area, age_band, sex, barriers }: Required<outcomes.Unmet>): Fact => ({
  ...placeOf(need, { area, age_band, sex }),
  ...{ ending: "nowhere", reason: null, barriers, again: false, unmet: true, grade: null },
});

/** An area in words instead of a code is not said. */
function placeOf(
  need: string | null | undefined,
  said: JsonObject,
): Pick<Fact, "service" | "area" | "age_band" | "sex"> {
  const { area } = said;
  return {
    service: need && need in NEEDS ? need : UNSAID,
    area: typeof area === "string" && CODE.test(area) ? area : UNSAID,
    age_band: String(said["age_band"] || UNSAID),
    sex: String(said["sex"] || UNSAID),
  };
}

/** What would be published of a month, and whether it was counted before: then it stays as it was. */
export async function counted(member: Member, month: string): Promise<{ rows: readonly Row[]; before: boolean }> {
  const kept = await keptOf(member, month);
  return kept
    ? { rows: rowsOf(kept.value["document"]!), before: true }
    : { rows: fitting(suppress(await facts(member, month))), before: false };
}

/**
 * Sign and send the `rows` of a month that somebody looked at, exactly these; `but` names splits to leave out of them. A
 * month is counted once: of one that was counted before other rows are `stale_version`.
 */
export async function publish(
  member: Member,
  month: string,
  rows: readonly Row[],
  but: readonly string[] = [],
): Promise<void> {
  const now = member.now();
  if (now < settledAt(month)) fail("invalid_request");
  await member.me(COUNTERS);
  const kept = await keptOf(member, month);
  let document = kept?.value["document"];
  const known = document && bytesOf(rowsOf(document));
  if (known && ![rows, without(rows, but)].some((one) => same(known, bytesOf(one)))) fail("stale_version");
  if (!kept || (but.length && (await together(member.hub, month, "")).own === null)) {
    document = sign(member, month, now, without(rows, but));
    await records.put(member, KIND, { month, document }, { roles: COUNTERS, ...(kept && { handoff: kept.handoff }) });
  }
  await member.hub.put(COUNTS_PATH, { counts: document! });
}

const without = (rows: readonly Row[], but: readonly string[]): Row[] =>
  rows.map((row) => ({
    ...row,
    told: Object.fromEntries(Object.entries(row.told).filter(([name]) => !but.includes(name))),
  }));

/** The rows in the order of their places; what is too long for one document is without the lowest level. */
function fitting(rows: readonly Row[]): readonly Row[] {
  const sorted = [...rows].sort((one, other) => byPlace(one.at, other.at));
  if (sorted.length <= MOST_ROWS && bytesOf(sorted).length <= MOST_BYTES) return sorted;
  const lowest = Math.max(...sorted.map(({ at }) => at.length));
  return fitting(sorted.filter(({ at }) => at.length < lowest));
}

const bytesOf = (rows: readonly Row[]): Bytes => canonical(rows as unknown as Json);

const sign = (member: Member, month: string, at: number, rows: readonly Row[]): JsonObject =>
  member.sign(TYPE, { v: 1, agency: member.agency, month, policy: POLICY, at, rows: rows as unknown as Json });

const rowsOf = (document: Json): Row[] => readEnvelope(document, TYPE).value["rows"] as unknown as Row[];

/** The first document of a month that a member who may publish one kept. */
async function keptOf(member: Member, month: string): Promise<Listed | null> {
  const rows = (await records.ofForm(member, KIND, FORM)).filter(
    ({ value, authors }) => value["month"] === month && COUNTERS.includes(authors[authors.length - 1]!.role),
  );
  const first = (one: Listed, other: Listed) => one.began - other.began || (one.handoff < other.handoff ? -1 : 1);
  return rows.sort(first)[0] ?? null;
}

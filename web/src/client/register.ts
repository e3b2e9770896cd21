/**
 * Who is responsible for a case: read out of what members and hubs signed, never out of what the own hub says. The twin of
 * `hub/client/register.py`.
 *
 * The register of a case is a chain: it is opened, released on a leg, taken, and goes on at the taker's home hub with a
 * first word that cites the take. An agency sees the links that it had a part in. Two agencies act as responsible from the
 * moment a take is stored until the register has it, so nobody is dropped between two hubs; one holds at every instant.
 */

import type { JsonObject } from "../rcp/encoding.ts";
import * as cases from "./cases.ts";
import type { CaseFile } from "./cases.ts";
import { pages, show, type Line, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { expect, fail, HubError } from "./session.ts";
import { agencyOf, ASSUME, hubOf } from "./statements.ts";

export const OPEN = "case.open";
export const HOLD = "case.hold";
export const LEG = "case.leg";
export const INTAKE = "transfer.intake";
export const RELEASE = "transfer.release";
export const TAKE = "transfer.take";
export const SUCCEEDED = "transfer.succeeded";
const UNRELEASE = "transfer.unrelease";
const MOVES = [RELEASE, UNRELEASE, TAKE];
const SUCCESSION = "succession";

/** One signed word by which the register came to stand as it does; `host` is the hub whose order counts. */
export interface Link {
  readonly type: string;
  readonly handoff: string;
  readonly hash: string;
  readonly by: string;
  readonly at: number;
  readonly host: string;
  readonly position: number | null;
}

/** Who is responsible for a case by the register, as far as this agency had a part in it, and who acts so. */
export interface Holding {
  /** The reference in the own register, where the case is there. */
  readonly case: string | null;
  readonly leg: string | null;
  readonly holder: string;
  /** Two agencies while a take is on its way to the register. */
  readonly acting: readonly string[];
  /** The hash of a release that is open. */
  readonly release: string | null;
  /** A successor holds the case that the one before did not hand over. */
  readonly unilateral: boolean;
  readonly beingConfirmed: boolean;
  readonly chain: readonly Link[];
}

/** Return who holds the case that a case file's record, its reference in the register, or a leg names. */
export async function whoHolds(member: Member, name: string): Promise<Holding> {
  const shown = await show(member, name);
  const { kind } = shown.view;
  if (kind === "own_record") {
    const { value } = await records.get(member, name, cases.KIND);
    return whoHolds(member, (await named(member, value)) ?? fail("not_found"));
  }
  if (kind === "case") return ofCase(member, shown);
  if (kind !== "transfer_leg" && kind !== SUCCESSION) fail("not_found");
  const own = shown.to === member.agency ? await registerOf(member, shown.id) : null;
  if (own) return ofCase(member, own);
  return first(shown).statement.type === INTAKE ? ofIntake(shown) : ofLeg(shown, shown.from);
}

const first = ({ lines }: Shown): Line => lines[0] ?? fail("peer_misbehaved");

function ofIntake(shown: Shown): Holding {
  const { body } = first(shown).statement;
  const names = { case: String(body["case"]), leg: shown.id, holder: shown.from, acting: [shown.from] };
  return { ...names, ...NOTHING_OPEN, chain: [linkOf(first(shown), shown)] };
}

const NOTHING_OPEN = { release: null, unilateral: false, beingConfirmed: false };

/** What names a case to the hub: its reference, or where nothing was said of that yet, its newest leg. */
async function named(member: Member, value: JsonObject): Promise<string | null> {
  const reference = typeof value["case"] === "string" ? value["case"] : null;
  const legs = (value["legs"] as string[] | undefined) ?? [];
  const newestLeg = legs[legs.length - 1] ?? null;
  if (reference !== null && newestLeg !== null && !(await known(member, reference))) return newestLeg;
  return reference ?? newestLeg;
}

/** A handoff, or null where the hub has none of that name to show. */
export async function known(member: Member, handoff: string): Promise<Shown | null> {
  try {
    return await show(member, handoff);
  } catch (error) {
    if (error instanceof HubError && error.code === "not_found") return null;
    throw error;
  }
}

/** The register at the own hub of the case that came by a leg, or null while it does not stand there. */
export async function registerOf(member: Member, leg: string): Promise<Shown | null> {
  const row = await caseRow(member, (item) => (item["case"] as JsonObject | null)?.["came_by"] === leg);
  if (!row) return null;
  const found = await known(member, String(row["id"])); // none: it began with an intake, and goes by no leg yet
  return found && checked(found, leg);
}

async function caseRow(member: Member, fits: (row: JsonObject) => boolean): Promise<JsonObject | null> {
  for await (const row of pages(member, "case", "in")) if (fits(row)) return row;
  return null;
}

/** The statements of these types that the ordering hub gave a place, in that order. */
export const placed = ({ lines }: Shown, ...types: string[]): Line[] =>
  lines
    .filter(({ statement, position }) => types.includes(statement.type) && position !== null)
    .sort((one, other) => one.position! - other.position!);

/** The last statement of these types that the ordering hub gave a place. */
export const newest = (shown: Shown, ...types: string[]): Line | null => placed(shown, ...types).pop() ?? null;

/**
 * Other case files of the agency that seem to be of the same child: the same names and birth. One child has one register,
 * so whoever opens a second one is warned. Two spellings of a name are not found.
 */
export async function sameChild(member: Member, held: CaseFile): Promise<CaseFile[]> {
  const mine = identityOf(held);
  if (mine === null) return [];
  const others = await cases.listing(member);
  return others.filter((one) => one.record !== held.record && identityOf(one) === mine);
}

function identityOf({ sections }: CaseFile): string | null {
  const said = sections["identity"] as { names?: JsonObject; born?: JsonObject } | undefined;
  const { names, born } = said ?? {};
  if (!names || !born || typeof names !== "object" || typeof born !== "object") return null;
  const parts = [names["given"], names["family"]].filter(Boolean).map(String);
  const called = parts.length ? parts.join(" ") : names["full"];
  const when = born["on"] || born["year"];
  if (!called || !when) return null;
  const folded = String(called).toLowerCase().split(/\s+/).filter(Boolean).sort().join(" ");
  return `${folded} ${String(when)}`;
}

/** Follow a register at the own hub: how it began here, and the leg by which it moved on or is released. */
async function ofCase(member: Member, shown: Shown): Promise<Holding> {
  const before = await cameBy(member, shown);
  const begun = first(shown);
  const chain = begun.statement.type === LEG ? before : [...before, linkOf(begun, shown)];
  for (const line of placed(shown, LEG).reverse()) {
    const leg = await known(member, String(line.statement.body["leg"])); // none: named in the register, never offered
    if (!leg || (!newest(leg, ...MOVES) && waiting(leg).length === 0)) continue;
    const here = ofLeg(leg, shown.from);
    if (here.release || here.holder !== shown.from || here.beingConfirmed) {
      return { ...here, case: shown.id, leg: leg.id, chain: [...chain, linkOf(line, shown), ...here.chain] };
    }
  }
  const unilateral = before.some(({ type }) => type === ASSUME);
  return { ...NOTHING_OPEN, case: shown.id, leg: null, holder: shown.from, acting: [shown.from], unilateral, chain };
}

/** The links before a register that moved here: release and take, or what its successor signed. */
async function cameBy(member: Member, shown: Shown): Promise<Link[]> {
  const { type, body } = first(shown).statement;
  if (type === LEG) return [await takenIn(member, shown)];
  if (type !== HOLD) return [];
  const before = await show(member, String(body["leg"]));
  checked(shown, before.id);
  const line = before.lines.find(({ hash }) => hash === body["take"]);
  const log = body["log"] as { origin: string; index: number };
  const proven = line?.words.some(({ receipt }) => receipt?.log.origin === log.origin && receipt.index === log.index);
  expect(line !== undefined && proven === true);
  const release = before.lines.find(({ hash }) => hash === line.statement.body["release"]);
  return [...(release ? [release] : []), line].map((one) => linkOf(one, before));
}

/** The intake with which a register began that has no first word of its own. */
async function takenIn(member: Member, shown: Shown): Promise<Link> {
  const row = await caseRow(member, ({ id }) => id === shown.id);
  const leg = await show(member, String((row?.["case"] as JsonObject | null | undefined)?.["came_by"]));
  const said = first(leg).statement;
  expect(said.type === INTAKE && said.body["case"] === shown.id);
  return linkOf(first(leg), leg);
}

function checked(shown: Shown, leg: string): Shown {
  const { type, body } = first(shown).statement;
  expect(type !== HOLD || body["leg"] === leg);
  return shown;
}

/** What one leg says of who holds the case; the sender until a take has its place in the register. */
function ofLeg(shown: Shown, sender: string): Holding {
  const [last, waits] = [newest(shown, ...MOVES), waiting(shown)];
  const taken = newest(shown, TAKE) ?? newest(shown, ASSUME);
  const passed = newest(shown, SUCCEEDED);
  const by = passed === null ? null : String(passed.statement.body["by"]);
  const holder = by ?? (taken ? shown.to : sender);
  const acting = by !== null || taken || waits.length === 0 ? [holder] : [...new Set([sender, shown.to])];
  const release = last !== null && last.statement.type !== UNRELEASE ? newest(shown, RELEASE) : null;
  const said = [release, taken, ...waits, passed].filter((line) => line !== null);
  return {
    case: null,
    leg: shown.id,
    holder,
    acting,
    release: taken ? null : (release?.hash ?? null),
    unilateral: passed !== null || shown.view.kind === SUCCESSION,
    beingConfirmed: waits.length > 0,
    chain: said.map((line) => linkOf(line, shown)),
  };
}

/** A take, or a succession, that the register has not answered yet: its signer acts as responsible too. */
const waiting = ({ lines }: Shown): Line[] =>
  lines.filter(
    ({ statement, position, refused }) => [TAKE, ASSUME].includes(statement.type) && position === null && !refused,
  );

function linkOf({ statement, hash, ordering, position }: Line, { id }: Shown): Link {
  const by = agencyOf(statement) ?? hubOf(statement) ?? "";
  return { type: statement.type, handoff: id, hash, by, at: statement.at, host: ordering, position };
}

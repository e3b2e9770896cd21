/**
 * What is found out around a journey, sealed: assessments before it, and what was verified of each item after arrival. The
 * twin of `hub/client/findings.py`.
 *
 * An assessment is asked for on a consent of its own with the least that is needed, and comes back as sections of the case
 * file, kept with who said it. After arrival each item of what came is verified, corrected or unknown; corrections go back
 * to the sender, whose client puts them into its own file.
 */

import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { freezeOf, type Held } from "./basis.ts";
import * as cases from "./cases.ts";
import type { CaseFile } from "./cases.ts";
import * as gates from "./gates.ts";
import { send, show } from "./handoffs.ts";
import { journey, JOURNEY, judge, purposeOf, situation, type Purpose } from "./journey.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { changed } from "./sections.ts";
import { copyOf, sealed } from "./sending.ts";
import { fanOut } from "./sent.ts";
import { fail, HubError } from "./session.ts";
import { agencyOf } from "./statements.ts";
import { replies, sayWith } from "./transfer_steps.ts";

const REQUEST = "transfer.request_assessment";
const RETURN = "return_assessment";
const VERIFY = "verify";
/** The members of a reply in which an assessment stands, section by section, and what was verified. */
const ASSESSED = "assessment";
const VERIFIED = "verified";
export const FOUND = ["verified", "corrected", "unknown"] as const;
const LATEST = 30 * 86_400;
const ITEM = { section: a.name, item: a.text, found: a.oneOf(...FOUND) };
const ITEMS = a.listOf(a.objectOf({ ...ITEM, value: () => undefined }), 500, 1);
const NOTE = a.objectOf({ handoff: a.identifier, [VERIFIED]: a.listOf(a.objectOf(ITEM), 500) });

/** What is asked to be assessed, of whom, with what about the child, on which basis. */
export interface Asked {
  /** The record of the case file. */
  readonly case: string;
  readonly to: string;
  readonly sections: readonly string[];
  readonly basis: Held;
  /** What the consent is asked: `family_tracing`, `best_interests` or another of its purposes. */
  readonly purpose: string;
  readonly journey: Purpose;
  readonly needs?: readonly string[];
  readonly due?: number;
  /** The leg that an inquiry began. */
  readonly leg: string;
}

/** What was found of one item of a section, "" while nobody has looked; `value` is what is true instead. */
export interface Item {
  readonly section: string;
  readonly item: string;
  readonly found: string;
  readonly value: Json;
}

/** An item that the receiver looked at, with who said so when. */
export interface Correction extends Item {
  readonly by: string;
  readonly at: number;
}

// Before the journey

/** Ask for tracing, a home study or what is known of the country of origin, with the least about the child. */
export async function requestAssessment(member: Member, asked: Asked, why?: string): Promise<JsonObject> {
  const [held, shown] = [await cases.load(member, asked.case, why), await show(member, asked.leg)];
  const told = purposeOf(asked.journey, situation(held.sections));
  const known = await journey(member, told, asked.leg, asked.to, shown);
  const { found } = await judge(member, "monitoring", held.sections, known, held.record);
  const sections = Object.fromEntries(Object.entries(held.sections).filter(([name]) => asked.sections.includes(name)));
  if (Object.keys(sections).length === 0) fail("invalid_request");
  const { to, basis, purpose, needs = [] } = asked;
  const out = { to, sections, basis, purpose, needs };
  const ready = await sealed(member, out, { [JOURNEY]: told, [gates.SECTION]: found.document });
  const by = [await member.me(["caseworker"])];
  const body = {
    due: asked.due ?? member.now() + LATEST,
    verdict: gates.verdict(found, by, ready.permitted.gates),
    freeze: freezeOf(basis, ready.part.packet),
  };
  const said = member.statement({ type: REQUEST, handoff: asked.leg, heads: shown.heads, by, body }, ready.part);
  await fanOut(member, copyOf(out, asked.leg, ready));
  const answer = await send(member, `/api/v1/handoffs/${asked.leg}/statements`, said, ready.part);
  await cases.link(member, held, { leg: asked.leg });
  return answer;
}

/** Answer with an assessment, section by section. */
export async function returnAssessment(member: Member, leg: string, sections: JsonObject): Promise<JsonObject> {
  const said = checked(sections);
  return sayWith(member, RETURN, await show(member, leg), {}, { [ASSESSED]: said });
}

/** Put an assessment that came back into the case file, each section with who said it and when. */
export async function keepAssessment(member: Member, leg: string, why?: string): Promise<CaseFile> {
  const known = await cases.ofLeg(member, leg);
  const last = (await replies(member, leg, `transfer.${RETURN}`)).pop();
  if (!last || !known) return fail("not_found");
  let held = await cases.load(member, known.record, why);
  const [line, said] = last;
  const given = said[ASSESSED];
  const sections = checked(isObject(given) ? given : fail("invalid_request"));
  const source = { agency: agencyOf(line.statement), on: gates.dayOf(line.statement.at), statement: line.hash };
  for (const [name, document] of Object.entries(sections)) {
    held = await cases.update(member, held, name, { ...(document as JsonObject), said_by: source });
  }
  return held;
}

/** Each section checked on its own. */
function checked(sections: JsonObject): JsonObject {
  const rows = Object.entries(sections).map(([name, document]): [string, Json] => [
    name,
    changed(name, undefined, isObject(document) ? document : fail("invalid_request")),
  ]);
  return Object.fromEntries(rows);
}

// After arrival

/** Say of each item whether it was found true; what is corrected changes the own file, and goes to the sender. */
export async function verify(member: Member, leg: string, items: readonly Item[], why?: string): Promise<JsonObject> {
  let held = await cases.load(member, (await receivedCase(member, leg)).record, why);
  for (const { section, item, found, value } of items) {
    const known = held.sections[section];
    const fits = FOUND.some((one) => one === found) && isObject(known) && item in known;
    if (!fits || (found === "corrected") === (value === null)) {
      throw new HubError("invalid_request", "", null, { field: item });
    }
  }
  for (const { section, item, found, value } of items) {
    if (found === "corrected") held = await cases.update(member, held, section, { [item]: value });
  }
  const rows = items.map(({ section, item, found, value }) => ({ section, item, found, value }));
  const answer = await sayWith(member, VERIFY, await show(member, leg), {}, { [VERIFIED]: rows });
  const told = rows.map(({ section, item, found }) => ({ section, item, found }));
  await records.put(member, "note", { handoff: leg, [VERIFIED]: told });
  return answer;
}

/** The items of what came, each as it was found last. */
export async function itemsOf(member: Member, leg: string, why?: string): Promise<Item[]> {
  const held = await cases.load(member, (await receivedCase(member, leg)).record, why);
  const notes = (await records.ofForm(member, "note", NOTE)).filter(({ value }) => value["handoff"] === leg);
  const rows = notes
    .sort((one, other) => one.began - other.began)
    .flatMap(({ value }) => value[VERIFIED] as unknown as Item[]);
  const last = new Map(rows.map((row) => [`${row.section}/${row.item}`, row.found]));
  return Object.entries(held.sections).flatMap(([section, document]) =>
    Object.entries(isObject(document) ? document : {})
      .filter(([item]) => item !== "v")
      .map(([item, value]) => ({ section, item, found: last.get(`${section}/${item}`) ?? "", value })),
  );
}

/** What the receiver found of each item that it looked at, for the sender; the last word on each. */
export async function corrections(member: Member, leg: string): Promise<Correction[]> {
  const last = new Map<string, Correction>();
  for (const [{ statement }, said] of await replies(member, leg, `transfer.${VERIFY}`)) {
    const rows = said[VERIFIED];
    ITEMS(rows);
    for (const row of rows as unknown as Item[]) {
      last.set(`${row.section}/${row.item}`, { ...row, by: String(agencyOf(statement)), at: statement.at });
    }
  }
  return [...last.values()];
}

/** Put what the receiver corrected into the own case file; return what changed it. Twice is once. */
export async function applyCorrections(member: Member, leg: string, why?: string): Promise<Correction[]> {
  const known = (await cases.ofLeg(member, leg)) ?? fail("not_found");
  let held = await cases.load(member, known.record, why);
  const changed: Correction[] = [];
  for (const one of await corrections(member, leg)) {
    if (one.found !== "corrected" || !(one.section in held.sections)) continue;
    const after = await cases.update(member, held, one.section, { [one.item]: one.value });
    if (after !== held) changed.push(one);
    held = after;
  }
  return changed;
}

/** The case file of what came to this agency by a leg; nothing of it is shown yet. */
export async function receivedCase(member: Member, leg: string): Promise<CaseFile> {
  const held = await cases.ofLeg(member, leg);
  const mine = held !== null && (await show(member, leg)).to === member.agency;
  return mine ? held : fail("not_found");
}

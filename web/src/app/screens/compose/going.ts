/** A draft made into what would be sent: the recipient looked up now, the service matched again, the basis opened. */

import { shortOf } from "../../../client/agencies.ts";
import { special } from "../../../client/clocks.ts";
import * as bases from "../../../client/basis.ts";
import type { Held } from "../../../client/basis.ts";
import * as inquiries from "../../../client/inquiries.ts";
import type { Member } from "../../../client/member.ts";
import { openHandoff, received, REPLY, REQUEST } from "../../../client/opening.ts";
import type { TrustedAgency } from "../../../client/pins.ts";
import type { Outgoing } from "../../../client/sending.ts";
import * as services from "../../../client/services.ts";
import { isObject, type Bytes, type JsonObject } from "../../../rcp/encoding.ts";
import { personIn, purposeOf, type Came, type Draft, type Source } from "./draft.ts";

/** Whom it goes to: by the map, or as the worker said. */
export interface Target {
  readonly to: TrustedAgency;
  readonly out: Pick<Outgoing, "to" | "inbox" | "service" | "person" | "listing" | "about" | "routing">;
  readonly name: string;
  readonly warnings: readonly string[];
}

export async function targetOf(member: Member, draft: Draft, sections: JsonObject): Promise<Target> {
  const person = personIn(sections, member.now());
  if (!draft.service) {
    const to = await member.trust.agency(draft.to);
    const out = { to: draft.to, service: draft.kind || null, person: draft.person || null };
    return { to, out, name: "", warnings: [] };
  }
  const where = draft.area ? { area: draft.area } : {};
  const chosen = await services.choose(member, draft.service, person, { need: draft.needs[0] ?? null, where });
  const to = await member.trust.agency(chosen.to);
  const { inbox, service, listing, about, routing } = chosen;
  const out = { to: chosen.to, inbox, service, person: draft.person || chosen.person, listing, about, routing };
  return { to, out, name: String(chosen.ranked.listing["name"] ?? ""), warnings: chosen.warnings };
}

/** What a recipient is called: the service of the map, or the agency's address. */
export const nameOf = ({ name, to }: Target): string => name || shortOf(to.entry.agency);

/** What came in a handoff, to be passed on as its consent permits. */
export async function cameBy(member: Member, handoff: string, why?: string): Promise<Came> {
  const opened = await openHandoff(member, handoff, { why });
  const rows = opened.flatMap(({ sections }) => Object.entries(sections));
  const sections = Object.fromEntries(rows.filter(([name]) => name !== REQUEST && name !== REPLY));
  return { sections, basis: await received(member, handoff) };
}

/** The basis on which a draft goes out. */
export const basisOf = ({ draft, came }: Source, member: Member, why?: string): Promise<Held> =>
  came ? Promise.resolve(came.basis) : bases.load(member, draft.basis, why);

/** A moment as a form has it, where the reader is; -1 is none. */
export const secondsOf = (moment: string): number => (moment ? Math.floor(new Date(moment).getTime() / 1000) : -1);

/** What would be sent on a basis, with only the sections that were chosen. */
export async function outgoing(
  member: Member,
  draft: Draft,
  target: Target,
  held: Held,
  sections: JsonObject,
  attachments: ReadonlyMap<string, Bytes>,
): Promise<Outgoing> {
  const chosen = Object.entries(sections).filter(([name]) => draft.sections.includes(name));
  const exception = draft.exception ? await inquiries.exception(member, draft.exception) : null;
  const clock = draft.window ? special(draft.window, secondsOf(draft.event), member.now()) : null;
  const contact = isObject(sections["minimal_contact"]) ? sections["minimal_contact"] : {};
  return {
    ...target.out,
    sections: Object.fromEntries(chosen),
    basis: held,
    purpose: draft.purpose || purposeOf(draft.needs[0] ?? ""),
    urgency: clock?.urgency ?? draft.urgency,
    due: clock?.due ?? null,
    attachments,
    neededFrom: draft.neededFrom || null,
    exception,
    unnamed: draft.unnamed,
    needs: draft.needs,
    area: draft.area || null,
    sex: typeof contact["sex"] === "string" ? contact["sex"] : null,
  };
}

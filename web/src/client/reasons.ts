/**
 * The coded words of the conversation: reasons, barriers, outcomes, how a person was asked. The twin of
 * `hub/referrals/reasons.py`. They travel in sealed parts and stand in own records; no hub sees which was said. A word that
 * this release does not know, out of a newer client, reads as `other`.
 */

import vocabulary from "../../../hub/directory/records/vocabulary.json" with { type: "json" };
import coded from "../../../hub/referrals/reasons.json" with { type: "json" };
import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { HubError } from "./session.ts";

const OTHER = "other";
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const USES = Object.entries(coded.codes as { readonly [code: string]: readonly string[] });
const used = (use: string): string[] => USES.filter(([, uses]) => uses.includes(use)).map(([code]) => code);

/** Why an agency cannot help: of a decline, of what could not be delivered, of an unmet need. */
export const REASONS: readonly string[] = used("reason");
/** What stood between the person and the help. */
export const BARRIERS: readonly string[] = used("barrier");
export const GOT_HELP: readonly string[] = coded.answers;
export const WHO: readonly string[] = coded.asked.who;
export const HOW: readonly string[] = coded.asked.how;

/** The needs of the map, and the type of service of each. */
export const NEEDS: { readonly [need: string]: { readonly service: string; readonly sector: string } } =
  vocabulary.needs;
export const SEXES: readonly string[] = vocabulary.sexes.list;

const REDIRECT = a.objectOf({ agency: a.nullOr(a.agency), service: a.nullOr(a.matches(UUID)) });
const CODED: { readonly [name: string]: readonly string[] } = {
  code: REASONS,
  got_help: GOT_HELP,
  barriers: BARRIERS,
  needs: Object.keys(NEEDS),
};

/** A reason out of a reply, `other` where it is not on the list, null where nothing was said. */
export const reason = (said: Json | undefined): string | null =>
  said === null || said === undefined ? null : known(said, REASONS);

/** The barriers out of a reply, in the order of the list. */
export function barriers(said: Json | undefined): string[] {
  const named = Array.isArray(said) ? said.map((one) => known(one, BARRIERS)) : [];
  return BARRIERS.filter((code) => named.includes(code));
}

const known = (said: Json, codes: readonly string[]): string =>
  typeof said === "string" && codes.includes(said) ? said : OTHER;

/** Whom a recipient proposes instead: a proposal, for the sender to ask consent for. */
export function redirect(said: Json | undefined): { agency: string | null; service: string | null } | null {
  if (!a.isOf(REDIRECT, said) || !isObject(said) || !(said["agency"] || said["service"])) return null;
  return said as { agency: string | null; service: string | null };
}

/** Go on if the coded words of a reply are on their lists; words of other names are free. */
export function checkWords(words: JsonObject): void {
  for (const [name, codes] of Object.entries(CODED)) {
    const said = words[name] ?? [];
    const all = Array.isArray(said) ? said : [said];
    if (!all.every((one) => codes.includes(String(one))))
      throw new HubError("invalid_request", "", null, { field: name });
  }
  if (words["redirect"] && !redirect(words["redirect"])) {
    throw new HubError("invalid_request", "", null, { field: "redirect" });
  }
}

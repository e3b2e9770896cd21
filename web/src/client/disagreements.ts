/**
 * The child says no: a disagreement is opened with the record, until a supervisor says how it ended (R03). The twin of
 * `hub/client/disagreements.py`. Nothing is lifted here: a no stands until the child agrees in a later revision, or two
 * members approve otherwise in the child's best interests.
 */

import * as a from "../rcp/shapes.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import * as records from "./records.ts";
import { fail } from "./session.ts";

const KIND = "disagreement";
/** How one ends: nothing is shared; the child said yes after all; two authorisers decided, and the child was told. */
export const OUTCOMES = ["no_stands", "child_agrees", "best_interests"] as const;
const SUPERVISOR = ["supervisor"];
const FORM = a.objectOf({ consent: a.identifier, outcome: a.oneOf(null, ...OUTCOMES), said: a.string });

/** A no of a child: about which consent, since when, and how it ended; `outcome` null while it is open. */
export interface Disagreement {
  readonly record: string;
  readonly consent: string;
  readonly since: number;
  readonly outcome: string | null;
  readonly said: string;
}

/** Open a disagreement about a consent, unless one is open; return its record. */
export async function openFor(member: Member, consent: string): Promise<string> {
  const known = (await listing(member)).find((row) => row.consent === consent && row.outcome === null);
  return known?.record ?? records.put(member, KIND, { consent, outcome: null, said: "" });
}

/** The disagreements, those that are open first, then the newest. */
export async function listing(member: Member): Promise<Disagreement[]> {
  const found = (await records.ofForm(member, KIND, FORM)).map(read);
  return found.sort(
    (one, other) => Number(one.outcome !== null) - Number(other.outcome !== null) || other.since - one.since,
  );
}

/** Whether a disagreement about a consent is open: then nothing that goes on it moves a child (R26). */
export const isOpen = async (member: Member, consent: string): Promise<boolean> =>
  (await listing(member)).some((row) => row.consent === consent && row.outcome === null);

/** Say how a disagreement ended, in words that the child could read. */
export async function end(member: Member, record: string, outcome: string, said: string): Promise<void> {
  const row = await records.get(member, record, KIND);
  if (read(row).outcome !== null) fail("conflict");
  const value = { consent: row.value["consent"]!, outcome, said: said.trim() };
  if (!value.said || !a.isOf(FORM, value)) fail("invalid_request");
  await records.put(member, KIND, value, { handoff: record, roles: SUPERVISOR });
}

function read({ handoff, value, began, authors }: Listed): Disagreement {
  const { consent, outcome, said } = value as { consent: string; outcome: string | null; said: string };
  const counts = SUPERVISOR.includes(authors[authors.length - 1]!.role);
  return { record: handoff, consent, since: began, outcome: counts ? outcome : null, said: counts ? said : "" };
}

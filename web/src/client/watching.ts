/**
 * Every client watches its own agency's entries: what changed in the log since this member last looked. The twin of
 * `hub/client/watching.py`.
 *
 * Whoever holds the root, or two papers, can certify a device; this shows each of them to everybody. Only documents whose
 * proofs and signatures hold are listed; a log that hides one is found by its proofs, not here.
 */

import type { Member } from "./member.ts";

/** A key document of the own agency; `what` is its type. */
export interface Change {
  readonly index: number;
  readonly what: string;
  readonly member: string | null;
  readonly at: number | null;
}

/** The agency's key documents after the place `since`, in the order of the log; after -1, all. */
export async function changes(member: Member, since: number): Promise<Change[]> {
  const { documents } = await member.home();
  return documents
    .filter(({ index }) => index > since)
    .map(({ index, document: { kind, value } }) => ({
      ...{ index, what: kind, member: typeof value["member"] === "string" ? value["member"] : null },
      at: Number(value["at"] ?? value["from"] ?? 0) || null,
    }));
}

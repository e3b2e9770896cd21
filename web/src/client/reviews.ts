/** Answers that a colleague reported for a recipient and a supervisor looks into: the hub's list, and what was found. */

import * as a from "../rcp/shapes.ts";
import type { Member } from "./member.ts";

const REVIEW = a.atLeast({
  statement: a.hash,
  handoff: a.identifier,
  member: a.identifier,
  why: a.oneOf("said_no", "tenth"),
  since: a.seconds,
});
const LIST = a.atLeast({ reviews: a.listOf(REVIEW, 10_000) });

/** `why`: the number said no when it was asked back, or it was each tenth's turn. */
export interface Review {
  readonly statement: string;
  readonly handoff: string;
  readonly member: string;
  readonly why: "said_no" | "tenth";
  readonly since: number;
}

/** What the own agency's supervisors have to look into, the oldest first. */
export async function listing(member: Member): Promise<readonly Review[]> {
  const answer = await member.hub.get("/api/v1/reviews");
  LIST(answer);
  return (answer as unknown as { reviews: Review[] }).reviews;
}

/** Say what was found: the answer was given, or it is doubted. */
export async function found(member: Member, statement: string, finding: "holds" | "doubted"): Promise<void> {
  await member.hub.post(`/api/v1/reviews/${statement}`, { finding });
}

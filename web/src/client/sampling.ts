/**
 * The supervisors' sample: consents drawn at random, to be compared with the paper by somebody who did not record them. The
 * twin of `hub/client/sampling.py`, as far as it says whose a consent is; drawing is the command line's.
 */

import type { JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import type { Listed } from "./listing.ts";

const SUPERVISOR = "supervisor";
const FORM = a.objectOf({
  record: a.identifier,
  revision: a.hash,
  result: a.oneOf(null, "matches", "differs", "paper_missing"),
  note: a.string,
});

/** A revision of a consent that was drawn. */
export interface Sample {
  readonly id: string;
  readonly record: string;
  readonly drawnBy: string;
}

/** The draws that count among records of this kind: by a supervisor who put no version of that consent. */
export function counted(consents: readonly Listed[], rows: readonly Listed[]): Sample[] {
  const found: Sample[] = [];
  for (const { handoff, value, authors } of rows.filter((row) => a.isOf(FORM, row.value))) {
    const consent = consents.find((row) => row.handoff === (value as JsonObject)["record"]);
    const [drawer] = authors;
    const own = consent?.authors.some(({ member }) => member === drawer!.member) ?? true;
    if (consent && drawer!.role === SUPERVISOR && !own) {
      found.push({ id: handoff, record: consent.handoff, drawnBy: drawer!.member });
    }
  }
  return found;
}

/**
 * What stands alone in a packet, without a basis: the closed forms of a question about a place, and of a body's notice of an
 * arrival, checked by who says it and by who opens it. The twin of those parts of `hub/inquiries/domain.py` and of
 * `hub/client/noticeform.py`.
 */

import { BANDS } from "../consent/policy.ts";
import type { JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { NEEDS, SEXES, UUID } from "./reasons.ts";

/** People that one question may be about. */
export const MOST = 500;
export const AGE_BANDS = Object.keys(BANDS);
const QUESTION = a.objectOf({
  v: a.integer(1, 1),
  need: a.oneOf(...Object.keys(NEEDS)),
  service: a.nullOr(a.matches(UUID)),
  age_band: a.oneOf(...AGE_BANDS),
  sex: a.oneOf(null, ...SEXES),
  from: a.date,
  how_many: a.integer(1, MOST),
});
const PERSON = a.objectOf({
  age_band: a.oneOf(...AGE_BANDS),
  sex: a.oneOf(null, ...SEXES),
  reference: a.nullOr(a.text),
});
const NOTICE = a.objectOf({
  v: a.integer(1, 1),
  on: a.date,
  at: a.nullOr(a.seconds),
  place: a.text,
  how: a.oneOf("air", "land", "sea"),
  people: a.listOf(PERSON, 200, 1),
});

/** A section that stands alone: its name, its form, and what says in the place of a basis that it rests on none. */
export interface Alone {
  readonly section: string;
  readonly form: a.Check;
  excerpt(to: string): JsonObject;
}

const alone = (section: string, form: a.Check): Alone => ({
  section,
  form,
  excerpt: (to) => ({ v: 1, basis: section, to, categories: [section] }),
});

/** A question about nobody. */
export const INQUIRY = alone("inquiry", QUESTION);
/** A notice by a body that may send and never receive, which goes one way. */
export const ARRIVAL = alone("notice", NOTICE);

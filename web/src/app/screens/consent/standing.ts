/** Where a basis stands on a day, in the words of this room. */

import type { Held } from "../../../client/basis.ts";
import type { Protection, Vital } from "../../../consent/basis.ts";
import { dayOf } from "../../../consent/policy.ts";
import { date } from "../../core/time.ts";
import type { Say } from "../../core/words.ts";

/** What a consent calls whom it is about where nobody gave a code. */
const UNNAMED = "child";

export interface Standing {
  readonly is: "live" | "soon" | "ended" | "stopped";
  readonly words: string;
  /** The day on which to ask again, or on which it ends. */
  readonly until: string | null;
}

/** What tells a basis from others in a list: what it was called, and the code of the person. */
export const basisName = ({ label, consent }: Held): string =>
  [label, consent?.subject.pseudonym].filter(Boolean).join(" · ");

/** Whether a consent names another case than this one; one without a code, or a case without a reference, may be its. */
export function ofAnother({ consent }: Held, reference: string | null): boolean {
  const code = consent?.subject.pseudonym ?? UNNAMED;
  return reference !== null && code !== UNNAMED && code !== reference;
}

export function standingOf(say: Say, held: Held, now: number): Standing {
  const today = dayOf(now);
  const said = (is: Standing["is"], key: string, day: string | null): Standing => ({
    is,
    words: say(`consent.standing.${key}`, { date: day ? date(say, day) : "" }),
    until: is === "live" || is === "soon" ? day : null,
  });
  const { consent } = held;
  if (!consent) {
    const last = lastOf(held.basis as Protection | Vital);
    return last < today ? said("ended", "ended", last) : said("live", "live", last);
  }
  const [withdrawn] = consent.withdrawal.events;
  if (withdrawn) return said("stopped", "withdrawn", withdrawn.on);
  if (consent.status === "ConsentRefused") return said("stopped", "refused", null);
  if (consent.frozen) return said("stopped", "frozen", consent.frozen);
  const ends = consent.grants.map(({ until }) => until);
  const last = [consent.reconfirm_by, ...(ends.length ? [ends.sort()[ends.length - 1]!] : [])].sort()[0]!;
  if (last < today) return said("ended", "ended", last);
  return consent.review_due <= today
    ? said("soon", "soon", consent.review_due)
    : said("live", "live", consent.review_due);
}

const lastOf = (basis: Protection | Vital): string => ("until" in basis ? basis.until : dayOf(basis.review_by));

/**
 * May this be sent? The facts that the rules of `web/rules/decide.js` are asked about. The twin of `consent/decide.py`:
 * `decide` is pure, never throws, and what cannot be read permits nothing.
 */

import type { JsonObject } from "../rcp/encoding.ts";
import * as rules from "../../rules/decide.js";
import type { Deny, Finding, Permit, Reason } from "../../rules/decide.js";
import { CONSENT, PROTECTION, VITAL, type Basis, type Consent, type Protection, type Vital } from "./basis.ts";
import { dayOf, NEED_NOT_BE_ASKED, POLICY } from "./policy.ts";
import * as record from "./record.ts";

export type { Deny, Finding, Permit, Reason };

/** The agency that would receive. Its key entry says kind and country; what is null at the receiver only a sender knows. */
export interface Recipient {
  readonly agency: string;
  readonly kind: string;
  readonly country: string;
  /** The member to whom the packet is sealed, where it is one person's. */
  readonly person: string | null;
  /** Whether the person, or somebody of the agency, has a live key (R17). */
  readonly active: boolean | null;
  readonly firewall_until: string | null;
  readonly safeguarding_until: string | null;
}

/** What would be sent, to whom and for what. `holder`: who passes on what it had from somebody else (R15). */
export interface Request {
  readonly recipient: Recipient;
  readonly categories: readonly string[];
  readonly purpose: string;
  readonly service: string | null;
  readonly holder: string | null;
}

/**
 * Whether `request` may be sent on `basis`, or on the facts of an excerpt, at `now`. `around` is what only the sender
 * knows: `sender`, `protocols`, `listing`, `person`; null at the receiver, where the sender's own rules are not asked.
 */
export function decide(
  basis: Basis | JsonObject,
  request: Request,
  now: number,
  around: JsonObject | null,
): Permit | Deny {
  let asked: JsonObject = {};
  try {
    asked = facts(basis, request, around);
  } catch {
    return { permit: false, reasons: [{ rule: "R01", ask: askOf("R01"), section: "", facts: {} }], findings: [] };
  }
  return rules.decide(POLICY, asked, now, around === null ? "receiver" : "sender");
}

/** Whether something else than sending may be done: `record` a consent, `copy` for a reader (R14, R46). */
export const allowed = (act: string, scope: JsonObject, now: number): Permit | Deny =>
  rules.allowed(POLICY, act, scope, now);

/** What every gate of the policy found, in its order and of one shape, whatever was found. */
export const gates = (answer: Permit | Deny): { gate: string; found: string }[] => rules.gates(POLICY, answer);

/** A basis's last day rounded up to the month: all of it that a hub learns. */
export const untilMonth = (last: string): string => last.slice(0, 7);

const askOf = (rule: string): string => POLICY.rules.find(({ id }) => id === rule)?.ask ?? "";

/** All that the rules are asked about, as JSON; the clock is added by who judges. */
function facts(basis: Basis | JsonObject, request: Request, around: JsonObject | null): JsonObject {
  const { recipient, categories, purpose, service, holder } = request;
  return {
    recipient: { ...recipient },
    request: { purpose, service, onward: holder !== null, holder, sections: [...categories].sort() },
    ...around,
    ...ofBasis(basis, recipient.agency, around !== null),
  };
}

function ofBasis(basis: Basis | JsonObject, agency: string, knownWhole: boolean): JsonObject {
  if ("basis" in basis) return { ...basis };
  if (basis["kind"] === CONSENT) {
    const made = basis as Consent;
    return { ...record.facts(made, agency), ...(knownWhole ? record.ownFacts(made) : {}) };
  }
  if (basis["kind"] === PROTECTION) {
    // The duty to tell binds before anybody knows the age: who is said to be too young is taken at the word.
    const said = basis as Protection;
    const tooYoung = said.assent === "too_young";
    const answer = tooYoung ? "not_asked" : said.assent === "agreed" ? "agreed" : "refused";
    const child = { age_band: NEED_NOT_BE_ASKED[0]! };
    return { basis: { ...said }, assent: { answer, because: tooYoung ? "too_young" : null }, child };
  }
  if (basis["kind"] !== VITAL) throw new TypeError("A basis of an unknown kind.");
  const note = basis as Vital;
  return { basis: { ...note, review_day: dayOf(note.review_by), lasts: note.review_by - note.made } };
}

/** What a worker fills in to record a basis: the form's own values, and the draft that they make. Checks nothing deeply. */

import type { Consent, Denial, Grant } from "../../../consent/basis.ts";
import { GIVERS_WITH_ORDER, later, REVIEW_SECONDS, TIER_3 } from "../../../consent/policy.ts";
import { isLang, type Lang } from "../../core/words.ts";
import { canonical, isObject, same, type Json, type JsonObject } from "../../../rcp/encoding.ts";

export type GrantForm = {
  id: string;
  recipient: string;
  country: string;
  purpose: string;
  categories: string[];
  turnedOn: string[];
  from: string;
  until: string;
  onward: string[];
};

/** All of it is JSON, so that it can be kept on this device until it is finished. */
export type Form = {
  kind: string;
  label: string;
  code: string;
  situation: string;
  born: string;
  band: string;
  languages: string[];
  law: string;
  capacity: string;
  insteadOf: string;
  insteadReason: string;
  orderBody: string;
  orderReference: string;
  orderFrom: string;
  orderUntil: string;
  years: string;
  relationship: string;
  notice: string;
  /** The language in which the text was shown, where somebody chose one. */
  readIn: string;
  informedIn: string;
  interpreter: string;
  interpreterRef: string;
  interpreterPromise: boolean;
  explained: string[];
  formats: string[];
  understanding: string;
  timeToThink: boolean;
  informedBy: string;
  answer: string;
  askedBy: string;
  how: string;
  answeredIn: string;
  childsWords: string;
  assessed: string;
  assessedWhy: string;
  grants: GrantForm[];
  /** What was denied before, which stays; what is denied now comes with it. */
  denied: Denial[];
  never: string[];
  neverParty: string;
  method: string;
  on: string;
  place: string;
  witness: string;
  independent: boolean;
  protected: string;
  allowed: string[];
  prohibited: string[];
  givenAs: string;
  notGivenBecause: string;
  reconfirmBy: string;
  recipients: string[];
  supervisor: string;
  reason: string;
  until: string;
};

export const newGrant = (today: string): GrantForm => ({
  id: "",
  recipient: "",
  country: "",
  purpose: "reception",
  categories: ["minimal_contact"],
  turnedOn: [],
  from: today,
  until: later(today, 90),
  onward: [],
});

export const emptyForm = (today: string, country: string): Form => ({
  kind: "consent",
  label: "",
  code: "",
  situation: "",
  born: "",
  band: "unknown",
  languages: [],
  law: country,
  capacity: "",
  insteadOf: "",
  insteadReason: "",
  orderBody: "",
  orderReference: "",
  orderFrom: "",
  orderUntil: "",
  years: "",
  relationship: "",
  notice: "notice-referral",
  readIn: "",
  informedIn: "",
  interpreter: "",
  interpreterRef: "",
  interpreterPromise: false,
  explained: [],
  formats: ["read_aloud"],
  understanding: "not_checked",
  timeToThink: false,
  informedBy: "",
  answer: "",
  askedBy: "",
  how: "spoken",
  answeredIn: "",
  childsWords: "",
  assessed: "",
  assessedWhy: "",
  grants: [newGrant(today)],
  denied: [],
  never: [],
  neverParty: "",
  method: "",
  on: today,
  place: country,
  witness: "",
  independent: false,
  protected: "",
  allowed: [],
  prohibited: [],
  givenAs: "paper",
  notGivenBecause: "",
  reconfirmBy: "",
  recipients: [],
  supervisor: "",
  reason: "",
  until: later(today, 14),
});

/** The form of a record that is there, to be changed. */
export function formOf(consent: Consent, today: string): Form {
  const { subject, giver, assent, informing, expression, safety, receipt } = consent;
  return {
    ...emptyForm(today, subject.law),
    code: subject.pseudonym,
    situation: subject.situation,
    band: subject.age_band,
    languages: subject.languages,
    capacity: giver.capacity,
    insteadOf: giver.instead_of ?? "",
    insteadReason: giver.reason ?? "",
    orderBody: giver.order?.body ?? "",
    orderReference: giver.order?.reference ?? "",
    orderFrom: giver.order?.from ?? "",
    orderUntil: giver.order?.until ?? "",
    years: giver.years === null ? "" : String(giver.years),
    relationship: giver.relationship ?? "",
    notice: informing.notice?.id ?? "",
    informedIn: informing.language ?? "",
    interpreter: informing.interpreter.used ? (informing.interpreter.kind ?? "in_person") : "",
    interpreterRef: informing.interpreter.ref ?? "",
    interpreterPromise: informing.interpreter.confidentiality_signed === true,
    explained: informing.explained,
    formats: informing.format,
    understanding: informing.understanding,
    timeToThink: informing.time_to_think,
    informedBy: informing.by ?? "",
    answer: assent.because ?? assent.answer,
    askedBy: assent.asked_by ?? "",
    how: assent.how ?? "",
    answeredIn: assent.language ?? "",
    childsWords: assent.words ?? "",
    assessed: assent.maturity?.assessed ?? "",
    assessedWhy: assent.maturity?.reasons ?? "",
    grants: consent.grants.map(({ turned_on: turnedOn, ...row }) => ({ ...row, turnedOn })),
    denied: consent.denials,
    method: expression.method,
    on: expression.on,
    place: expression.place,
    witness: expression.witness?.ref ?? "",
    independent: expression.witness?.independent ?? false,
    protected: safety.location_protected ? "yes" : "no",
    allowed: safety.allowed,
    prohibited: safety.prohibited,
    givenAs: receipt.given_as,
    notGivenBecause: receipt.because ?? "",
    reconfirmBy: consent.reconfirm_by,
  };
}

const orNull = (text: string): string | null => text.trim() || null;

/** Of a form: which words were read out, and the hash of the signed form. */
export interface Beside {
  readonly notice: { readonly id: string; readonly version: string; readonly sha256: string } | null;
  readonly artefact: string | null;
}

/** The groups of a consent that a form says; what it has no field for is left to the record. */
export function groupsOf(form: Form, { notice, artefact }: Beside): JsonObject {
  const ordered = GIVERS_WITH_ORDER.includes(form.capacity);
  const order = { body: form.orderBody, reference: form.orderReference, from: form.orderFrom, until: form.orderUntil };
  const notAsked = ["too_young", "not_able"].includes(form.answer);
  const maturity = form.assessed.trim() ? { assessed: form.assessed, reasons: form.assessedWhy } : null;
  return {
    subject: {
      pseudonym: form.code.trim() || "child",
      situation: form.situation,
      age_band: form.band,
      languages: form.languages,
      law: form.law,
    },
    giver: {
      capacity: form.capacity,
      years: form.capacity === "self" && form.years ? Number(form.years) : null,
      instead_of: form.insteadOf || null,
      order: ordered ? { ...order, scope: null } : null,
      relationship: orNull(form.relationship),
      reason: orNull(form.insteadReason),
    },
    assent: {
      answer: notAsked ? "not_asked" : form.answer,
      because: notAsked ? form.answer : null,
      asked_by: notAsked ? null : orNull(form.askedBy),
      how: notAsked ? null : form.how || null,
      language: notAsked ? null : form.answeredIn || null,
      words: orNull(form.childsWords),
      maturity,
    },
    informing: {
      notice: notice && { ...notice },
      language: form.informedIn || null,
      interpreter: {
        used: form.interpreter !== "",
        kind: form.interpreter || null,
        ref: form.interpreter ? orNull(form.interpreterRef) : null,
        confidentiality_signed: form.interpreter ? form.interpreterPromise : null,
      },
      format: form.formats,
      explained: form.explained,
      understanding: form.understanding,
      time_to_think: form.timeToThink,
      by: orNull(form.informedBy),
    },
    expression: {
      method: form.method,
      on: form.on,
      place: form.place,
      witness: form.witness.trim() ? { ref: form.witness.trim(), independent: form.independent } : null,
      artefact,
    },
    grants: form.grants.map(grantOf) as unknown as Json,
    denials: denialsOf(form),
    safety: {
      location_protected: form.protected === "yes",
      allowed: form.allowed,
      prohibited: form.prohibited,
    },
  };
}

/** A draft of any of the three kinds; `at` is now. */
export function draftOf(form: Form, beside: Beside, at: number): JsonObject {
  if (form.kind === "mandatory_protection") {
    const said = { v: 1, kind: form.kind, recipients: form.recipients, assent: form.answer, given: form.on };
    return { ...said, until: form.until, expression: beside.artefact };
  }
  if (form.kind === "vital_interest") {
    const { kind, recipients, supervisor } = form;
    return { v: 1, kind, recipients, supervisor, reason: form.reason.trim(), made: at, review_by: at + REVIEW_SECONDS };
  }
  const receipt = { given_as: form.givenAs, because: orNull(form.notGivenBecause) };
  const again = form.reconfirmBy ? { reconfirm_by: form.reconfirmBy } : {};
  return { ...groupsOf(form, beside), receipt, ...again, ...(form.born ? { born: form.born } : {}) };
}

function grantOf({ turnedOn, id, ...row }: GrantForm, n: number): Grant {
  const on = turnedOn.filter((name) => row.categories.includes(name) && TIER_3.includes(name));
  return { ...row, id: id || `g${n + 1}`, turned_on: on };
}

function denialsOf({ denied, never, neverParty }: Form): JsonObject[] {
  const none = { categories: null, recipient: null, party: null, purpose: null };
  return [
    ...denied,
    ...(never.length ? [{ ...none, categories: never, because: "not_agreed" }] : []),
    ...(neverParty.trim() ? [{ ...none, party: neverParty.trim(), because: "safety" }] : []),
  ];
}

/** The groups that a change says: those that are as they were stay out, so that nothing counts as given anew by itself. */
export function changesOf(form: Form, before: Consent, beside: Beside): JsonObject {
  const known = before.informing.notice;
  const unread = form.readIn === "" && form.notice === (known?.id ?? "");
  const { subject: _, ...groups } = groupsOf(form, {
    notice: unread ? known : beside.notice,
    artefact: beside.artefact ?? before.expression.artefact,
  });
  const changes: JsonObject = {};
  for (const [name, said] of Object.entries(groups)) {
    const was = (before as unknown as JsonObject)[name]!;
    const now = isObject(said) && isObject(was) ? { ...was, ...said } : said;
    if (name === "giver" && isObject(now) && isObject(now["order"])) {
      now["order"] = { ...now["order"], scope: before.giver.order?.scope ?? null };
    }
    if (!same(canonical(now), canonical(was))) changes[name] = now;
  }
  const again = form.reconfirmBy !== before.reconfirm_by && form.reconfirmBy;
  return again ? { ...changes, reconfirm_by: again } : changes;
}

/** The language in which a notice was shown: the one that was chosen, else that of the talk, else the screen's. */
export const shownIn = ({ readIn, informedIn }: Form, lang: Lang): Lang => [readIn, informedIn].find(isLang) ?? lang;

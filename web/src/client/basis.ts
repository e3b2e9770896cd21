/**
 * The lawful basis at the sender's desk: kept sealed, asked before anything is sealed, shown to each recipient in part. The
 * twin of `hub/client/basis.py`.
 *
 * `web/src/consent` decides; this turns its answers into what a packet and a submission carry, and refuses where it denies.
 * The secret of a basis stays in the agency's own record, so that no two commitments can be joined (docs/protocol.md §4.3).
 */

import { BasisError, check, CONSENT, isConsent, KINDS } from "../consent/basis.ts";
import type { Basis as Kept, Consent, Excerpt, Head, Override, Protection, Vital } from "../consent/basis.ts";
import * as rules from "../consent/decide.ts";
import type { Deny, Permit, Reason, Request } from "../consent/decide.ts";
import { MAY_BE_LIFTED, POLICY_VERSION } from "../consent/policy.ts";
import * as record from "../consent/record.ts";
import { newToken } from "../consent/token.ts";
import { systemRandom } from "../rcp/age.ts";
import { b64u, canonical, fromB64u, isObject, same, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import type { Actor } from "../rcp/statements.ts";
import * as access from "./access.ts";
import * as approvals from "./approvals.ts";
import * as around from "./around.ts";
import * as disagreements from "./disagreements.ts";
import type { Shown } from "./handoffs.ts";
import type { Listed } from "./listing.ts";
import type { Member } from "./member.ts";
import type { TrustedAgency } from "./pins.ts";
import * as records from "./records.ts";
import { basisKey, freezeHandle, gateCommitment, type Basis } from "./seal.ts";
import { fail, HubError } from "./session.ts";
import * as training from "./training.ts";

const KIND = "consent";
const FORM = a.objectOf({
  label: a.string,
  basis: a.atLeast({}),
  secret: a.hash,
  heads: a.listOf(a.atLeast({}), 100_000),
});
/** Who may approve that a rule is lifted; the rule says who of them counts. */
const APPROVERS = ["supervisor", "data_officer", "caseworker", "focal_point"];
/** Sections of closed forms that are about what is asked, found and done, and that no basis has to cover. */
export const BESIDE = ["request", "journey", "gates", "handover"];

/**
 * A basis in the agency's own records. `handoff` is the record's; `label` is the worker's own word for it; `heads` are those
 * of a consent's revisions, first one first. `cameBy` is the handoff in which somebody else's excerpt came, for what is
 * passed on.
 */
export class Held {
  readonly handoff: string;
  readonly label: string;
  readonly basis: Kept;
  readonly secret: Bytes;
  readonly heads: readonly Head[];
  readonly cameBy: string | null;

  constructor(
    handoff: string,
    label: string,
    basis: Kept,
    secret: Bytes,
    heads: readonly Head[] = [],
    cameBy: string | null = null,
  ) {
    this.handoff = handoff;
    this.label = label;
    this.basis = basis;
    this.secret = secret;
    this.heads = heads;
    this.cameBy = cameBy;
  }

  /** Which of the three kinds it is. */
  get kind(): string {
    return this.basis.kind;
  }

  /** The whole record, where it is a consent of the own agency. */
  get consent(): Consent | null {
    return this.cameBy === null && isConsent(this.basis) ? this.basis : null;
  }

  /** Whether it was not withdrawn. */
  get live(): boolean {
    return !this.consent?.withdrawal.events.length;
  }

  /** What stands on the giver's receipt and stops every packet on this basis. */
  get token(): string | null {
    return this.consent?.receipt.token ?? null;
  }

  /** What a recipient is shown of it. */
  excerpt(agency: string): JsonObject {
    if (this.cameBy !== null) return record.onwardExcerpt(this.basis as Excerpt, agency);
    if (this.consent) return record.excerptFor(this.consent, this.secret, agency);
    const named = this.basis as Protection | Vital;
    return { ...named, recipients: named.recipients.filter((one) => one === agency) };
  }
}

/** An exception that a provider signed in its answer to an inquiry (R19): `services.ts` has them. */
export interface Exception {
  covers(agency: string, listing: JsonObject, person: JsonObject): boolean;
  override(): JsonObject;
}

/** What would be sent: to whom, for what, which sections. */
export interface Asked {
  readonly to: TrustedAgency;
  readonly purpose: string;
  readonly categories: readonly string[];
  readonly service?: string | null;
  readonly person?: string | null;
  /** Whether `person` is whoever holds a link of this id. */
  readonly byLink?: boolean;
  /** What the service map says of the service, where one of it was chosen (R17 to R20). */
  readonly listing?: JsonObject | null;
  /** What the service must know of the person to be matched. Never leaves the client. */
  readonly about?: JsonObject;
  readonly exception?: Exception | null;
}

/** What a packet carries of its basis, what its submission says that the gates found, and what to do to it first. */
export class Permitted {
  readonly packet: string;
  readonly basis: Basis;
  readonly gates: readonly { id: string; commit: string }[];
  readonly obligations: readonly string[];

  constructor(packet: string, basis: Basis, gates: Permitted["gates"], obligations: readonly string[]) {
    this.packet = packet;
    this.basis = basis;
    this.gates = gates;
    this.obligations = obligations;
  }

  /** The verdict of a submission that these members sign. */
  verdict(by: readonly Actor[]): JsonObject {
    const roles = [...new Set(by.map(({ role }) => role))].sort();
    const signers = roles.map((role) => ({ role, n: by.filter((actor) => actor.role === role).length }));
    return { policy: POLICY_VERSION, gates: [...this.gates], signers };
  }
}

/** What the recipient would see, and why not the rest. */
export interface Preview {
  readonly to: string;
  /** The last day; null where not all that was asked may be sent. */
  readonly until: string | null;
  readonly seen: readonly string[];
  readonly missing: ReadonlyMap<string, readonly Reason[]>;
  /** Why the sections that may go one by one may not go together. */
  readonly together: readonly Reason[];
  readonly obligations: readonly string[];
  /** Whether everything that was asked may be sent. */
  readonly permitted: boolean;
}

// Keeping

type Files = ReadonlyMap<string, Bytes>;

/** Keep what a worker wrote down: a consent record as its form has it, or another basis whole. */
export async function draft(member: Member, value: JsonObject, label: string, attachments?: Files): Promise<Held> {
  if ((value["kind"] ?? CONSENT) !== CONSENT) return keep(member, parse(value), label, attachments);
  const { kind: _, ...given } = value;
  const who = { record: b64u(systemRandom(16)), agency: member.agency, member: member.id, at: member.now() };
  const whole: JsonObject = { controllers: [await controller(member)], ...given };
  const made = checked(() => record.begin(whole, { ...who, token: newToken() }));
  return keep(member, made, label, attachments);
}

/** Keep a basis as an own record, with the signed form or recording beside it. */
export async function keep(member: Member, basis: Kept, label: string, attachments: Files = new Map()): Promise<Held> {
  const secret = systemRandom(32);
  if (isConsent(basis)) await trained(member);
  const heads = isConsent(basis) ? [record.head(basis, secret)] : [];
  const handoff = await records.put(member, KIND, valueOf(basis, label, secret, heads), { attachments });
  const held = new Held(handoff, label, basis, secret, heads);
  await disagree(member, held);
  return held;
}

/** Keep the next revision of a consent; the chain of heads grows by one. */
export async function revise(member: Member, held: Held, changes: JsonObject): Promise<Held> {
  if (!held.consent) fail("invalid_request");
  await trained(member);
  return revised(member, held, changes);
}

async function revised(member: Member, held: Held, changes: JsonObject): Promise<Held> {
  const before = held.consent ?? fail("invalid_request");
  const at = Math.max(member.now(), before.at);
  const made = checked(() => record.revise(before, held.secret, changes, { member: member.id, at }));
  return next(member, held, made);
}

/** A basis from the agency's own records; `through` is a handoff that was sent on it. A colleague's asks why (R46). */
export async function load(member: Member, handoff: string, why?: string, through?: Shown): Promise<Held> {
  return heldOf(await access.openRecord(member, await records.get(member, handoff, KIND), why, through));
}

/** All bases that the agency holds and that can be read, the newest first. */
export const listing = async (member: Member): Promise<Held[]> =>
  (await every(member)).flatMap(({ held }) => (held ? [held] : []));

/** The records of all bases, the newest first; one that was changed or is of another form permits nothing: null. */
export async function every(member: Member): Promise<{ record: Listed; held: Held | null }[]> {
  return (await records.listing(member, [KIND])).map((row) => {
    try {
      return { record: row, held: heldOf(row) };
    } catch (error) {
      if (error instanceof HubError || error instanceof PacketError) return { record: row, held: null };
      throw error;
    }
  });
}

/** Write down that a consent was withdrawn today. What was sent on it is for `withdrawal.ts`. */
export async function withdraw(member: Member, handoff: string, by = "giver"): Promise<Held> {
  const held = heldOf(await records.get(member, handoff, KIND)); // whoever is told of a withdrawal writes it down at once
  const before = held.consent ?? fail("invalid_request");
  if (!held.live) return held;
  const at = Math.max(member.now(), before.at);
  const made = checked(() => record.withdraw(before, held.secret, by, { member: member.id, at }));
  return next(member, held, made);
}

/** What an approval says; the same words as one that waits make it one of two members. */
export type Approval = Omit<Override, "by" | "proof">;

/** Approve that a rule is lifted, or sign what a colleague approved already; return the next revision. */
export async function approve(member: Member, handoff: string, said: Approval, why?: string): Promise<Held> {
  const held = await load(member, handoff, why);
  const before = held.consent ?? fail("invalid_request");
  if (!MAY_BE_LIFTED.includes(said.rule)) fail("invalid_request");
  const words = (row: Approval | Override) =>
    canonical(approvals.SAID.filter((name) => name !== "from").map((name) => (row as JsonObject)[name] ?? null));
  const known = before.overrides.find((row) => same(words(row), words(said)));
  const row: Override = known ?? { ...said, by: [], proof: [] };
  if (row.by.some((signer) => signer.member === member.id)) fail("conflict");
  const { role } = await member.me(APPROVERS);
  const proof = approvals.signed(member, before.record, row, role);
  const signed = { ...row, by: [...row.by, { member: member.id, role }], proof: [...row.proof, proof] };
  const overrides = known
    ? before.overrides.map((one) => (one === known ? signed : one))
    : [...before.overrides, signed];
  return revised(member, held, { overrides });
}

// Asking

/** What lets `packet` be sealed; where it may not, the error's `reasons` say which rule, why, and whom to ask. */
export async function decideFor(member: Member, held: Held, asked: Asked, packet: string): Promise<Permitted> {
  const { request, answer } = await asking(member, held, asked);
  const found = answer(request);
  if (!found.permit) throw denied(found);
  const { agency, country } = request.recipient;
  const key = basisKey(held.secret, packet, agency);
  const gates = rules.gates(found).map((row) => ({ id: row.gate, commit: gateCommitment(row, key, row.gate) }));
  const basis = { key, excerpt: held.excerpt(agency), country, until: rules.untilMonth(found.until) };
  return new Permitted(packet, basis, gates, found.obligations);
}

/** What a recipient would see on a basis, section by section, without sealing anything. */
export async function preview(member: Member, held: Held, asked: Asked): Promise<Preview> {
  const { request, answer } = await asking(member, held, asked);
  const missing = new Map<string, readonly Reason[]>();
  for (const section of [...asked.categories].sort()) {
    const one = answer({ ...request, categories: [section] });
    if (!one.permit) missing.set(section, one.reasons);
  }
  const seen = [...asked.categories].filter((section) => !missing.has(section)).sort();
  const whole = answer(request);
  return {
    to: request.recipient.agency,
    until: whole.permit ? whole.until : null,
    seen,
    missing,
    together: whole.permit || missing.size ? [] : whole.reasons,
    obligations: whole.permit ? whole.obligations : [],
    permitted: whole.permit,
  };
}

/** The decision itself, with what each rule found. */
export async function explain(member: Member, held: Held, asked: Asked): Promise<Permit | Deny> {
  const { request, answer } = await asking(member, held, asked);
  return answer(request);
}

/** The error that tells a denial. */
export const denied = ({ reasons }: Deny): HubError =>
  new HubError("consent_missing", "", null, { reasons: reasons as unknown as Json });

/** The basis that a JSON object is. */
export const parse = (value: Json): Kept =>
  checked(() => {
    if (isObject(value) && !KINDS.includes(String(value["kind"]))) throw new BasisError("Of no known kind.", "kind");
    return check(value);
  });

/** The categories of sections; those of `BESIDE` are none. */
export const categories = (sections: Iterable<string>): string[] =>
  [...sections].filter((name) => !BESIDE.includes(name)).sort();

/** What a submission says so that the giver's receipt can stop it; random where the basis has no receipt (§7.6). */
export const freezeOf = (held: Held, packet: string): string =>
  held.token === null ? b64u(systemRandom(32)) : freezeHandle(held.token, packet);

/** The question in the words of the rules, and what answers it: what has to be known is looked up and verified once. */
async function asking(
  member: Member,
  held: Held,
  asked: Asked,
): Promise<{ request: Request; answer: (request: Request) => Permit | Deny }> {
  const { to, purpose, service = null, person = null, byLink = false, listing = null, about = {}, exception } = asked;
  if (listing && (listing["service"] ?? null) !== service) {
    throw new HubError("invalid_request", "", null, { rule: "R11" });
  }
  const recipient = await around.recipient(member, to, { person, byLink });
  const holder = held.cameBy === null ? null : member.agency;
  const request = { recipient, categories: asked.categories, purpose, service, holder };
  const known: JsonObject = { ...(await around.sender(member)), person: { ...about } };
  if (listing) known["listing"] = listing;
  let facts = await factsOf(member, held, to.entry.agency);
  if (exception?.covers(to.entry.agency, listing ?? {}, about)) {
    const { overrides = [], ...rest } = facts as JsonObject;
    known["overrides"] = [...(overrides as Json[]), exception.override()];
    facts = rest;
  }
  const now = member.now();
  return { request, answer: (request) => rules.decide(facts, request, now, known) };
}

/** The facts of a basis with the approvals that were signed; what is no consent is its own facts. */
async function factsOf(member: Member, held: Held, agency: string): Promise<Kept | JsonObject> {
  const at = member.now();
  if (held.cameBy !== null) {
    const excerpt = held.basis as Excerpt;
    return approvals.proven(member, record.readExcerpt(excerpt), { record: excerpt.head.record, at });
  }
  if (!held.consent) return held.basis;
  const found = { ...record.facts(held.consent, agency), ...record.ownFacts(held.consent) };
  return approvals.proven(member, found, { record: held.consent.record, at, agency: member.agency });
}

/** Whether the member may record a consent, or why not (R46). */
export const mayRecord = async (member: Member): Promise<Permit | Deny> =>
  rules.allowed("record", { actor: await training.facts(member) }, member.now());

async function trained(member: Member): Promise<void> {
  const answer = await mayRecord(member);
  if (!answer.permit) throw denied(answer);
}

/** Open a disagreement where the child said no, and nobody has decided about it. */
async function disagree(member: Member, { consent, live, handoff }: Held): Promise<void> {
  if (!consent || !live || consent.assent.answer !== "refused") return;
  if (!consent.overrides.some(({ rule }) => rule === "R03")) await disagreements.openFor(member, handoff);
}

async function controller(member: Member): Promise<JsonObject> {
  const { agency, duty, country } = (await member.home()).entry;
  const name = agency.replace("urn:rcp:agency:", "");
  return { agency, name, contact: duty.join(", ") || "unknown", address: null, jurisdiction: country };
}

async function next(member: Member, held: Held, made: Consent): Promise<Held> {
  const heads = [...held.heads, record.head(made, held.secret)];
  await records.put(member, KIND, valueOf(made, held.label, held.secret, heads), { handoff: held.handoff });
  const after = new Held(held.handoff, held.label, made, held.secret, heads);
  await disagree(member, after);
  return after;
}

function checked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof BasisError)) throw error;
    throw new HubError("invalid_request", error.message, null, { field: error.field });
  }
}

const valueOf = (basis: Kept, label: string, secret: Bytes, heads: readonly Head[]): JsonObject => ({
  label,
  basis: { ...basis },
  secret: b64u(secret),
  heads: [...heads],
});

function heldOf({ handoff, value }: Listed): Held {
  FORM(value);
  const said = value as { label: string; basis: JsonObject; secret: string; heads: Head[] };
  const basis = parse(said.basis);
  const secret = fromB64u(said.secret, 32);
  if (isConsent(basis)) {
    checked(() => record.checkChain(said.heads));
    const last = said.heads[said.heads.length - 1];
    need(last !== undefined && record.headHash(last) === record.headHash(record.head(basis, secret)), "malformed");
  }
  return new Held(handoff, said.label, basis, secret, said.heads);
}

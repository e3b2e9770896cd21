/**
 * What goes out on a lawful basis: a referral, an answer to a question, what was sent sealed anew to a link. The twin of
 * that part of `hub/client/referrals.py`; the steps that say something back are in `referrals.ts`.
 */

import { VITAL } from "../consent/basis.ts";
import { PROTECT, protectLocation, type Removed } from "../consent/protect.ts";
import { systemRandom } from "../rcp/age.ts";
import { b64u, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import type { Actor } from "../rcp/statements.ts";
import * as bases from "./basis.ts";
import type { Asked, Held, Permitted } from "./basis.ts";
import { cleanAttachments } from "./cleaning.ts";
import * as cosigning from "./cosigning.ts";
import { send as sendStatement, show, type Shown } from "./handoffs.ts";
import type { Excepted } from "./inquiries.ts";
import type { Link } from "./links.ts";
import type { Member } from "./member.ts";
import { received } from "./opening.ts";
import type { TrustedAgency } from "./pins.ts";
import { say } from "./referrals.ts";
import * as routing from "./routing.ts";
import type { Sealed } from "./seal.ts";
import { keepCopy, sentCopy } from "./sent.ts";
import { HubError } from "./session.ts";
import { devicesOf } from "./trust.ts";

const DAY = 86_400;
/** The due time of a submission that names none: the hub's policy is earlier, and counts. */
const LATEST_ANSWER = 30 * DAY;

/** What a worker wants to send to one agency. */
export interface Outgoing {
  readonly to: string;
  readonly sections: JsonObject;
  readonly basis: Held;
  readonly purpose: string;
  readonly urgency?: string;
  readonly service?: string | null;
  readonly person?: string | null;
  readonly inbox?: string | null;
  readonly attachments?: ReadonlyMap<string, Bytes>;
  readonly due?: number | null;
  readonly neededFrom?: string | null;
  /** The handoff by which this agency got what it passes on here: a withdrawal there goes on to this recipient. */
  readonly cameBy?: string | null;
  /** What the service map says of the chosen service, and what it must know of the person; the latter stays here. */
  readonly listing?: JsonObject | null;
  readonly about?: JsonObject;
  /** What the provider signed, where it takes the person against its own limits (R19). */
  readonly exception?: Excepted | null;
  /** The needs for which help is asked, so that a recipient can accept some of them. */
  readonly needs?: readonly string[];
  /** Why this service was chosen, as its provider is told. */
  readonly routing?: JsonObject | null;
  readonly area?: string | null;
  readonly sex?: string | null;
  /** The handoff after which the same need is referred again. */
  readonly againFor?: string | null;
  /** The link to which the packet is sealed, where the provider has no account. */
  readonly link?: Link | null;
  /** Whether the person is not registered yet, so that nothing may name them. */
  readonly unnamed?: boolean;
}

/** A sealed packet, what lets it be sealed, and what it holds after what the basis obliges to. */
export interface Ready {
  readonly part: Sealed;
  readonly permitted: Permitted;
  readonly sections: JsonObject;
  readonly removed: readonly Removed[];
}

/** A referral that went out, as the hub shows it; or with `cosign` the record in which it waits to be co-signed. */
export interface Sent {
  readonly handoff: string;
  readonly shown: JsonObject | null;
  readonly cosign: string | null;
  /** What was taken out because the child's location is protected (R13). */
  readonly removed: readonly Removed[];
}

/** How far sending has come, for whoever waits: judged and sealed, kept, on its way. */
export type Stage = "judging" | "sealing" | "keeping" | "sending";

/** What the basis is asked about something that would go out. */
export function askedOf(out: Outgoing, to: TrustedAgency): Asked {
  return {
    to,
    purpose: out.purpose,
    categories: bases.categories(Object.keys(out.sections)),
    service: out.service ?? null,
    person: out.link ? out.link.id : (out.person ?? null),
    byLink: Boolean(out.link),
    listing: out.listing ?? null,
    about: out.about ?? {},
    exception: out.exception ?? null,
  };
}

/** Seal and submit a referral, if its basis permits; `handoff` where its id was written down before. */
export async function send(
  member: Member,
  out: Outgoing,
  handoff = b64u(systemRandom(16)),
  onStage: (stage: Stage) => void = () => undefined,
): Promise<Sent> {
  onStage("judging");
  const by = await signers(member, out.basis);
  routing.check(out);
  onStage("sealing");
  const ready = await sealed(member, out);
  const { part, permitted, removed } = ready;
  const body = {
    kind: "referral",
    urgency: out.urgency ?? "routine",
    due: out.due ?? member.now() + LATEST_ANSWER,
    needed_from: out.neededFrom ?? null,
    verdict: permitted.verdict(by),
    leg: null,
    freeze: bases.freezeOf(out.basis, part.packet),
    link: out.link ?? null,
  };
  const said = member.statement({ type: "referral.submit", handoff, heads: [], by, body }, part);
  const copy = copyOf(out, handoff, ready);
  onStage("keeping");
  if (by.length > 1) {
    return { handoff, shown: null, cosign: await cosigning.hold(member, said, part, copy), removed };
  }
  await keepCopy(member, copy);
  onStage("sending");
  return { handoff, shown: await sendStatement(member, "/api/v1/handoffs", said, part), cosign: null, removed };
}

/** Answer the recipient, within the basis on which the referral was sent. */
export async function answer(
  member: Member,
  handoff: string,
  sections: JsonObject,
  attachments: ReadonlyMap<string, Bytes> = new Map(),
  why?: string,
): Promise<JsonObject> {
  const shown = await show(member, handoff);
  const link = shown.chain.live;
  if (!link && shown.chain.links.length) throw new HubError("invalid_request", "", null, { field: "link" });
  return add(member, "answer", shown, { sections, attachments, link }, why);
}

/** Seal what was sent anew to another link, which revokes the one before. Attachments are given again. */
export async function relink(
  member: Member,
  handoff: string,
  link: Link,
  attachments: ReadonlyMap<string, Bytes> = new Map(),
  why?: string,
): Promise<JsonObject> {
  const [shown, { sections }] = [await show(member, handoff), await sentCopy(member, handoff)];
  return add(member, "link", shown, { sections: sections as JsonObject, attachments, link }, why, { link });
}

/** Send a further packet to the recipient, within the basis on which the referral was sent. */
async function add(
  member: Member,
  step: string,
  shown: Shown,
  given: Pick<Outgoing, "sections" | "attachments" | "link">,
  why?: string,
  body: JsonObject = {},
): Promise<JsonObject> {
  const copy = await sentCopy(member, shown.id);
  const cameBy = typeof copy["came_by"] === "string" ? copy["came_by"] : null;
  const basis =
    cameBy !== null && cameBy === copy["basis"]
      ? await received(member, cameBy)
      : await bases.load(member, String(copy["basis"]), why, shown);
  const named = ["to", "purpose", "service", "person", "inbox", "needs"].map((name) => [name, copy[name] ?? null]);
  const out = { ...Object.fromEntries(named), ...given, basis } as Outgoing;
  const { part } = await sealed(member, out);
  return say(member, shown, step, body, { part });
}

/** The packet of `out`, sealed if its basis permits, after what it obliges to; no basis has to cover what is `beside`. */
export async function sealed(member: Member, out: Outgoing, beside: JsonObject = {}): Promise<Ready> {
  const to = await member.trust.agency(out.to);
  const packet = b64u(systemRandom(16));
  const permitted = await bases.decideFor(member, out.basis, askedOf(out, to), packet);
  const { sections, removed, attachments } = await obliged(out, permitted.obligations);
  const target = member.target(to, {
    ...(out.person ? { person: out.person } : {}),
    ...(out.inbox ? { inbox: out.inbox } : {}),
    ...(out.link ? { link: out.link } : {}),
  });
  const whole = { ...sections, ...beside, request: routing.request(out) };
  const part = member.seal(target, { sections: whole, attachments, packet, basis: permitted.basis });
  return { part, permitted, sections, removed };
}

/** Sections and attachments after what the basis obliges to, and what was taken out. */
export async function obliged(
  out: Pick<Outgoing, "sections" | "attachments">,
  obligations: readonly string[],
): Promise<{ sections: JsonObject; removed: readonly Removed[]; attachments: ReadonlyMap<string, Bytes> }> {
  const { sections, attachments = new Map<string, Bytes>() } = out;
  if (!obligations.includes(PROTECT)) return { sections, removed: [], attachments };
  const { kept, removed } = protectLocation(sections);
  return { sections: kept, removed, attachments: await cleanAttachments(attachments) };
}

/** Who must sign a submission on this basis: a supervisor too, where life or health cannot wait. */
async function signers(member: Member, { basis }: Held): Promise<Actor[]> {
  const first = await member.me(["caseworker"]);
  if (basis.kind !== VITAL) return [first];
  const { supervisor } = basis as { supervisor: string };
  const certs = supervisor === member.id ? [] : devicesOf(await member.home(), supervisor, member.now());
  if (!certs.some(({ roles }) => roles.includes("supervisor"))) {
    throw new HubError("forbidden", "", null, { rule: "R01" });
  }
  return [first, { agency: member.agency, member: supervisor, role: "supervisor" }];
}

/** What the sender keeps of what went out. */
export function copyOf(out: Outgoing, handoff: string, { part, sections }: Ready): JsonObject {
  const { to, purpose, urgency = "routine", service = null, person = null, inbox = null, basis } = out;
  return {
    ...{ to, purpose, urgency, service, person, inbox },
    ...{ handoff, packet: part.packet, manifest: part.hash },
    ...{ basis: basis.handoff, came_by: out.cameBy ?? basis.cameBy },
    ...routing.counted(out),
    sections,
  };
}

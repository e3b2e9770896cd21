/**
 * The closed list of statement types: what the body of each holds, and whether a packet travels beside it (docs/protocol.md
 * §7.1 to §7.3, §7.13). The twin of `hub/statements/bodies.py`; what a statement does is the hub's tables'.
 */

import { need, refuse } from "../rcp/errors.ts";
import type { JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import { ROLES } from "./documents.ts";

type Part = "none" | "optional" | "required";

/** The rules of one statement type. */
export interface Kind {
  readonly body: a.Members;
  readonly part: Part;
  readonly byHub: boolean;
  /** Whether it may open a handoff, and so have no heads. */
  readonly first: boolean;
}

/** How good the evidence behind a statement is; shown wherever a state is shown. */
export const GRADES = ["signed", "link", "code_verified", "reported", "hub"];

const kind = (body: a.Members, part: Part = "none", more: Partial<Kind> = {}): Kind => ({
  body,
  part,
  byHub: false,
  first: false,
  ...more,
});
const FIRST = { first: true };
const BY_HUB = { byHub: true };

const NULL = a.oneOf(null);
const POSITION = a.integer(0, 2 ** 31 - 1);
const URGENCY = a.oneOf("emergency", "urgent", "high", "routine");
const GATE = a.objectOf({ id: a.matches(/^[A-Z][A-Za-z0-9._-]{0,15}$/), commit: a.hash });
const SIGNERS = a.objectOf({ role: a.oneOf(...ROLES), n: a.integer(1, 8) });
const VERDICT = a.objectOf({
  policy: a.matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/),
  gates: a.distinctBy(a.listOf(GATE, 128, 1), "id"),
  signers: a.distinctBy(a.listOf(SIGNERS, 9, 1), "role"),
});
const LINK = a.objectOf({
  id: a.identifier,
  sign: a.hash,
  recipient: a.ageRecipient,
  until: a.seconds,
  code: a.nullOr(a.hash),
});
const REFERRAL = {
  kind: a.oneOf("referral"),
  urgency: URGENCY,
  due: a.seconds,
  needed_from: a.nullOr(a.date),
  verdict: VERDICT,
  leg: NULL,
  freeze: a.hash,
  link: a.nullOr(LINK),
};
const OWN_RECORD = {
  kind: a.oneOf("own_record"),
  urgency: a.oneOf("routine"),
  due: NULL,
  needed_from: NULL,
  verdict: NULL,
  leg: NULL,
  freeze: NULL,
  link: NULL,
};
/** When a child is to leave, and from when to when it may arrive; the alarm starts after `until`. */
const PLAN = a.objectOf({ depart: a.seconds, from: a.seconds, until: a.seconds });
const LEG = a.oneOf("transfer_leg");
const ENTRUSTED = { due: a.nullOr(a.seconds), verdict: VERDICT, freeze: a.hash };
const OVERDUE = { clock: a.name, rung: a.integer(0, 99), tell: a.listOf(a.name, 16) };
const whole =
  (unit: number, inner: a.Check): a.Check =>
  (value) => {
    inner(value);
    need(typeof value !== "number" || value % unit === 0, "malformed");
  };
/** Odd seconds would join the timers of a child. */
const QUARTER = whole(900, a.seconds);
const TIMER = {
  kind: a.oneOf("timer"),
  due: QUARTER,
  warn: a.nullOr(whole(3_600, a.integer(3_600, 92 * 86_400))),
  urgency: URGENCY,
  owner: a.identifier,
};
const REWRAP = a.objectOf({
  n: a.matches(/^(?:body|att\/[1-9][0-9]?)$/),
  hsha256: a.hash,
  kids: a.distinct(a.listOf(a.identifier, 32, 1)),
  epoch: a.nullOr(a.integer(1)),
});
const DESTROYED = a.objectOf({ manifest: a.hash, served: a.flag });
const RECEIPT = {
  statement: a.hash,
  log: a.objectOf({ origin: a.host, size: a.integer(1), root: a.hash }),
  index: a.integer(),
  salt: a.hash,
  proof: a.listOf(a.hash, 64),
  position: a.nullOr(POSITION),
  state: a.nullOr(a.name),
  chan: a.nullOr(a.objectOf({ to: a.agency, seq: a.integer() })),
};
const HOLD = {
  kind: a.oneOf("case"),
  to: a.agency,
  leg: a.identifier,
  take: a.hash,
  log: a.objectOf({ origin: a.host, index: a.integer(), size: a.integer(1), root: a.hash }),
  receipt: a.hash,
};

const each = (prefix: string, names: string, rules: Kind): { [type: string]: Kind } =>
  Object.fromEntries(names.split(" ").map((name) => [`${prefix}.${name}`, rules]));

const REFERRALS = {
  ...each("referral", "acknowledge resume agree_to_stop close resolve mark_error unlink", kind({})),
  "referral.accept": kind({ first_contact: a.date }, "optional"),
  "referral.link": kind({ link: LINK }, "required"),
  "referral.bind": kind({ sign: a.hash }),
  "referral.change_urgency": kind({ urgency: URGENCY, due: a.nullOr(a.seconds) }),
  "referral.start": kind({ contact: a.date }),
  "referral.waitlist": kind({ review: a.date }, "optional"),
  "referral.pause": kind({ review: a.date }, "required"),
  "referral.pause_clock": kind({ due: a.seconds }, "required"),
  ...each("referral", "ask answer decline cannot_deliver report_outcome", kind({}, "required")),
  ...each("referral", "cancel ask_to_stop refuse_to_stop dispute late_answer", kind({}, "optional")),
  "referral.submit": kind(REFERRAL, "required", FIRST),
  "referral.deliver": kind({ manifest: a.hash }, "none", BY_HUB),
  "referral.overdue": kind(OVERDUE, "none", BY_HUB),
  "referral.asked_back": kind({ statement: a.hash, said: a.oneOf("yes", "no") }, "none", BY_HUB),
  "referral.lock_link": kind({ link: a.identifier }, "none", BY_HUB),
  ...each("referral", "expire fail_delivery", kind({ clock: a.name }, "none", BY_HUB)),
};

const TRANSFERS = {
  "case.open": kind({ kind: a.oneOf("case"), to: a.agency }, "none", FIRST),
  "case.leg": kind({ leg: a.identifier }),
  "case.hold": kind(HOLD, "none", { ...BY_HUB, ...FIRST }),
  "transfer.inquire": kind({ kind: LEG, urgency: URGENCY }, "required", FIRST),
  "transfer.offer": kind({ kind: LEG, urgency: URGENCY, ...ENTRUSTED, plan: a.nullOr(PLAN) }, "required", FIRST),
  "transfer.intake": kind({ kind: LEG, case: a.identifier, next: a.date }, "required", FIRST),
  "transfer.notice": kind({ kind: a.oneOf("notice") }, "required", FIRST),
  "transfer.assume": kind(
    { kind: a.oneOf("succession"), of: a.agency, leg: a.identifier, take: a.hash },
    "none",
    FIRST,
  ),
  ...each(
    "transfer",
    "answer_inquiry return_assessment ask answer decline search verify message",
    kind({}, "required"),
  ),
  "transfer.request_assessment": kind(ENTRUSTED, "required"),
  ...each("transfer", "acknowledge resolve unrelease", kind({})),
  "transfer.accept": kind(
    { plan: PLAN, worker: a.identifier, duty: a.listOf(a.identifier, 8, 1), verdict: VERDICT },
    "required",
  ),
  "transfer.depart": kind({ plan: PLAN, verdict: VERDICT }, "optional"),
  "transfer.change": kind({ plan: PLAN }, "optional"),
  ...each("transfer", "acknowledge_change cosign", kind({ statement: a.hash })),
  "transfer.arrive": kind({ seen: a.seconds }, "optional"),
  "transfer.release": kind({ verdict: VERDICT }, "optional"),
  "transfer.take": kind({ release: a.hash, first_contact: a.date, verdict: VERDICT }, "optional"),
  ...each("transfer", "cancel dispute return freeze unfreeze halt move_on close reopen", kind({}, "optional")),
  ...each("transfer", "first_contact follow_up", kind({ day: a.date, next: a.nullOr(a.date) }, "optional")),
  "transfer.post_closure_visit": kind({ day: a.date }, "optional"),
  "transfer.deliver": kind({ manifest: a.hash }, "none", BY_HUB),
  "transfer.expire": kind({ clock: a.name }, "none", BY_HUB),
  "transfer.not_departed": kind(OVERDUE, "none", BY_HUB),
  "transfer.report_missing": kind({ until: a.seconds }, "none", BY_HUB),
  "transfer.succeeded": kind({ by: a.agency, assume: a.hash }, "none", BY_HUB),
};

const OTHERS = {
  "record.put": kind(OWN_RECORD, "required", FIRST),
  "record.destroy": kind({}),
  "consent.withdraw": kind({ evidence: a.hash }),
  "packet.destroy": kind({ packets: a.distinctBy(a.listOf(DESTROYED, 1000, 1), "manifest") }, "none", BY_HUB),
  "consent.report": kind({ manifest: a.hash }, "required"),
  "consent.holder_answer": kind({ answer: a.oneOf("erased", "locked", "cannot") }, "optional"),
  "consent.freeze": kind({}, "none", BY_HUB),
  "consent.unfreeze": kind({}),
  "freeze.request": kind({ kind: a.oneOf("freeze"), to: a.agency, key: a.hash }, "none", FIRST),
  "freeze.decide": kind({ decision: a.oneOf("kept", "withdrawn") }),
  "capacity.ask": kind({ kind: a.oneOf("inquiry"), urgency: URGENCY }, "required", FIRST),
  "capacity.answer": kind({}, "required"),
  "timer.set": kind(TIMER, "required", FIRST),
  "timer.move": kind({ due: QUARTER, owner: a.identifier }, "required"),
  "timer.done": kind({}, "required"),
  "timer.acknowledge": kind({}),
  "packet.rewrap": kind({ manifest: a.hash, files: a.distinctBy(a.listOf(REWRAP, 65, 1), "n") }),
  "hub.receipt": kind(RECEIPT, "none", BY_HUB),
  "hub.refused": kind({ statement: a.hash, state: a.name, position: POSITION }, "none", BY_HUB),
};

/** The types that this release acts on. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(Object.entries({ ...REFERRALS, ...TRANSFERS, ...OTHERS }));

const BY_PROXY = { via: a.oneOf("phone", "sms", "paper"), evidence: a.hash };
const OF_GRADE: ReadonlyMap<string, a.Members> = new Map<string, a.Members>([
  ["reported", { ...BY_PROXY, ask: a.flag }],
  ["code_verified", { ...BY_PROXY, code: a.identifier }],
]);
/** The answers of a recipient that a sender may report. */
export const REPORTABLE = [
  ...Object.keys(each("referral", "acknowledge accept decline start report_outcome cannot_deliver", kind({}))),
  "transfer.acknowledge",
];
export const byProxy = (grade: string): boolean => OF_GRADE.has(grade);

export const kindOf = (type: unknown): Kind =>
  (typeof type === "string" ? KINDS.get(type) : undefined) ?? refuse("malformed");

/** Check a body and the number of its packets against the rules of its type. */
export function checkBody(type: string, grade: string, body: JsonObject, parts: number): void {
  const rules = kindOf(type);
  a.objectOf({ ...rules.body, ...OF_GRADE.get(grade) })(body);
  const part = byProxy(grade) ? "optional" : rules.part;
  need(part === "optional" || (part === "required") === parts > 0, "malformed");
  need(body["answer"] !== "cannot" || parts > 0, "malformed");
  const plan = body["plan"] as { depart: number; from: number; until: number } | null | undefined;
  need(!plan || (plan.depart <= plan.from && plan.from <= plan.until), "malformed");
  const { index, log } = body as unknown as { index: number; log: { size: number } };
  need(type !== "hub.receipt" || index < log.size, "malformed");
}

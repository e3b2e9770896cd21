/**
 * The steps of a referral as a member takes them: what each says, and in which role. The table is
 * `hub/referrals/referral-states.csv`; the hub decides whether a step is possible now.
 */

import type { Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";

/** What a step says beyond its statement's body: sealed words that it `needs` or `may` say, or `keeps` for the own agency. */
export interface Step {
  readonly needs: readonly string[];
  readonly may: readonly string[];
  readonly keeps: readonly string[];
}

const step = (needs: readonly string[] = [], may: readonly string[] = [], keeps: readonly string[] = []): Step => ({
  needs,
  may,
  keeps,
});

/** The steps that need nothing but words, by the name of their statement. How a loop ends is in `outcomes.ts`. */
export const STEPS: { readonly [name: string]: Step } = {
  acknowledge: step(),
  ask: step(["text"]),
  accept: step([], ["needs", "text"]),
  decline: step(["code"], ["redirect", "text"]),
  waitlist: step([], ["text"]),
  pause: step(["text"]),
  resume: step(),
  start: step(),
  cannot_deliver: step(["code"], ["redirect", "barriers", "text"]),
  report_outcome: step(["got_help"], ["services", "barriers", "text"]),
  cancel: step([], [], ["text"]),
  mark_error: step(),
  ask_to_stop: step([], [], ["text"]),
  agree_to_stop: step(),
  refuse_to_stop: step(["text"]),
  late_answer: step(["text"]),
};

/** The answers of a recipient, which a sender may report if they came by phone, SMS or paper. */
const OF_RECIPIENT = [
  ...["acknowledge", "ask", "accept", "decline", "waitlist", "pause", "resume", "start", "cannot_deliver"],
  ...["report_outcome", "agree_to_stop", "refuse_to_stop", "late_answer"],
];
const OF_SENDER = ["caseworker"];
const OF_EITHER_DESK = ["caseworker", "provider"];
const OWNERS = ["caseworker", "supervisor"];
const OTHERS: { readonly [name: string]: readonly string[] } = {
  change_urgency: OWNERS,
  unlink: OWNERS,
  mark_error: ["supervisor"],
};
/** In this state a supervisor answers as well. */
const DECIDED = "acknowledged";

/** The roles in which the member's side takes a step; null where it is the other side's. */
export function rolesFor(member: Member, shown: Shown, name: string, reported = false): readonly string[] | null {
  const theirs = OF_RECIPIENT.includes(name);
  if (theirs === reported) return member.agency === shown.from ? (OTHERS[name] ?? OF_SENDER) : null;
  if (!theirs || member.agency !== shown.to) return null;
  const also = ["accept", "decline"].includes(name) && shown.state === DECIDED ? ["supervisor"] : [];
  return [...OF_EITHER_DESK, ...also];
}

/** What the member's own side can do now, and what it can report for the other side. */
export function possibleSteps(member: Member, shown: Shown): { own: string[]; reported: string[] } {
  const named = (shown.view.possible ?? []).filter((type) => type.startsWith("referral."));
  const names = named.map((type) => type.slice("referral.".length));
  const theirs = (name: string) => OF_RECIPIENT.includes(name);
  return member.agency === shown.to
    ? { own: names.filter(theirs), reported: [] }
    : { own: names.filter((name) => !theirs(name)), reported: names.filter(theirs) };
}

/**
 * The steps of a leg as a member takes them: what each says, and in which role. The table is
 * `hub/transfer/transfer-states.csv`; the hub decides whether a step is possible now.
 */

import type { Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";

/** What a step says beyond its statement's body: words that it `needs` or `may` say; `own`: they stay with their agency. */
export interface Step {
  readonly needs: readonly string[];
  readonly may: readonly string[];
  readonly own: boolean;
}

const step = (needs: readonly string[] = [], may: readonly string[] = [], own = false): Step => ({ needs, may, own });

/** The steps that need nothing but words, by the name of their statement. */
export const STEPS: { readonly [name: string]: Step } = {
  acknowledge: step(),
  ask: step(["text"]),
  decline: step(["code"], ["redirect", "text"]),
  unrelease: step(),
  dispute: step([], ["text"]),
  return: step([], ["text"]),
  freeze: step(["text"]),
  unfreeze: step(["text"], [], true),
  cancel: step([], ["text"]),
  resolve: step(),
  arrive: step([], ["text"]),
  first_contact: step([], ["text"], true),
  follow_up: step([], ["text"], true),
  post_closure_visit: step([], ["text"], true),
  move_on: step([], ["text"], true),
  close: step([], ["text"], true),
  reopen: step(["text"], [], true),
};

const WORKER = ["caseworker"];
const SUPERVISOR = ["supervisor"];
const CASE = [...WORKER, ...SUPERVISOR];
type Who = readonly [roles: readonly string[], second?: boolean];
type Table = { readonly [name: string]: Who };
const each = (names: string, who: Who): Table => Object.fromEntries(names.split(" ").map((name) => [name, who]));

/** What either side may do, the sender alone, and the receiver alone; `second`: a supervisor signs as well. */
const EITHER: Table = {
  ...each("cancel dispute freeze unfreeze halt return", [SUPERVISOR]),
  ...each("change acknowledge_change message", [CASE]),
  cosign: [["focal_point", "supervisor", "deputy"]],
};
const SENDER: Table = {
  ...each("depart answer inquire request_assessment", [WORKER]),
  ...each("release unrelease resolve", [SUPERVISOR]),
  offer: [WORKER, true],
  search: [CASE],
};
const RECEIVER: Table = {
  ...each("acknowledge ask arrive verify first_contact follow_up post_closure_visit return_assessment", [WORKER]),
  ...each("take decline move_on close reopen", [SUPERVISOR]),
  answer_inquiry: [["focal_point", "caseworker"]],
  accept: [WORKER, true],
};
/** Who says that a missing child is back with the sender: who saw it there. */
const SAW: Who = [WORKER];
const MISSING = "missing_on_arrival";

/** Who of the member's side takes a step in the present state; null where it is the other side's. */
export function whoTakes(
  member: Member,
  shown: Shown,
  name: string,
): { roles: readonly string[]; second: boolean } | null {
  const sides = [...(member.agency === shown.from ? [SENDER] : []), ...(member.agency === shown.to ? [RECEIVER] : [])];
  const back = name === "cancel" && shown.state === MISSING;
  const found = back
    ? member.agency === shown.from
      ? SAW
      : null
    : [...sides, EITHER].map((table) => table[name]).find(Boolean);
  return found ? { roles: found[0], second: found[1] ?? false } : null;
}

/** What the member's own side can do now, by the hub's word, as the names of statements without their room. */
export const possibleSteps = (member: Member, shown: Shown): string[] =>
  (shown.view.possible ?? [])
    .filter((type) => type.startsWith("transfer."))
    .map((type) => type.slice("transfer.".length))
    .filter((name) => whoTakes(member, shown, name) !== null);

/** Whether consent was withdrawn, by what was signed: nothing more about the child is taken or given. */
export const withdrawn = ({ lines }: Shown): boolean =>
  lines.some(({ statement, refused }) => statement.type === "consent.withdraw" && !refused);

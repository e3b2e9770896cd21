/**
 * The giver's receipt at an agency's desk: show it to stop what was sent, or decide when another agency was shown it. The
 * twin of `hub/client/freezing.py`.
 *
 * The hub does not know whose consent a request is about: the responsible agency finds it by the tokens in its records.
 * Nothing here asks the giver; a supervisor does, and then says whether the consent is kept or withdrawn.
 */

import { parseToken } from "../consent/token.ts";
import { systemRandom } from "../rcp/age.ts";
import { b64u, type JsonObject } from "../rcp/encoding.ts";
import * as bases from "./basis.ts";
import type { Held } from "./basis.ts";
import { ROLES } from "./documents.ts";
import { pages, say, send, show, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { freezeKey } from "./seal.ts";
import { fannedOut } from "./sent.ts";
import { fail, HubError } from "./session.ts";
import * as withdrawal from "./withdrawal.ts";

const REQUEST = "freeze.request";
const DECIDE = "freeze.decide";
const UNFREEZE = "consent.unfreeze";
const ASKED = "freeze_asked";
const SUPERVISOR = ["supervisor"];
const ANY_BUT_AUDITOR = ROLES.filter((role) => role !== "auditor");

/** A request to freeze that another agency made of this one. `due` and `found` are the hub's to say. */
export interface Request {
  readonly handoff: string;
  readonly by: string;
  readonly state: string;
  readonly due: number | null;
  /** Whether a packet of this receipt is still at the hub; null where it has not looked yet. */
  readonly found: boolean | null;
  readonly open: boolean;
}

export type Decision = "kept" | "withdrawn";

/** On which basis of the agency's records a decision was, to which handoffs, and how many other requests are open. */
export interface Decided {
  readonly basis: string | null;
  readonly handoffs: readonly string[];
  readonly stillOpen: number;
}

/** Ask the agency on a receipt to freeze what was sent on that consent; return the request as the hub shows it. */
export async function ask(member: Member, token: string, agency: string): Promise<JsonObject> {
  const read = parseToken(token);
  if (read === null) throw new HubError("invalid_request", "", null, { field: "token" });
  const body = { kind: "freeze", to: agency, key: b64u(freezeKey(read)) };
  const by = [await member.me(ANY_BUT_AUDITOR)];
  const said = member.statement({ type: REQUEST, handoff: b64u(systemRandom(16)), heads: [], by, body });
  return send(member, "/api/v1/handoffs", said);
}

/** The requests to freeze that were made of the member's agency, newest first, as the hub lists them. */
export async function requests(member: Member): Promise<Request[]> {
  const found: Request[] = [];
  for await (const row of pages(member, "freeze", "in")) {
    const state = String(row["state"]);
    found.push({
      handoff: String(row["id"]),
      by: String(row["from_agency"]),
      state,
      due: typeof row["due"] === "number" ? row["due"] : null,
      found: typeof row["found"] === "boolean" ? row["found"] : null,
      open: state === ASKED && !row["being_confirmed"],
    });
  }
  return found;
}

/**
 * Say that a consent is kept, and let its packets go, or withdraw it; then end the request. The packets come first, so that
 * a decision that was cut off leaves the request open; deciding again finishes it.
 */
export async function decide(member: Member, freeze: string, decision: Decision): Promise<Decided> {
  await member.me(SUPERVISOR);
  const shown = await show(member, freeze);
  if (!shown.view.possible?.includes(DECIDE)) fail("conflict");
  const key = keyOf(shown);
  const held = (await bases.listing(member)).find((one) => isOf(one, key)) ?? null;
  const all = await requests(member);
  // Packets of this receipt stand still, and the records hold no such consent: nothing else would ever end the freeze.
  if (held === null && all.some(({ handoff, found }) => handoff === freeze && found)) fail("conflict");
  const same = await others(member, freeze, key);
  let handoffs = await carryOut(member, held, decision, same);
  await say(member, shown, DECIDE, { decision }, { roles: SUPERVISOR });
  const left = same ? await others(member, freeze, key) : 0;
  // a colleague decided the last of them meanwhile
  if (same && !left) handoffs = await carryOut(member, held, decision, 0);
  return { basis: held?.handoff ?? null, handoffs, stillOpen: left };
}

async function carryOut(member: Member, held: Held | null, decision: Decision, same: number): Promise<string[]> {
  if (decision === "withdrawn") return withdrawal.withdraw(member, (held ?? fail("invalid_request")).handoff);
  if (held === null || same) return [];
  const rows = (await fannedOut(member)).filter((row) => row["basis"] === held.handoff);
  const gone: string[] = [];
  for (const row of rows) if (await unfreeze(member, String(row["handoff"]))) gone.push(String(row["handoff"]));
  return gone;
}

/** Let one handoff go if it stands still; return whether it did. */
async function unfreeze(member: Member, handoff: string): Promise<boolean> {
  try {
    const shown = await show(member, handoff);
    if (!shown.frozen) return false;
    await say(member, shown, UNFREEZE, {}, { roles: SUPERVISOR });
    return true;
  } catch (error) {
    if (error instanceof HubError && error.code === "not_found") return false; // it was prepared, and never sent
    throw error;
  }
}

/** How many other requests on the same receipt are undecided. */
async function others(member: Member, freeze: string, key: string): Promise<number> {
  const open = (await requests(member)).filter((row) => row.open && row.handoff !== freeze);
  const shown = await Promise.all(open.map(({ handoff }) => show(member, handoff)));
  return shown.filter((one) => keyOf(one) === key).length;
}

const keyOf = (shown: Shown): string => String(shown.lines[0]!.statement.body["key"]);

const isOf = ({ token }: Held, key: string): boolean => token !== null && b64u(freezeKey(token)) === key;

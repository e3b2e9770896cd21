/**
 * What became of the packets of a withdrawn handoff: which hub destroyed its copy, was it opened, what says the holder. The
 * twin of `hub/handoffs/domain.py`: read from signed statements alone.
 *
 * A recall is certain only if every hub that had the packet has signed that it is destroyed and that its header was never
 * given out; after that it is a request to whoever opened it, and says so. Of two words of one hub the worse counts.
 */

import type { JsonObject } from "../rcp/encoding.ts";
import { hostOf } from "../rcp/keys.ts";
import { GIVES_UP, type Line, type Shown } from "./handoffs.ts";
import { hubOf, manifestOf } from "./statements.ts";

export const WITHDRAW = "consent.withdraw";
export const HOLDER_ANSWER = "consent.holder_answer";
/** Who says for an agency what became of its copies, and what came beyond its basis. */
export const HOLDERS = ["caseworker", "provider", "supervisor", "focal_point", "data_officer"];
const DESTROY = "packet.destroy";
const ABOUT = [...GIVES_UP, DESTROY, HOLDER_ANSWER];
/** The state in a refusal of a statement about a handoff that is not known at a hub. */
const UNKNOWN = "unknown";

/** How far a recall has come. */
export type Recall = "certain" | "request" | "pending";

/** What is known of one hub's copy; `served` null: that hub has not said yet. */
export interface Copy {
  readonly host: string;
  readonly since: number;
  readonly destroyed: number | null;
  readonly served: boolean | null;
}

/** What became of a handoff's packets after a withdrawal at `withdrawn`, null where nothing was. */
export interface Custody {
  readonly withdrawn: number | null;
  readonly hubs: readonly Copy[];
  readonly answer: { readonly said: string; readonly at: number } | null;
  readonly recall: Recall | null;
}

interface Said {
  readonly type: string;
  readonly host: string | null;
  readonly at: number;
  readonly position: number | null;
  readonly body: JsonObject;
}

/** What hubs and holders have signed about the copies of a handoff. */
export function custodyOf(shown: Shown): Custody {
  const [home, away] = [hostOf(shown.from), hostOf(shown.to)];
  const lines = shown.lines.filter(({ statement, refused }) => ABOUT.includes(statement.type) && !refused);
  const begun = manifestOf(shown.lines[0]!.statement);
  const first = begun === null ? [] : [begun];
  const said = lines.map((line): Said => {
    const { type, at, body } = line.statement;
    return { type, host: hubOf(line.statement), at, position: positionAt(line, home), body };
  });
  for (const { words } of lines.filter(({ statement }) => GIVES_UP.includes(statement.type))) {
    const refused = words.filter((word) => word.refused?.state === UNKNOWN && word.refused.position === 0);
    said.push(...refused.map(({ host, at }) => nothingHad(host, at, first)));
  }
  const listed = (shown.view.custody?.hubs ?? []).map(({ host }) => host);
  const heard = shown.lines.flatMap(({ words, statement }) => [...words.map(({ host }) => host), hubOf(statement)]);
  const hosts = [...new Set([home, ...(heard.includes(away) || listed.includes(away) ? [away] : [])])];
  const sent = shown.packets.filter(({ manifest }) => manifest.to === shown.to).map(({ hash }) => hash);
  return reckoned(said, hosts, sent, first);
}

/** What it says when a hub refuses a withdrawal because it knows of no such handoff. */
function nothingHad(host: string, at: number, first: readonly string[]): Said {
  const packets = first.map((manifest) => ({ manifest, served: false }));
  return { type: DESTROY, host, at, position: null, body: { packets } };
}

function reckoned(
  said: readonly Said[],
  hosts: readonly string[],
  sent: readonly string[],
  first: readonly string[],
): Custody {
  const placed = said.filter(({ type, position }) => GIVES_UP.includes(type) && position !== null);
  if (placed.length === 0) return { withdrawn: null, hubs: [], answer: null, recall: null };
  // when both sides withdrew, the ordering hub says who was first
  const { at: since } = placed.reduce((one, other) => (other.position! < one.position! ? other : one));
  const hubs = hosts.map((host) => {
    const words = said.filter((one) => one.type === DESTROY && one.host === host);
    return words.reduce((copy, one) => heard(copy, one, sent, first), unheard(host, since));
  });
  const answers = said.filter(({ type }) => type === HOLDER_ANSWER);
  const place = ({ position }: Said) => position ?? Number.MAX_SAFE_INTEGER;
  const last = answers.length ? answers.reduce((one, other) => (place(other) > place(one) ? other : one)) : null;
  const answer = last && { said: String(last.body["answer"]), at: last.at };
  return { withdrawn: since, hubs, answer, recall: recallOf(hubs, answer) };
}

const unheard = (host: string, since: number): Copy => ({ host, since, destroyed: null, served: null });

function heard(known: Copy, { body, at }: Said, sent: readonly string[], first: readonly string[]): Copy {
  const named = new Map((body["packets"] as JsonObject[]).map(({ manifest, served }) => [manifest, served === true]));
  const whole = first.length > 0 && first.every((manifest) => named.has(manifest));
  const served = Boolean(known.served) || sent.some((manifest) => named.get(manifest) === true);
  return {
    ...known,
    destroyed: known.destroyed ?? (whole ? at : null),
    served: whole || served ? served : known.served,
  };
}

function recallOf(hubs: readonly Copy[], answer: Custody["answer"]): Recall {
  const holds = answer !== null && answer.said !== "erased";
  if (holds || hubs.some(({ served }) => served)) return "request";
  return hubs.every(({ destroyed }) => destroyed !== null) ? "certain" : "pending";
}

function positionAt({ words }: Line, home: string): number | null {
  const placed = words.filter(({ receipt, host }) => receipt !== null && host === home);
  return placed.find(({ receipt }) => receipt!.position !== null)?.receipt!.position ?? null;
}

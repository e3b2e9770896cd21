/**
 * The way of a case as a timeline: what was signed on its legs and referrals, and who was responsible when. The twin of
 * `hub/client/timeline.py`.
 *
 * Made of handoffs that `handoffs.show` has verified, so it says nothing that the hub merely says, except who acts next and
 * by when. It opens no packet: what it shows, hubs know too.
 */

import type { Line, Shown } from "./handoffs.ts";
import { SUCCEEDED, TAKE } from "./register.ts";
import { hubOf, isMember } from "./statements.ts";

const LEG = "transfer_leg";
const REGISTER = "case";
/** Upkeep of packets, which is no step of the case. */
const QUIET = ["packet.rewrap", "packet.destroy", "record.destroy"];
/** The clocks whose first rung is a warning before the day. */
const DATED = ["departure", "arrival", "timer"];

/** A leg, a referral or another handoff of the case; `number` counts those of one kind. */
export interface Stretch {
  readonly id: string;
  readonly kind: string;
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly next: string | null;
  readonly due: number | null;
}

/** One step: who signed what, and where it stands in which logs; `holder` is who is responsible from here on. */
export interface Entry {
  readonly at: number;
  readonly stretch: Stretch;
  readonly step: string;
  /** An agency and a role for each member; a host and null for a hub. */
  readonly by: readonly (readonly [string, string | null])[];
  readonly grade: string;
  readonly places: readonly (readonly [string, number])[];
  readonly refused: boolean;
  /** Whether it waits for the word of the ordering hub. */
  readonly waits: boolean;
  readonly rung: number | null;
  readonly holder: string | null;
}

/** How long an agency was responsible by the register; `ends` is null for the one that is. */
export interface Span {
  readonly agency: string;
  readonly begins: number;
  readonly ends: number | null;
}

/** The steps in the order in which they were signed, and who was responsible from when to when. */
export interface Timeline {
  readonly entries: readonly Entry[];
  readonly spans: readonly Span[];
  readonly stretches: readonly Stretch[];
}

/** Return the timeline of the verified handoffs of one case. Whose case it is, is known to whoever chose them. */
export function timeline(shown: readonly Shown[]): Timeline {
  const ordered = [...shown].sort((one, other) => began(one) - began(other));
  const counted = new Map<string, number>();
  const stretches = ordered.map((one) => {
    const number = (counted.get(one.view.kind) ?? 0) + 1;
    counted.set(one.view.kind, number);
    return stretchOf(one, number);
  });
  const entries = ordered.flatMap(({ lines }, i) =>
    lines.filter(({ statement }) => !QUIET.includes(statement.type)).map((line) => entryOf(stretches[i]!, line)),
  );
  entries.sort((one, other) => one.at - other.at);
  return { entries, spans: spansOf(ordered, entries), stretches };
}

const began = ({ lines }: Shown): number => lines[0]!.statement.at;

function stretchOf(shown: Shown, number: number): Stretch {
  const { ball, due, kind } = shown.view;
  const next = ball === "sender" ? shown.from : ball ? shown.to : null;
  return { id: shown.id, kind, number, from: shown.from, to: shown.to, next, due: next ? (due ?? null) : null };
}

function entryOf(stretch: Stretch, line: Line): Entry {
  const { statement, words, refused, position } = line;
  const { at, by, grade, body } = statement;
  return {
    at,
    stretch,
    step: stepOf(line),
    by: by.map((one): [string, string | null] => (isMember(one) ? [one.agency, one.role] : [one.hub, null])),
    grade,
    places: words.flatMap(({ host, receipt }): [string, number][] => (receipt ? [[host, receipt.index]] : [])),
    refused,
    waits: position === null && !refused && hubOf(statement) === null,
    rung: typeof body["rung"] === "number" ? body["rung"] : null,
    holder: moves(stretch, line),
  };
}

function stepOf({ statement: { type, body } }: Line): string {
  const warned = body["rung"] === 1 && DATED.includes(String(body["clock"]));
  return warned ? "warned" : type.slice(type.lastIndexOf(".") + 1);
}

/** Who is responsible from a statement on, if the register has it. */
function moves(stretch: Stretch, { position, statement: { type, body } }: Line): string | null {
  if (position === null || ![TAKE, SUCCEEDED].includes(type)) return null;
  return type === TAKE ? stretch.to : String(body["by"]);
}

function spansOf(ordered: readonly Shown[], entries: readonly Entry[]): Span[] {
  const first = ordered.find(({ view }) => [LEG, REGISTER].includes(view.kind));
  if (!first) return [];
  const moved = entries.flatMap(({ at, holder }) => (holder === null ? [] : [{ agency: holder, begins: at }]));
  const all = [{ agency: first.from, begins: began(first) }, ...moved];
  return all.map((one, i) => ({ ...one, ends: all[i + 1]?.begins ?? null }));
}

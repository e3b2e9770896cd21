/**
 * Queues at a member's desk: the hub's rows, each once, and who has to act next. The twin of `hub/client/queues.py`.
 *
 * The rows are the hub's word, to choose from and no evidence: `handoffs.show` verifies what is chosen.
 */

import type { Json, JsonObject } from "../rcp/encoding.ts";
import * as a from "../rcp/shapes.ts";
import type { Member } from "./member.ts";
import { pages } from "./handoffs.ts";
import { expect } from "./session.ts";

export type Desk = "owner" | "provider" | "supervisor";
export const OPEN = "open";
const PAGE = 100;

/** A handoff as lists have it. */
export interface Row {
  readonly id: string;
  readonly kind: string;
  readonly from_agency: string;
  readonly to_agency: string;
  readonly created: number;
  readonly touched: number;
  readonly state: string | null;
  readonly grade: string | null;
  readonly urgency: string | null;
  readonly ball: string | null;
  readonly due: number | null;
  readonly next_rung: string | null;
  readonly next_at: number | null;
  readonly being_confirmed: boolean;
  readonly silence: string | null;
  readonly paused: boolean;
  readonly owner: string | null;
  readonly sent_by: string | null;
  readonly needed_from: string | null;
  readonly asked: number;
  readonly untold: number;
  readonly doubted: boolean;
  readonly possible: readonly string[];
  readonly custody: { readonly frozen?: boolean; readonly withdrawn?: boolean; readonly due?: number | null } | null;
}

const ROW = a.atLeast({
  id: a.identifier,
  kind: a.string,
  from_agency: a.agency,
  to_agency: a.agency,
  touched: a.integer(),
});
const ITEMS = a.atLeast({ items: a.listOf(ROW, 200) });
const COUNTS = a.atLeast({ queues: a.atLeast({}) });

/** Rows in the order that was asked for; `more`: there are others behind them. */
export interface Listing {
  readonly rows: readonly Row[];
  readonly more: boolean;
}

/** The hub's question: `states`, `urgencies`, `agency`, `mine`, `due_before`, `arrivals`, `order`. */
export type Choice = JsonObject;

/** The first rows of a queue. One that changed while pages were fetched stands last, as it is now. */
export async function rows(
  member: Member,
  desk: Desk,
  queue = OPEN,
  { most = PAGE, ...choice }: Choice & { most?: number } = {},
): Promise<Listing> {
  const found = new Map<string, Row>();
  let after: string | null = null;
  do {
    const limit = Math.max(1, Math.min(PAGE, most + 1 - found.size));
    const asked: JsonObject = { queue, limit, ...choice, ...(after === null ? {} : { after }) };
    const page: Json = await member.hub.post(`/api/v1/queues/${desk}`, asked);
    ITEMS(page);
    const { items, next } = page as unknown as { items: Row[]; next: Json };
    for (const row of items) {
      found.delete(row.id);
      found.set(row.id, row);
    }
    after = typeof next === "string" ? next : null;
  } while (after !== null && found.size <= most);
  return { rows: [...found.values()].slice(0, most), more: found.size > most };
}

/** How much stands in each queue of a desk; `choice` as in `rows`, but no order. */
export async function counts(
  member: Member,
  desk: Desk,
  choice: Choice = {},
): Promise<{ readonly [queue: string]: number }> {
  const answer = await member.hub.post(`/api/v1/queues/${desk}/counts`, choice);
  COUNTS(answer);
  const { queues } = answer as { queues: { [queue: string]: number } };
  expect(Object.values(queues).every((count) => typeof count === "number"));
  return queues;
}

/** All of a kind that went in or out and is over or not, what changed last first. */
export async function box(member: Member, kind: string, way: "in" | "out", most = PAGE): Promise<Listing> {
  const found: Row[] = [];
  for await (const row of pages(member, kind, way)) {
    if (found.length === most) return { rows: found, more: true };
    found.push(row as unknown as Row);
  }
  return { rows: found, more: false };
}

/** By when somebody has to act: a holder who is asked what became of its copy goes first. */
export const dueOf = (row: Pick<Row, "custody" | "due">): number | null => row.custody?.due ?? row.due ?? null;

/** Who has to act next: the member's agency, the other one, a hub that has our word to confirm, or nobody. */
export type Holder = "us" | "them" | "hub" | "nobody";

export function ballOf(
  row: Pick<Row, "ball" | "custody" | "from_agency" | "to_agency" | "being_confirmed">,
  agency: string,
): Holder {
  const asked = (row.custody?.due ?? null) !== null;
  const side = asked ? row.to_agency : { sender: row.from_agency, recipient: row.to_agency }[row.ball ?? ""];
  if (side === undefined) return "nobody";
  if (side !== agency) return "them";
  return row.being_confirmed ? "hub" : "us";
}

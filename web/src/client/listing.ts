/**
 * The agency's own records, each opened once on this device: the twin of `records.listing` in `hub/client/records.py`.
 *
 * What was opened is remembered while the member is here, and on the member's shelf, sealed under the vault; of the kinds
 * that hold sections of a case the shelf remembers that they are there, not what they say. Attachments are `records.get`'s.
 */

import { isObject, type Json, type JsonObject } from "../rcp/encoding.ts";
import { pages } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { HubError } from "./session.ts";
import { readLatest, type Record } from "./records.ts";

const NAME = "records";
const DAY = 86_400;
const OF_A_CASE = ["draft", "case", "paper", "sent", "cosign", "handover", "scan", "approval", "remark"];

/** A record as lists have it. */
export type Listed = Omit<Record, "attachments">;

interface Row {
  readonly touched: number;
  readonly latest: string;
  /** Null where it cannot be read here: destroyed, another person's, of a form that is not known. */
  readonly kind: string | null;
  readonly record: Listed | null;
}

interface Kept {
  until: number;
  readonly rows: { [handoff: string]: Row };
}

const indexes = new WeakMap<Member, Index>();

/** A member's index: one for as long as the member is here. */
export function indexOf(member: Member): Index {
  const found = indexes.get(member) ?? new Index(member);
  indexes.set(member, found);
  return found;
}

export class Index {
  private readonly member: Member;
  private readonly opened = new Map<string, Listed | null>();
  private kept: Kept | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(member: Member) {
    this.member = member;
  }

  /** One at a time, so that nothing is opened twice. */
  listing(kinds: readonly string[], since: number): Promise<Listed[]> {
    const found = this.last.then(() => this.list(kinds, since));
    this.last = found.catch(() => undefined);
    return found;
  }

  private async list(kinds: readonly string[], since: number): Promise<Listed[]> {
    const index = (this.kept ??= read(await this.member.shelf?.load(NAME)));
    await this.refresh(index, since);
    const asked = Object.entries(index.rows).filter(([, row]) => row.kind !== null && row.touched >= since);
    const wanted = asked.filter(([, row]) => kinds.length === 0 || kinds.includes(row.kind!));
    wanted.sort(([, one], [, other]) => other.touched - one.touched);
    const rows: Listed[] = [];
    for (const [handoff, row] of wanted) {
      const found = row.record ?? (await this.again(handoff));
      if (found) rows.push(found);
    }
    return rows;
  }

  /** Open what this device has not seen. What was opened so far need not be opened again, whatever breaks. */
  private async refresh(index: Kept, since: number): Promise<void> {
    let changed = false;
    try {
      for await (const { id, touched, latest } of this.touched(index, since)) {
        if (index.rows[id]?.latest === latest && latest !== "") continue;
        const found = await readLatest(this.member, id);
        const record = found.record && listed(found.record);
        this.opened.set(id, record);
        const kept = record && !OF_A_CASE.includes(record.kind) ? record : null;
        index.rows[id] = { touched, latest: found.latest, kind: record?.kind ?? null, record: kept };
        changed = true;
      }
    } catch (error) {
      // without a line, a device that keeps its work goes by what it has seen
      if (!(error instanceof HubError && error.code === "peer_unreachable" && this.member.later)) throw error;
    } finally {
      if (changed) await this.member.shelf?.save(NAME, index as unknown as Json);
    }
  }

  /** Rows come newest first. A hub's clock may be set back: a day is looked at again, and its future is not believed. */
  private async *touched(index: Kept, since: number): AsyncGenerator<{ id: string; touched: number; latest: string }> {
    const horizon = index.until - DAY;
    let newest = index.until;
    for await (const row of pages(this.member, "own_record", "out")) {
      const touched = row["touched"] as number;
      if (touched < horizon) break;
      if (touched < since) return;
      newest = Math.max(newest, touched);
      yield { id: String(row["id"]), touched, latest: String(row["latest"] ?? "") };
    }
    index.until = Math.min(newest, this.member.now());
  }

  private async again(handoff: string): Promise<Listed | null> {
    if (!this.opened.has(handoff)) {
      const { record } = await readLatest(this.member, handoff);
      this.opened.set(handoff, record && listed(record));
    }
    return this.opened.get(handoff) ?? null;
  }
}

function listed(record: Record): Listed {
  const { handoff, kind, value, manifest, began, at, authors } = record;
  return { handoff, kind, value, manifest, began, at, authors };
}

const read = (value: Json | undefined): Kept =>
  isObject(value) && isObject(value["rows"]) && typeof value["until"] === "number"
    ? (value as JsonObject as unknown as Kept)
    : { until: 0, rows: {} };

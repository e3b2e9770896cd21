/**
 * What was signed and sealed while there was no line, and is sent once there is one: in its order, each once.
 *
 * A statement is the same however often it is sent, so a break after the hub took it does no harm. What the hub refuses
 * stays here with its reason until a person has read it: nothing is lost silently.
 */

import type { Member } from "../../client/member.ts";
import { deliver } from "../../client/handoffs.ts";
import { systemRandom } from "../../rcp/age.ts";
import { HubError } from "../../client/session.ts";
import { PacketError } from "../../rcp/errors.ts";
import { b64u, fromB64u, isObject, type Json, type JsonObject } from "../../rcp/encoding.ts";
import type { Local } from "./local.ts";

/** What says nothing about a statement: it waits on, and all behind it. */
const PASSING = ["peer_unreachable", "unauthenticated", "totp_required", "totp_setup", "rate_limited", "unavailable"];

export interface Waiting {
  readonly name: string;
  readonly at: number;
  /** The code of the error with which it was refused; null while it waits for a line. */
  readonly refused: string | null;
}

const [KEEPING, SENDING] = ["handover-queue-keep", "handover-queue-send"];

/** Do something that no other tab of this browser does at the same time. */
export function alone<T>(name: string, act: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request(name, act) : act();
}

export class Queue {
  private readonly member: Member;
  private readonly local: Local;
  private readonly listeners = new Set<(rows: readonly Waiting[]) => void>();
  private sending: Promise<void> | null = null;

  constructor(member: Member, local: Local) {
    this.member = member;
    this.local = local;
    member.later = (path, parts) => this.keep(path, parts);
  }

  async waiting(): Promise<Waiting[]> {
    const held = await this.local.held("queue");
    const rows = await Promise.all(held.map(async ({ name, at }) => ({ name, at, row: await this.row(name) })));
    return rows.map(({ name, at, row }) => ({ name, at, refused: (row["refused"] ?? null) as string | null }));
  }

  watch(listener: (rows: readonly Waiting[]) => void): () => void {
    this.listeners.add(listener);
    void this.tell();
    return () => this.listeners.delete(listener);
  }

  /** Send what waits. Two callers at once send once. */
  flush(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => (this.sending = null));
    return this.sending;
  }

  /** Let go of what was refused, once a person has seen why. */
  async dismiss(name: string): Promise<void> {
    await this.local.delete("queue", name);
    await this.tell();
  }

  private async keep(path: string, parts: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const packed = Object.fromEntries([...parts].map(([name, data]) => [name, b64u(data)]));
    await alone(KEEPING, async () => {
      const held = await this.local.held("queue");
      const last = held.reduce((most, { name }) => Math.max(most, parseInt(name, 10)), 0);
      const name = `${String(last + 1).padStart(9, "0")}-${b64u(systemRandom(6))}`; // never one that was sent before
      await this.local.put("queue", name, { path, parts: packed });
    });
    await this.tell();
  }

  private sendAll(): Promise<void> {
    return alone(SENDING, () => this.sendEach());
  }

  private async sendEach(): Promise<void> {
    const names = (await this.local.held("queue")).map(({ name }) => name).sort();
    for (const name of names) {
      const row = await this.row(name);
      if (row["refused"] || !isObject(row["parts"] ?? null)) continue; // another tab sent it
      const parts = new Map(
        Object.entries(row["parts"] as JsonObject).map(([part, data]) => [part, fromB64u(data as string)]),
      );
      try {
        await deliver(this.member, String(row["path"]), parts);
      } catch (error) {
        if (!(error instanceof HubError || error instanceof PacketError)) throw error;
        if (PASSING.includes(error.code)) return;
        await this.local.put("queue", name, { ...row, refused: error.code });
        continue;
      }
      await this.local.delete("queue", name);
    }
    await this.tell();
  }

  private async row(name: string): Promise<JsonObject> {
    const row: Json = await this.local.get("queue", name);
    return isObject(row) ? row : {};
  }

  private async tell(): Promise<void> {
    const rows = await this.waiting();
    this.listeners.forEach((listener) => listener(rows));
  }
}

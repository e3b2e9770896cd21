/**
 * What this device keeps of a member's work: drafts, what was read, what waits to be sent. Every byte is sealed under the
 * vault, names too, so that nothing is readable after lock or log-out.
 */

import { ascii, b64u, parseJson, canonical, sha256, type Bytes, type Json } from "../../rcp/encoding.ts";
import type { Member } from "../../client/member.ts";
import { isFull, read, readAll, remove, write } from "./database.ts";

export type Group = "draft" | "read" | "queue" | "kept" | "setting";

/** What is nowhere else. */
const LASTING: readonly Group[] = ["draft", "queue"];

interface Row {
  readonly key: string;
  readonly group: string;
  readonly name: Bytes;
  readonly data: Bytes;
  readonly at: number;
}

/** A row as it is without being opened: to count, and to let go of the oldest. */
export interface Held {
  readonly name: string;
  readonly size: number;
  readonly at: number;
}

export class Local {
  private readonly member: Member;
  private readonly listeners = new Set<(full: boolean) => void>();

  constructor(member: Member) {
    this.member = member;
  }

  async getRow(group: Group, name: string): Promise<{ readonly data: Bytes; readonly at: number } | null> {
    const row = await read<Row>("sealed", this.key(group, name));
    return row ? { data: this.member.openLocal(row.data, row.key), at: row.at } : null;
  }

  async getBytes(group: Group, name: string): Promise<Bytes | null> {
    return (await this.getRow(group, name))?.data ?? null;
  }

  async putBytes(group: Group, name: string, data: Uint8Array): Promise<void> {
    const key = this.key(group, name);
    const sealed = this.member.sealLocal(data, key);
    const label = this.member.sealLocal(ascii(encodeURIComponent(name)), `${key}#`);
    const row: Row = { key, group: this.group(group), name: label, data: sealed, at: this.member.now() };
    if (!LASTING.includes(group)) return write("sealed", row);
    void navigator.storage?.persist?.(); // else some browsers forget after a week
    try {
      await write("sealed", row);
      this.setFull(false);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.setFull(true);
      if (group !== "draft") throw error; // who types is not stopped, and reads above it that nothing is kept
    }
  }

  /** Call `listener` when what is typed can no longer be kept here, and when it can again; returns what ends that. */
  watchFull(listener: (full: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private setFull(full: boolean): void {
    this.listeners.forEach((listener) => listener(full));
  }

  async get(group: Group, name: string): Promise<Json> {
    const data = await this.getBytes(group, name);
    return data && parseJson(data);
  }

  put(group: Group, name: string, value: Json): Promise<void> {
    return this.putBytes(group, name, canonical(value));
  }

  delete(group: Group, name: string): Promise<void> {
    return remove("sealed", this.key(group, name));
  }

  /** What is kept of a group, the oldest first. */
  async held(group: Group): Promise<Held[]> {
    const rows = await readAll<Row>("sealed", this.group(group));
    const named = rows.map((row) => ({ name: this.nameOf(row), size: row.data.length, at: row.at }));
    return named.sort((one, other) => one.at - other.at || (one.name < other.name ? -1 : 1));
  }

  private nameOf(row: Row): string {
    return decodeURIComponent(new TextDecoder().decode(this.member.openLocal(row.name, `${row.key}#`)));
  }

  /** Nobody learns from a key what it is of: whose, and a hash that needs the vault. */
  private key(group: Group, name: string): string {
    return `${this.group(group)}/${b64u(sha256(ascii("rcp/1/kept"), this.member.localTag(), ascii(group), ascii(encodeURIComponent(name))))}`;
  }

  private group(group: Group): string {
    return `${this.member.login}/${group}`;
  }
}

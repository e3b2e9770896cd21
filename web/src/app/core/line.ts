/**
 * The line to the hub as an app on a bad phone line needs it: what was read once can be read again without a network.
 *
 * Keeps answers sealed under the vault. What never changes (files of packets, by their hash) is not asked for twice; for
 * everything else the hub is asked first. An answer out of the store is verified like any other: it may be old, not false.
 */

import type { Surroundings } from "../../client/session.ts";
import { ascii, concat } from "../../rcp/encoding.ts";
import { unlessFull } from "./database.ts";
import type { Local } from "./local.ts";

const KEPT = /^\/api\/v1\/(handoffs|packets|agencies|log|grants|me|members|directory|timers|queues)\b/;
/** What `client/trust.ts` keeps itself once it has verified it. */
const VERIFIED = /^\/api\/v1\/agencies\/[^/]+$/;
const UNCHANGING = /^\/api\/v1\/packets\/[^/]+\/files\//;
/** Above this a file is not kept: a phone has little room. */
const MOST = 8 * 2 ** 20;
/** Answers that are kept together; the oldest go first. */
const ROOM = 60 * 2 ** 20;
const EVERY = 50;
const STEP = 0.25;

export interface Standing {
  readonly online: boolean;
  /** When the oldest of what is shown was read from the hub, while there is no line. */
  readonly asOf: number | null;
}

export class Line implements Surroundings {
  /** Where answers are kept; nothing is while nobody is signed in. */
  local: Local | null = null;
  standing: Standing = { online: true, asOf: null };
  private readonly listeners = new Set<(standing: Standing) => void>();
  private written = 0;

  /** Go by what the device itself says of its network, before a request has waited for nothing. */
  heed(device: EventTarget): void {
    const look = () => this.set(navigator.onLine ? { online: true, asOf: null } : { ...this.standing, online: false });
    look();
    ["offline", "online"].forEach((happened) => device.addEventListener(happened, look));
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const path = new URL(url, globalThis.location.href).pathname;
    const name = keptName(url, path, init);
    const local = this.local; // of whoever asks: when the answer is here, somebody else may have signed in
    const held = name && UNCHANGING.test(path) ? await heldBy(local, name) : null;
    if (held) return held.answer;
    let answer: Response;
    try {
      answer = await fetch(url, init);
    } catch (error) {
      const last = name ? await heldBy(local, name) : null;
      this.set({ online: false, asOf: last ? Math.min(last.at, this.standing.asOf ?? last.at) : this.standing.asOf });
      if (!last) throw error;
      return last.answer;
    }
    this.set({ online: true, asOf: null });
    return name && answer.ok ? this.kept(local, name, answer) : answer;
  }

  wait(seconds: number): Promise<void> {
    return new Promise((done) => setTimeout(done, (navigator.onLine ? seconds : seconds * STEP) * 1000));
  }

  /** Call `listener` whenever the line breaks or is back; returns what ends that. */
  watch(listener: (standing: Standing) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private set(standing: Standing): void {
    if (standing.online === this.standing.online && standing.asOf === this.standing.asOf) return;
    this.standing = standing;
    this.listeners.forEach((listener) => listener(standing));
  }

  private async kept(local: Local | null, name: string, answer: Response): Promise<Response> {
    const size = Number(answer.headers.get("Content-Length") ?? 0);
    if (!local || size > MOST || answer.status === 204) return answer;
    const data = new Uint8Array(await answer.arrayBuffer());
    const { status, headers } = answer;
    if (data.length <= MOST) {
      await local.putBytes("read", name, data).catch(unlessFull);
      if (++this.written % EVERY === 0) await tidy(local);
    }
    return new Response(data, { status, headers });
  }
}

async function heldBy(local: Local | null, name: string): Promise<{ answer: Response; at: number } | null> {
  const row = await local?.getRow("read", name);
  if (!row) return null;
  const headers = { "Content-Type": "application/json" };
  return { answer: new Response(row.data, { status: 200, headers }), at: row.at };
}

/** What is asked, as a name to keep its answer under; null for what changes something. */
function keptName(url: string, path: string, { method, body }: RequestInit): string | null {
  const reads =
    method === "GET" ||
    (method === "POST" &&
      /^\/api\/v1\/(queues|directory)\/.*(list|slice|owner|provider|supervisor|counts|due)$/.test(path));
  if (!reads || !KEPT.test(path) || VERIFIED.test(path)) return null;
  const query = new URL(url, globalThis.location.href).search;
  const asked = body instanceof Uint8Array ? new TextDecoder().decode(concat(ascii(" "), body)) : "";
  return `${path}${query}${asked}`;
}

async function tidy(local: Local): Promise<void> {
  const rows = await local.held("read");
  let size = rows.reduce((sum, row) => sum + row.size, 0);
  for (const row of rows) {
    if (size <= ROOM) return;
    size -= row.size;
    await local.delete("read", row.name);
  }
}

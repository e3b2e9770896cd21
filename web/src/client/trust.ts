/**
 * Which agencies, members and hubs this client believes, and how it comes to: `pins.ts` over what the home hub serves.
 *
 * A peer hub's key is taken from the home hub, whose operator compared its fingerprint; what agencies are is for two
 * certifiers or a fingerprint all the same. Where nobody answers, what was verified on this device before still counts,
 * under the head of its log at that time. The twin of `hub/client/trust.py`.
 */

import { fingerprint } from "../rcp/dsse.ts";
import { fromB64u, isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import { checkGrown, verifyNote } from "../rcp/log.ts";
import type { Checkpoint } from "../rcp/packet.ts";
import type { MemberCert } from "./documents.ts";
import {
  acceptAgency,
  hubKey,
  membersOf,
  named,
  seeCheckpoint,
  trustHub,
  TrustedKeys,
  type Pins,
  type TrustedAgency,
} from "./pins.ts";
import { expect, fail, HubSession, NoLine } from "./session.ts";

/** Seconds for which an agency is not asked for again: a revocation counts here after that at the latest. */
const FRESH = 60;
const EMPTY = "A".repeat(43);
const SHELVED = "agency/";

export type Clock = () => number;

/** Keeps values under names on this device, sealed under the vault. */
export interface Shelf {
  load(name: string): Promise<Json>;
  save(name: string, value: Json): Promise<void>;
}

export class Trust {
  /** What the vault keeps. */
  pins: Pins;
  /** Where this device keeps what was verified, for when there is no line. */
  shelf: Shelf | null = null;
  private readonly hub: HubSession;
  private readonly host: string;
  private readonly now: Clock;
  /** The key documents of agencies as they were served last: what a proof brings along. */
  readonly served = new Map<string, JsonObject>();
  private readonly found = new Map<string, { at: number; agency: TrustedAgency }>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(hub: HubSession, pins: Pins, host: string, now: Clock) {
    this.hub = hub;
    this.pins = pins;
    this.host = host;
    this.now = now;
  }

  /**
   * An agency whose keys were verified and that is believed; `digits` is the fingerprint that a person compared. Unless
   * `fresh`, what was verified before is good enough: for the own agency, and for who signed what.
   */
  async agency(name: string, { digits = "", fresh = true } = {}): Promise<TrustedAgency> {
    const found = fresh ? await this.lookUp(name, digits) : await this.cached(name);
    return found.how === "first_seen" ? refuse("bad_signature") : found;
  }

  /** An agency to be shown, whether or not it is believed: nothing is sealed to it on this alone. */
  lookAt(name: string): Promise<TrustedAgency> {
    return this.lookUp(name, "");
  }

  /** Who may sign for these agencies, and the hubs that this client knows. */
  async keys(...names: string[]): Promise<TrustedKeys> {
    const found = new Map<string, TrustedAgency>();
    for (const name of names) found.set(name, await this.cached(name));
    return new TrustedKeys(found, this.pins);
  }

  /** An agency by key documents that were served before: what proves without a hub. */
  keptAgency(name: string, served: JsonObject): TrustedAgency {
    const note = served["checkpoint"];
    const { head, pins } = seeCheckpoint({ ...this.pins, checkpoints: {} }, String(note), hostOf(name), []);
    return acceptAgency(pins, name, served, head).agency;
  }

  /** Ask the hub again at the next question. */
  forget(): void {
    this.found.clear();
  }

  /** The newest checkpoint of the home hub that was seen, for a manifest. */
  logHead(): Checkpoint {
    return named(this.pins.checkpoints, this.host) ?? { origin: this.host, size: 0, root: EMPTY };
  }

  /** Refuse a head of another history than the one that was seen at the same size: a fork. */
  compare(head: Checkpoint): void {
    const seen = named(this.pins.checkpoints, head.origin);
    if (seen && seen.size === head.size && seen.root !== head.root) refuse("bad_signature");
  }

  private async cached(name: string): Promise<TrustedAgency> {
    const kept = this.found.get(name);
    return kept && Math.abs(this.now() - kept.at) < FRESH ? kept.agency : this.lookUp(name, "", false);
  }

  /** One at a time: what is seen of a log goes on from what was seen last. */
  private lookUp(name: string, digits: string, patient = true): Promise<TrustedAgency> {
    const found = this.last.then(() => this.asked(name, digits, patient));
    this.last = found.catch(() => undefined);
    return found;
  }

  private async asked(name: string, digits: string, patient: boolean): Promise<TrustedAgency> {
    const host = hostOf(name);
    const shelved = (await this.shelf?.load(SHELVED + name)) ?? null;
    let served: Json;
    try {
      const path = `/api/v1/agencies/${encodeURIComponent(name)}`;
      served = await this.hub.get(path, {}, { hurried: !patient && shelved !== null });
    } catch (error) {
      if (!(error instanceof NoLine) || digits !== "" || !isObject(shelved)) throw error;
      const { served, sign } = shelved as { served: JsonObject; sign: string };
      this.pins = { ...this.pins, hubs: { [host]: sign, ...this.pins.hubs } }; // the vault may not have it yet
      const agency = this.keptAgency(name, served);
      this.found.set(name, { at: this.now(), agency });
      return agency;
    }
    expect(isObject(served) && typeof served["checkpoint"] === "string");
    await this.knowHub(host);
    const head = await this.see(host, served["checkpoint"]);
    const { agency, pins } = acceptAgency(this.pins, name, served, head, digits);
    this.pins = pins;
    this.served.set(name, served);
    this.found.set(name, { at: this.now(), agency });
    await this.shelf?.save(SHELVED + name, { served, sign: named(pins.hubs, host)! });
    return agency;
  }

  private async see(host: string, note: string): Promise<Checkpoint> {
    const seen = named(this.pins.checkpoints, host);
    const { size } = verifyNote(note, host, hubKey(this.pins, host));
    const proof = seen ? await this.grown(host, seen.size, size) : [];
    const { head, pins } = seeCheckpoint(this.pins, note, host, proof);
    this.pins = pins;
    return head;
  }

  /** The newest checkpoint of a hub's log as a note, asked for there. It goes on from what was seen; it is not pinned. */
  async head(host: string): Promise<string> {
    await this.knowHub(host);
    const note = await this.hub.text(`${this.log(host)}/checkpoint`);
    const head = verifyNote(note, host, hubKey(this.pins, host));
    const seen = named(this.pins.checkpoints, host);
    if (seen) checkGrown(seen, head, await this.grown(host, seen.size, head.size));
    return note;
  }

  /** A hub's own proof that its log only grew between two sizes; the caller checks it. */
  async grown(host: string, old: number, now: number): Promise<Bytes[]> {
    if (!(0 < old && old < now)) return [];
    const answer = await this.hub.get(`${this.log(host)}/consistency`, { old, new: now });
    expect(isObject(answer) && Array.isArray(answer["proof"]));
    return answer["proof"].map((node) => fromB64u(node));
  }

  /** The address of a hub as the home hub knows it; "" is where the page came from. */
  async url(host: string): Promise<string> {
    return host === this.host ? this.hub.url : String((await this.peer(host))["url"]);
  }

  /** Where a hub's log answers: a browser asks no other origin, so the own hub relays what another one says. */
  private log(host: string): string {
    return host === this.host ? "/log" : `/federation/v1/peers/${host}`;
  }

  private async knowHub(host: string): Promise<void> {
    if (named(this.pins.hubs, host) !== undefined) return;
    const key = fromB64u((await this.peer(host))["sign"], 32);
    this.pins = trustHub(this.pins, host, key, fingerprint(key));
  }

  private async peer(host: string): Promise<JsonObject> {
    const answer: Json = await this.hub.get("/federation/v1/peers");
    expect(isObject(answer) && Array.isArray(answer["peers"]));
    const found = answer["peers"].find((row) => isObject(row) && row["host"] === host);
    return isObject(found) ? found : fail("not_found");
  }
}

/** A member's certified devices; none is `wrong_recipient` (R17). */
export function devicesOf(agency: TrustedAgency, member: string, now: number): MemberCert[] {
  const found = membersOf(agency, now).filter((cert) => cert.member === member);
  return found.length ? found : refuse("wrong_recipient");
}

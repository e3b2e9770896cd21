/**
 * A member at work: an opened vault, a session at the hub, and what both are needed for everywhere.
 *
 * Holds the keys in memory while it lives. Signs statements and seals packets; what may be sealed
 * to whom is judged before. Where device secret, newest version and accepted packets are kept is the caller's: `Kept`.
 */

import { formatRecipient, Identity, parseRecipient, systemRandom } from "../rcp/age.ts";
import { fingerprint, signEnvelope, Signer } from "../rcp/dsse.ts";
import {
  b64u,
  canonical,
  concat,
  fromB64u,
  hkdf,
  isObject,
  same,
  type Bytes,
  type Json,
  type JsonObject,
} from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import type { Actor } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { DeviceKeys, openGrant, publicEpoch, readGrants, SecretKey } from "./devices.ts";
import { keyidOf, newestEpoch, PERSON_ONLY, ROLES, type KeyEntry } from "./documents.ts";
import type { Link } from "./links.ts";
import { mergePins, readPins, type TrustedAgency } from "./pins.ts";
import { seal, type Basis, type Sealed } from "./seal.ts";
import { expect, fail, HubError, HubSession } from "./session.ts";
import { coSign, readUnverified, sign, type Said } from "./statements.ts";
import { devicesOf, Trust, type Clock, type Shelf } from "./trust.ts";
import * as vaults from "./vault.ts";
import type { Kdf, Stored, VaultKeys } from "./vault.ts";

const DAY = 86_400;
const RECORD_LIFE = 400 * DAY;
const PACKET_LIFE = 60 * DAY;
const SECRETS = a.objectOf({
  v: a.integer(1, 1),
  device: a.atLeast({}),
  root: a.nullOr(a.hash),
  auth: a.hash,
  pins: a.atLeast({}),
  epochs: a.atLeast({}),
});

/** What this device remembers between visits. */
export interface Kept {
  /** 16 bytes that never leave the member's devices and printed sheet. */
  readonly device: Bytes;
  /** The highest version of the vault that this device has seen. */
  seen: number;
  /** The manifest's hash under each packet id that was accepted here. */
  readonly accepted: Map<string, string>;
}

/** Who a member is, and their sealed vault. */
export interface Known {
  readonly login: string;
  readonly agency: string;
  readonly member: string;
  readonly stored: Stored;
}

/** Whom a packet is sealed to: an agency's newest epoch, one member's devices, or whoever holds a link. */
export interface Target {
  readonly agency: string;
  readonly inbox: string;
  readonly recipients: readonly string[];
  readonly epoch: number | null;
  readonly member: string | null;
}

export interface Given {
  readonly sections: { readonly [name: string]: Json };
  readonly attachments?: ReadonlyMap<string, Bytes>;
  readonly packet?: string;
  readonly basis?: Basis | null;
}

export class Member {
  readonly hub: HubSession;
  readonly trust: Trust;
  readonly login: string;
  readonly agency: string;
  readonly id: string;
  readonly kept: Kept;
  readonly now: Clock;
  /** Keeps what could not be sent, to send it once there is a line; without it, that there is none is an error. */
  later: ((path: string, parts: ReadonlyMap<string, Uint8Array>) => Promise<void>) | null = null;
  /**
   * Lets go of what this device kept of packets, so that only the hub decides whether, and as what, they open; and of what
   * was typed about the handoff or record `of` which they were, where they are no more.
   */
  letGo: ((manifests: readonly string[], of?: string) => Promise<unknown>) | null = null;
  private readonly device: DeviceKeys;
  private readonly epochs = new Map<number, SecretKey>();
  private content: JsonObject;
  /** Told whenever the vault is another, so that this device keeps the newest. */
  onVault: ((known: Known) => Promise<void>) | null = null;
  private keys: VaultKeys;
  private stored: Stored;

  private constructor(hub: HubSession, opened: Opened, who: { agency: string; member: string }, now: Clock) {
    const { login, keys, stored, kept, content } = opened;
    this.hub = hub;
    this.login = login;
    this.agency = who.agency;
    this.id = who.member;
    this.kept = kept;
    this.now = now;
    this.keys = keys;
    this.stored = stored;
    this.content = content;
    this.device = DeviceKeys.fromValue(content["device"]!);
    this.trust = new Trust(hub, readPins(content["pins"]!), hostOf(who.agency), now);
    hub.signIn = () => hub.open(login, this.keys.auth);
  }

  /** A member whose vault was made on this device just now; no hub has heard of it yet. */
  static prepared(hub: HubSession, known: Known, made: Omit<Opened, "login" | "stored">, now: Clock): Member {
    SECRETS(made.content);
    return new Member(hub, { ...made, login: known.login, stored: known.stored }, known, now);
  }

  /** Sign in with a login, a passphrase and this device's secret; the vault comes from the hub. */
  static async signIn(hub: HubSession, login: string, passphrase: string, kept: Kept, now: Clock): Promise<Member> {
    const keys = vaults.derive(passphrase, kept.device, vaults.kdfOf(kept.device));
    hub.use(await hub.open(login, keys.auth));
    const [sealed, who] = await Promise.all([hub.get("/api/v1/vault"), hub.get("/api/v1/me")]);
    const stored = vaults.readStored(sealed);
    const content = vaults.openVault(stored, keys, login, kept.seen);
    SECRETS(content);
    kept.seen = stored.version;
    expect(isObject(who) && typeof who["agency"] === "string" && typeof who["member"] === "string");
    const { agency, member } = who;
    a.agency(agency);
    return new Member(hub, { login, keys, stored, kept, content }, { agency, member }, now);
  }

  /** Open the vault that this device kept, without a network: a session begins when the hub is first asked. */
  static unlock(hub: HubSession, known: Known, passphrase: string, kept: Kept, now: Clock): Member {
    return Member.unlockWith(hub, known, vaults.derive(passphrase, kept.device, known.stored.kdf), kept, now);
  }

  /** The same with the vault's key however it came: from a passkey, or a recovery code, which has no secret to sign in. */
  static unlockWith(hub: HubSession, known: Known, { kek }: VaultKeys, kept: Kept, now: Clock): Member {
    const { login, stored } = known;
    const content = vaults.openVault(stored, { auth: new Uint8Array(), kek }, login, kept.seen);
    SECRETS(content);
    const keys = { auth: fromB64u(content["auth"] as string, 32), kek };
    return new Member(hub, { login, keys, stored, kept, content }, known, now);
  }

  /** What `unlock` needs: nothing of it is secret without passphrase and device. */
  get known(): Known {
    return { login: this.login, agency: this.agency, member: this.id, stored: this.stored };
  }

  /** What the hub gets of somebody who enrols: what it cannot open, and what is public. */
  get enrolment(): JsonObject {
    const { kdf, vault, recovery } = this.stored;
    const who = { login: this.login, member: this.id, auth: b64u(this.keys.auth) };
    return { ...who, kdf, vault: b64u(vault), recovery: recovery && b64u(recovery), ...this.publicKeys };
  }

  /** End the session, here and at the hub. */
  async signOut(): Promise<void> {
    this.hub.signIn = null;
    await this.hub.delete("/api/v1/sessions/current");
    this.hub.use(null);
  }

  /** Where this device keeps, sealed, what need not be asked of the hub again; none keeps nothing. */
  get shelf(): Shelf | null {
    return this.trust.shelf;
  }

  set shelf(shelf: Shelf | null) {
    this.trust.shelf = shelf;
  }

  // Who

  /** Sixty digits of this device's two public keys, as whoever certifies it compares them. */
  get fingerprint(): string {
    return fingerprint(concat(this.device.signer.publicKey, this.device.identity.recipient));
  }

  /** The member's own agency as its key documents say it is. */
  home(): Promise<TrustedAgency> {
    return this.trust.agency(this.agency, { fresh: false });
  }

  /** The roles that the agency's certificate gives this device: the certificate's word, not the hub's. */
  async roles(): Promise<string[]> {
    const cert = (await this.home()).devices.find(({ cert }) => keyidOf(cert) === this.device.signer.kid)?.cert;
    if (cert) need(cert.member === this.id, "bad_signature");
    return ROLES.filter((role) => cert?.roles.includes(role));
  }

  /** The member as the signer of a statement, in the first of their roles that is allowed. */
  async me(allowed: readonly string[] = ROLES): Promise<Actor> {
    const role = (await this.roles()).find((one) => allowed.includes(one)) ?? fail("forbidden");
    return { agency: this.agency, member: this.id, role };
  }

  // Keys

  /** The age identities of this device that may open a packet of these epochs; null is one person's. */
  async identities(epochs: readonly (number | null)[]): Promise<Identity[]> {
    if (epochs.some((epoch) => epoch !== null && !this.epochs.has(epoch))) await this.openEpochs();
    return [this.device.identity, ...this.epochs.values()];
  }

  /** The secrets of the agency's epochs that this device may use, by their numbers. */
  async epochSecrets(): Promise<ReadonlyMap<number, SecretKey>> {
    await this.openEpochs();
    return this.epochs;
  }

  /** The epochs that were begun on this device, published or not. */
  get begun(): ReadonlyMap<number, SecretKey> {
    const rows = Object.entries(this.content["epochs"] as JsonObject);
    return new Map(rows.map(([name, secret]) => [Number(name), new SecretKey(fromB64u(secret, 32))]));
  }

  /** The agency's root, on the device of whoever holds it: it certifies, and signs nothing else. */
  get root(): Signer | null {
    return this.rootSeed && new Signer(this.rootSeed);
  }

  get rootSeed(): Bytes | null {
    const seed = this.content["root"];
    return typeof seed === "string" ? fromB64u(seed, 32) : null;
  }

  /** What others may know of this device's keys. */
  get publicKeys(): { readonly sign: string; readonly recipient: string } {
    const { signer, identity } = this.device;
    return { sign: b64u(signer.publicKey), recipient: formatRecipient(identity.recipient) };
  }

  private async openEpochs(): Promise<void> {
    const grants = readGrants(await this.hub.get("/api/v1/grants"));
    const listed = (await this.home()).entry.enc.map(({ epoch }) => epoch);
    if (grants.some(({ epoch }) => !listed.includes(epoch))) this.trust.forget();
    const published = (await this.home()).entry.enc;
    for (const [number, own] of this.begun) {
      const { epoch, recipient } = publicEpoch(number, own);
      if (published.some((row) => row.epoch === epoch && row.recipient === recipient)) this.epochs.set(epoch, own);
    }
    const oldest = Math.min(...published.map(({ epoch }) => epoch));
    const fresh = grants.filter(({ epoch }) => !this.epochs.has(epoch) && epoch >= oldest);
    for (const grant of fresh) this.epochs.set(grant.epoch, openGrant(grant, this.device, published));
  }

  /** Whom to seal to at an agency: its newest epoch, one person (R16, R17), or whoever holds a link. */
  target(
    agency: TrustedAgency,
    { person, inbox, link }: { person?: string; inbox?: string; link?: Link } = {},
  ): Target {
    need(agency.how !== "first_seen", "bad_signature");
    const { entry } = agency;
    const named = { agency: entry.agency, inbox: inboxOf(entry, inbox), epoch: null };
    if (link) return { ...named, recipients: [link.recipient], member: link.id };
    if (person !== undefined) {
      const recipients = devicesOf(agency, person, this.now()).map(({ recipient }) => recipient);
      return { ...named, recipients, member: person };
    }
    need(entry.kind !== PERSON_ONLY, "wrong_recipient");
    const { epoch, recipient } = newestEpoch(entry);
    return { ...named, recipients: [recipient], epoch, member: null };
  }

  /** Whom own records are sealed to: the agency's epoch, or this member where there is none. */
  async ownTarget(): Promise<Target> {
    const home = await this.home();
    return this.target(home, home.entry.enc.length ? {} : { person: this.id });
  }

  // Sealing and sending

  /** Seal a packet; the basis is judged already, and null for an own record. */
  seal(to: Target, { sections, attachments = new Map(), packet, basis = null }: Given): Sealed {
    const created = this.now();
    const plan = {
      packet: packet ?? b64u(systemRandom(16)),
      from: this.agency,
      to: to.agency,
      inbox: to.inbox,
      author: this.id,
      created,
      expires: created + (basis ? PACKET_LIFE : RECORD_LIFE),
      log: this.trust.logHead(),
      basis,
      recipients: to.recipients.map(parseRecipient),
      epoch: to.epoch,
      member: to.member,
      sections,
      attachments,
    };
    return seal(plan, this.device.signer);
  }

  /** A statement with this member's signature, the first of its `by`. */
  statement(
    said: Omit<Said, "at" | "grade" | "parts">,
    part: Sealed | null = null,
    grade = "signed",
  ): ReturnType<typeof sign> {
    return sign({ ...said, at: this.now(), grade, parts: part ? [part.hash] : [] }, this.device.signer);
  }

  /** A statement that another member began, with this member's signature as the next of its `by`. */
  coSign(value: Json): ReturnType<typeof sign> {
    const signed = coSign(value, this.device.signer);
    return { value: signed, ...readUnverified(signed) };
  }

  /** Another document of this member's, in an envelope of its type. */
  sign(type: string, value: JsonObject): JsonObject {
    return signEnvelope(type, value, this.device.signer);
  }

  // On this machine

  /** Bytes for this machine alone, sealed under the vault; `name` says what they are. */
  sealLocal(data: Uint8Array, name: string): Bytes {
    return vaults.sealLocal(data, this.localKeys(), this.login, name);
  }

  openLocal(sealed: Bytes, name: string): Bytes {
    return vaults.openLocal(sealed, this.localKeys(), this.login, name);
  }

  /** What names of things on this machine are hashed with, so that they tell nothing without the vault. */
  localTag(): Bytes {
    return hkdf(this.localKeys().kek, "rcp/1/local-names");
  }

  /** Out of the device's key, not of the passphrase's: what waits to be sent outlives a new passphrase. */
  private localKeys(): VaultKeys {
    const { seed } = this.content["device"] as { seed: string };
    return { auth: new Uint8Array(), kek: hkdf(fromB64u(seed, 32), "rcp/1/this-device") };
  }

  /** What signing in shows the hub, as text: it proves more than a session that somebody may have stolen. */
  get loginSecret(): string {
    return String(this.content["auth"]);
  }

  /** What opens the vault, for a passkey of this browser, which keeps it sealed. */
  get vaultKeys(): VaultKeys {
    return this.keys;
  }

  /** Open what a recovery code wraps, as the hub keeps it: fails unless it is this vault's. */
  checkCode(code: Bytes): void {
    const wrap = this.stored.recovery ?? refuse("bad_signature");
    need(same(vaults.recover(wrap, code, this.login).kek, this.keys.kek), "bad_signature");
  }

  /** Take the vault as the hub keeps it now: another device of this member may have sealed it anew. */
  async refresh(): Promise<void> {
    const stored = vaults.readStored(await this.hub.get("/api/v1/vault"));
    const content = vaults.openVault(stored, this.keys, this.login, this.kept.seen);
    SECRETS(content);
    this.trust.pins = mergePins(readPins(content["pins"]!), this.trust.pins);
    await this.hold(content, this.keys, stored);
  }

  /** The key of the vault, sealed to a recovery code. */
  wrapFor(code: Bytes): Bytes {
    return vaults.wrapForRecovery(this.keys, code, this.login);
  }

  /**
   * Seal the vault again, with the pins as they are now and what else changed: at the hub first. `recovery` is the wrap of
   * a new code; `lock` are new keys, which come with the wrap that fits them.
   */
  async keep(changes: JsonObject = {}, how: { recovery?: Bytes; lock?: Lock } = {}): Promise<void> {
    const { keys, kdf } = how.lock ?? { keys: this.keys, kdf: this.stored.kdf };
    const pins = this.trust.pins as unknown as JsonObject;
    const content = { ...this.content, ...changes, auth: b64u(keys.auth), pins };
    const recovery = how.recovery ?? this.stored.recovery;
    const version = this.stored.version + 1;
    const vault = vaults.sealVault(content, keys, this.login, version, kdf);
    const wrap = recovery ? { recovery: b64u(recovery) } : {};
    const lock = how.lock ? { kdf, auth: b64u(keys.auth) } : {};
    await this.hub.put("/api/v1/vault", { version, vault: b64u(vault), ...wrap, ...lock, current: this.loginSecret });
    await this.hold(content, keys, { version, kdf, vault, recovery });
  }

  /** Seal the vault again if what is believed has changed; where another device was faster, with what that one believes. */
  async keepPins(): Promise<void> {
    if (same(canonical(this.content["pins"]!), canonical(this.trust.pins as unknown as JsonObject))) return;
    try {
      await this.keep();
    } catch (error) {
      if (!(error instanceof HubError && error.code === "stale_version")) throw error;
      await this.refresh();
      await this.keep();
    }
  }

  private async hold(content: JsonObject, keys: VaultKeys, stored: Stored): Promise<void> {
    this.content = content;
    this.keys = keys;
    this.stored = stored;
    this.kept.seen = stored.version;
    await this.onVault?.(this.known);
  }
}

/** New keys of a vault, and how the passphrase gives them. */
export interface Lock {
  readonly keys: VaultKeys;
  readonly kdf: Kdf;
}

interface Opened {
  readonly login: string;
  readonly keys: VaultKeys;
  readonly stored: Stored;
  readonly kept: Kept;
  readonly content: JsonObject;
}

function inboxOf(entry: KeyEntry, wanted: string | undefined): string {
  const chosen = wanted ?? entry.inboxes[0] ?? "";
  return entry.inboxes.includes(chosen) ? chosen : refuse("wrong_recipient");
}

/**
 * A member at work: an opened vault, a session at the hub, and what both are needed for everywhere.
 *
 * Holds the keys in memory while it lives. Signs statements and seals packets; what may be sealed
 * to whom is judged before. Where device secret, newest version and accepted packets are kept is the caller's: `Kept`.
 */

import { Identity, parseRecipient, systemRandom } from "../rcp/age.ts";
import { b64u, fromB64u, isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import type { Actor } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { DeviceKeys, openGrant, publicEpoch, readGrants, SecretKey } from "./devices.ts";
import { keyidOf, newestEpoch, PERSON_ONLY, ROLES, type KeyEntry } from "./documents.ts";
import type { Link } from "./links.ts";
import { readPins, type TrustedAgency } from "./pins.ts";
import { seal, type Basis, type Sealed } from "./seal.ts";
import { expect, fail, HubSession } from "./session.ts";
import { sign, type Said } from "./statements.ts";
import { devicesOf, Trust, type Clock } from "./trust.ts";
import * as vaults from "./vault.ts";
import type { Stored, VaultKeys } from "./vault.ts";

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
  private readonly device: DeviceKeys;
  private readonly epochs = new Map<number, SecretKey>();
  private content: JsonObject;
  private readonly keys: VaultKeys;
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
    hub.signIn = () => hub.open(login, keys.auth);
  }

  /** Sign in with a login, a passphrase and this device's secret; the vault comes from the hub. */
  static async signIn(hub: HubSession, login: string, passphrase: string, kept: Kept, now: Clock): Promise<Member> {
    const kdf = vaults.readKdf(await hub.get("/api/v1/kdf", { login }));
    const keys = vaults.derive(passphrase, kept.device, kdf);
    hub.use(await hub.open(login, keys.auth));
    const stored = vaults.readStored(await hub.get("/api/v1/vault"));
    const content = vaults.openVault(stored, keys, login, kept.seen);
    SECRETS(content);
    kept.seen = stored.version;
    const who = await hub.get("/api/v1/me");
    expect(isObject(who) && typeof who["agency"] === "string" && typeof who["member"] === "string");
    const { agency, member } = who;
    a.agency(agency);
    return new Member(hub, { login, keys, stored, kept, content }, { agency, member }, now);
  }

  /** Open the vault that this device kept, without a network: a session begins when the hub is first asked. */
  static unlock(hub: HubSession, known: Known, passphrase: string, kept: Kept, now: Clock): Member {
    const { login, stored } = known;
    const keys = vaults.derive(passphrase, kept.device, stored.kdf);
    const content = vaults.openVault(stored, keys, login, kept.seen);
    SECRETS(content);
    return new Member(hub, { login, keys, stored, kept, content }, known, now);
  }

  /** What `unlock` needs: nothing of it is secret without passphrase and device. */
  get known(): Known {
    return { login: this.login, agency: this.agency, member: this.id, stored: this.stored };
  }

  /** End the session, here and at the hub. */
  async signOut(): Promise<void> {
    this.hub.signIn = null;
    await this.hub.delete("/api/v1/sessions/current");
    this.hub.use(null);
  }

  // Who

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

  private async openEpochs(): Promise<void> {
    const grants = readGrants(await this.hub.get("/api/v1/grants"));
    const listed = (await this.home()).entry.enc.map(({ epoch }) => epoch);
    if (grants.some(({ epoch }) => !listed.includes(epoch))) this.trust.forget();
    const published = (await this.home()).entry.enc;
    for (const [name, secret] of Object.entries(this.content["epochs"] as JsonObject)) {
      const own = new SecretKey(fromB64u(secret, 32));
      const { epoch, recipient } = publicEpoch(Number(name), own);
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

  /** Seal the vault again, with the pins as they are now and what else changed: at the hub first. */
  async keep(changes: JsonObject = {}): Promise<void> {
    const content = { ...this.content, ...changes, pins: this.trust.pins as unknown as JsonObject };
    const { version, kdf, recovery } = this.stored;
    const next = version + 1;
    const vault = vaults.sealVault(content, this.keys, this.login, next, kdf);
    const wrap = recovery ? { recovery: b64u(recovery) } : {};
    await this.hub.put("/api/v1/vault", { version: next, vault: b64u(vault), ...wrap });
    this.content = content;
    this.stored = { version: next, kdf, vault, recovery };
    this.kept.seen = next;
  }
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

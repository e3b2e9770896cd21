/**
 * One visit to a link, without its screens: from the first press to the packet, and each answer.
 *
 * Nothing is asked of the hub before `begin`. The device's key is kept before the hub hears of it, and the statement that
 * binds it before it is sent: after a lost answer the same bytes go again.
 */

import { Signer } from "../rcp/dsse.ts";
import { b64u, canonical, fromB64u, utf8, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import { openAttachment, type Packet } from "../rcp/packet.ts";
import { signStatement } from "../rcp/statements.ts";
import { LinkApi } from "./api.ts";
import { fresh, load, save, type Kept } from "./device.ts";
import { sealReply, verifyHandoff, type Shown } from "./handoff.ts";
import { proofOf, type LinkKeys } from "./secret.ts";

export type Begun =
  { readonly shown: Shown } | { readonly state: string; readonly code: string; readonly left: number };

export class Visit {
  private readonly api: LinkApi;
  private readonly keys: LinkKeys;
  private kept: Kept = fresh();
  private readonly files = new Map<string, Bytes>();

  constructor(keys: LinkKeys) {
    this.keys = keys;
    this.api = new LinkApi(keys.id);
  }

  now(): number {
    return this.api.now();
  }

  /** What stands behind the link: the handoff itself, if it was opened on this device before. */
  async begin(): Promise<Begun> {
    this.kept = (await load(this.keys)) ?? this.kept;
    await this.keep({});
    const found = await this.api.get(this.keys.signer);
    if (found["state"] === "claimed" && this.kept.bind) return { shown: await this.bind(this.kept.bind) };
    const state = found["state"] === "claimed" && this.kept.tried ? "open" : String(found["state"]);
    return { state, code: String(found["code"]), left: Number(found["left"]) };
  }

  /** Let the hub send a code to the number that it knows; return the number's last digits. */
  async sendCode(): Promise<string> {
    return String((await this.api.post(this.keys.signer, "/code", {}))["ends"] ?? "");
  }

  /** Open the link with the six digits: claim it for this device, bind its key in the log, and only then fetch. */
  async open(digits: string, how: string): Promise<Shown> {
    const said = how === "sms" ? { code: digits } : { proof: proofOf(this.keys, digits) };
    const device = b64u(this.device().publicKey);
    await this.keep({ tried: true });
    const { handoff, agency, heads } = await this.api.post(this.keys.signer, "/open", { device, ...said });
    const by = [{ agency: String(agency), member: this.keys.id, role: "provider" }];
    const named = { type: "referral.bind", handoff: String(handoff), heads: heads as string[], by, at: this.now() };
    const bind = signStatement({ ...named, grade: "link", body: { sign: device }, parts: [] }, this.keys.signer);
    await this.keep({ bind });
    void navigator.storage?.persist?.(); // else some browsers forget after a week without a visit
    return this.bind(bind);
  }

  /** A statement of the person, ready to be sent as often as it takes. */
  prepare(shown: Shown, step: string, body: JsonObject, words: JsonObject): JsonObject {
    const sealed = Object.keys(words).length ? sealReply(shown, this.keys, this.device(), words, this.now()) : null;
    const by = [{ agency: shown.to, member: this.keys.id, role: "provider" }];
    const named = { type: `referral.${step}`, handoff: shown.id, heads: [...shown.heads], by, at: this.now() };
    const statement = signStatement(
      { ...named, grade: "link", body, parts: sealed ? [sealed.hash] : [] },
      this.device(),
    );
    return {
      statement: text(statement),
      manifest: sealed ? text(sealed.manifest) : null,
      body: sealed ? b64u(sealed.body) : null,
    };
  }

  async say(prepared: JsonObject): Promise<void> {
    await this.api.post(this.device(), "/statements", prepared);
  }

  /** The handoff as it stands now. */
  async look(): Promise<Shown> {
    const shown = await verifyHandoff(await this.api.get(this.device(), "/handoff"), {
      keys: this.keys,
      device: this.device(),
      now: this.now(),
      seen: this.kept.seen,
      fetch: (manifest, file) => this.file(manifest, file),
    });
    const seen = Object.fromEntries(shown.packets.map(({ manifest, hash }) => [manifest.packet, hash]));
    await this.keep({ seen: { ...this.kept.seen, ...seen } });
    return shown;
  }

  async attachment(packet: Packet, n: string): Promise<[string, Bytes]> {
    return openAttachment(packet, n, await this.file(packet.hash, n), [this.keys.identity]);
  }

  private async bind(bind: JsonObject): Promise<Shown> {
    await this.say({ statement: text(bind), manifest: null, body: null });
    return this.look();
  }

  private device(): Signer {
    return new Signer(fromB64u(this.kept.seed, 32));
  }

  private async keep(change: Partial<Kept>): Promise<void> {
    this.kept = { ...this.kept, ...change };
    await save(this.keys, this.kept);
  }

  private async file(manifest: string, n: string): Promise<Bytes> {
    const name = `${manifest}/files/${n}`;
    const found = this.files.get(name) ?? (await this.api.bytes(this.device(), `/packets/${name}`));
    this.files.set(name, found);
    return found;
  }
}

const text = (value: JsonObject): string => utf8(canonical(value));

/**
 * The agency's next key after somebody left or lost a device: started, granted, and put on every packet that is kept; and
 * the other changes of a key entry. The twin of `hub/client/epochs.py` and that part of `enrol.py`.
 *
 * Each stage asks what is still lacking and does that alone, so that what was interrupted goes on where it stopped and two
 * colleagues at once do no harm. Until the next epoch stands in the log the old key is alive: `oldKey` says whose. New
 * headers change no payload (docs/protocol.md §4.5), and no colleague who remains is ever without a key that opens.
 */

import { makeHeader, parseRecipient, readHeader, unwrap } from "../rcp/age.ts";
import { kid } from "../rcp/dsse.ts";
import {
  b64u,
  canonical,
  fromB64u,
  isObject,
  sha256,
  type Bytes,
  type Json,
  type JsonObject,
} from "../rcp/encoding.ts";
import { need, PacketError } from "../rcp/errors.ts";
import * as a from "../rcp/shapes.ts";
import { grantTo, publicEpoch, SecretKey } from "./devices.ts";
import { CASE_ROLES, MAX_EPOCHS, newestEpoch, PERSON_ONLY, signDocument } from "./documents.ts";
import type { Epoch, KeyEntry, MemberCert } from "./documents.ts";
import { publish, rootOf } from "./enrol.ts";
import { deliver, rewrapsOf, show, type Listed, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { membersOf, oldKeyHolders } from "./pins.ts";
import { fail, HubError } from "./session.ts";
import { refresh } from "./shares.ts";

const OUTSTANDING = a.atLeast({
  left: a.integer(),
  frozen: a.integer(),
  items: a.listOf(a.atLeast({ handoff: a.identifier, manifest: a.hash }), 1000),
});
/** A colleague was faster, or the packet stands still or is gone by now. */
const PASSED = ["conflict", "illegal_transition", "stale_version", "consent_missing", "not_found"];

interface Outstanding {
  readonly left: number;
  readonly frozen: number;
  readonly items: readonly { readonly handoff: string; readonly manifest: string }[];
}

/** What `renew` did, and what it could not do: frozen packets wait, others do not open with any key held here. */
export interface Renewed {
  readonly epoch: number;
  readonly granted: readonly string[];
  readonly done: number;
  readonly frozen: number;
  readonly closed: readonly string[];
}

/** Is told how many packets are done and how many are left. */
export type Told = (done: number, left: number) => void;

/** The devices that left and still hold the agency's newest epoch, out of its proven documents. */
export async function oldKey(member: Member): Promise<MemberCert[]> {
  member.trust.forget();
  return oldKeyHolders(await member.home());
}

/** Start the next epoch where the old key is still alive, grant what is lacking and re-wrap what is kept. */
export async function renew(member: Member, told: Told = () => undefined): Promise<Renewed> {
  if (!opensCases(await member.roles())) fail("forbidden");
  if ((await oldKey(member)).length) await nextEpoch(member);
  const granted = await grantMissing(member);
  const closed: string[] = [];
  let [done, frozen] = [0, 0];
  for (let after: string | null = null; ;) {
    const page = await outstanding(member, after);
    frozen = page.frozen;
    for (const [handoff, manifests] of byHandoff(page)) {
      done += await rewrapAll(member, handoff, manifests, closed);
      told(done, Math.max(0, page.left - done));
    }
    const last = page.items[page.items.length - 1];
    if (!last) break;
    after = `${last.handoff}.${last.manifest}`;
  }
  await refresh(member);
  return { epoch: newestEpoch((await member.home()).entry).epoch, granted, done, frozen, closed };
}

async function nextEpoch(member: Member): Promise<void> {
  rootOf(member); // who has it not hands what `startEpoch` gives to whoever does
  try {
    await publishEpoch(member, await startEpoch(member));
  } catch (error) {
    const faster = error instanceof HubError && error.code === "conflict";
    if (!faster || (await oldKey(member)).length) throw error;
  }
}

/** Make the next epoch's key on this device and keep it in the vault; whoever holds the root publishes it. */
export async function startEpoch(member: Member): Promise<Epoch> {
  member.trust.forget();
  const { entry } = await member.home();
  if (!opensCases(await member.roles()) || entry.kind === PERSON_ONLY) fail("forbidden");
  const number = following(entry);
  await member.refresh(); // another device of this member may have begun one
  const begun = new Map(member.begun);
  const secret = begun.get(number) ?? SecretKey.generate(); // begun by a run that was interrupted
  begun.set(number, secret);
  await member.keep({ epochs: valueOf(begun) });
  return publicEpoch(number, secret);
}

/** Publish an epoch in the agency's next key entry, signed by its root. */
export async function publishEpoch(member: Member, epoch: Epoch): Promise<void> {
  member.trust.forget();
  const { entry } = await member.home();
  if (epoch.epoch !== following(entry)) fail("invalid_request");
  if (entry.enc.length >= MAX_EPOCHS) {
    const { left, frozen } = await outstanding(member, null);
    if (left || frozen) fail("conflict"); // the oldest epoch would go, and packets may be sealed to it
  }
  const { suite, recipient } = epoch;
  const newest = { epoch: epoch.epoch, suite, recipient };
  await changeEntry(member, { enc: [...entry.enc, newest].slice(-MAX_EPOCHS) as unknown as Json[] });
}

/**
 * Seal the epoch secrets that this device holds to every certified device that may hold them; return member ids. Among them
 * is its own key: where the member works with another copy of the vault, that one opens them too.
 */
export async function grantMissing(member: Member): Promise<string[]> {
  member.trust.forget();
  const home = await member.home();
  const listed = home.entry.enc.map(({ epoch }) => epoch);
  const held = [...(await member.epochSecrets())].filter(([number]) => listed.includes(number));
  if (!held.length) fail("forbidden");
  const mine = kid(parseRecipient(member.publicKeys.recipient));
  const granted: string[] = [];
  for (const cert of membersOf(home, member.now())) {
    if (!opensCases(cert.roles)) continue;
    const grants = held.map(([number, secret]) => grantTo(cert, number, secret));
    await member.hub.put("/api/v1/grants", {
      grants: grants as unknown as Json[],
      current: member.loginSecret,
    });
    if (kid(parseRecipient(cert.recipient)) !== mine) granted.push(cert.member);
  }
  return granted;
}

/** Publish the agency's next key entry with these members changed, signed by its root: another deputy, duty numbers. */
export async function changeEntry(member: Member, changes: JsonObject): Promise<void> {
  const root = rootOf(member);
  member.trust.forget();
  const { entry, documents } = await member.home();
  const prev = documents.filter(({ document }) => document.kind === "key-entry").pop()!.document.hash;
  const next = { ...(entry as unknown as JsonObject), ...changes, seq: entry.seq + 1, prev };
  const path = `/api/v1/agencies/${encodeURIComponent(member.agency)}/entries`;
  await publish(member, path, { entry: signDocument("key-entry", next, root) });
}

const opensCases = (roles: readonly string[]): boolean => roles.some((role) => CASE_ROLES.includes(role));

const following = ({ enc }: KeyEntry): number => (enc[enc.length - 1]?.epoch ?? 0) + 1;

const valueOf = (epochs: ReadonlyMap<number, SecretKey>): JsonObject =>
  Object.fromEntries([...epochs].map(([number, secret]) => [String(number), b64u(secret.bytes)]));

// New headers

async function outstanding(member: Member, after: string | null): Promise<Outstanding> {
  const found = await member.hub.get("/api/v1/rewraps", after === null ? {} : { after });
  OUTSTANDING(found);
  return found as unknown as Outstanding;
}

function byHandoff({ items }: Outstanding): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { handoff, manifest } of items) found.set(handoff, [...(found.get(handoff) ?? []), manifest]);
  return found;
}

async function rewrapAll(member: Member, handoff: string, manifests: string[], closed: string[]): Promise<number> {
  const shown = await show(member, handoff);
  let done = 0;
  for (const manifest of manifests) {
    try {
      await rewrap(member, shown, shown.packet(manifest));
      done++;
    } catch (error) {
      if (error instanceof PacketError) closed.push(manifest);
      else if (!(error instanceof HubError && PASSED.includes(error.code))) throw error;
    }
  }
  return done;
}

async function rewrap(member: Member, shown: Shown, packet: Listed): Promise<void> {
  const newer = rewrapsOf(shown, packet);
  const files = packet.manifest.files.map((file) => ({ ...file, ...newer.find(({ n }) => n === file.n) }));
  const identities = await member.identities(files.map(({ epoch }) => epoch));
  const { epoch, recipient } = newestEpoch((await member.home()).entry);
  const to = parseRecipient(recipient);
  const given = await headersOf(member, packet);
  const made = files.map(({ n, hsha256 }): [string, Bytes] => {
    const header = fromB64u(given[n]);
    need(b64u(sha256(header)) === hsha256, "bad_signature");
    return [n, makeHeader([to], unwrap(readHeader(header), identities))];
  });
  const rows = made.map(([n, header]) => ({ n, hsha256: b64u(sha256(header)), kids: [kid(to)], epoch }));
  const by = [await member.me(CASE_ROLES)];
  const body = { manifest: packet.hash, files: rows };
  const said = member.statement({ type: "packet.rewrap", handoff: shown.id, heads: shown.heads, by, body });
  const headers = made.map(([n, header]): [string, Bytes] => [n.replace("att/", "att-"), header]);
  const parts = new Map([["statement", canonical(said.value)], ...headers]);
  await deliver(member, `/api/v1/handoffs/${shown.id}/statements`, parts);
}

async function headersOf(member: Member, packet: Listed): Promise<JsonObject> {
  const given = await member.hub.get(`/api/v1/packets/${packet.hash}/headers`);
  const headers = isObject(given) ? given["headers"] : null;
  return isObject(headers!) ? headers : fail("peer_misbehaved");
}

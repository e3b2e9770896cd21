/**
 * An agency's recovery out of two of three papers (docs/protocol.md §6). The twin of `hub/keys/recovery.py` and of what
 * `hub/client/recovery.py` does for an agency.
 *
 * Makes keys and words; does not print. What two shares open is given out by the hub only after their use stands in its log
 * and every member is told. The chain of key entries goes on: it is the same root.
 */

import { formatRecipient, parseRecipient, systemRandom } from "../rcp/age.ts";
import { Signer } from "../rcp/dsse.ts";
import { b64u, canonical, fromB64u, hkdf, isObject, parseJson, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import * as a from "../rcp/shapes.ts";
import { publicEpoch, SecretKey } from "./devices.ts";
import { CASE_ROLES, signDocument, type KeyEntry, type RecoveryKey } from "./documents.ts";
import * as enrol from "./enrol.ts";
import type { Desk, Invitation } from "./enrol.ts";
import type { Member } from "./member.ts";
import type { TrustedAgency } from "./pins.ts";
import type { Sheet } from "./recovery.ts";
import { expect, fail } from "./session.ts";
import { combine, split as splitSecret } from "./slip39.ts";
import { openSealed, sealTo } from "./sodium.ts";

const EPOCHS = 2;
/** As what the member comes in who put two papers together. */
export const COMES_BACK_AS = ["agency_admin", "supervisor"];
const ROOT = a.objectOf({ v: a.integer(1, 1), agency: a.agency, root: a.hash });
const KEPT = a.objectOf({ epoch: a.integer(1), secret: a.hash });
const KEPT_EPOCHS = a.objectOf({ v: a.integer(1, 1), agency: a.agency, epochs: a.listOf(KEPT, EPOCHS) });

/** Three lines of words, and what stands on each paper beside them: which agency, at which hub, with which key. */
export interface Shares {
  readonly lines: readonly string[];
  readonly where: Invitation;
}

/** Which papers count, out of the agency's proven documents; null where none were made. */
export function recoveryKey({ documents }: TrustedAgency): RecoveryKey | null {
  const newest = documents.filter(({ document }) => document.kind === "recovery-key").pop();
  return newest ? (newest.document.value as unknown as RecoveryKey) : null;
}

/** Make three shares of which two recover the agency, for people of the bodies `held`; older ones end. */
export async function split(member: Member, held: readonly string[], url: string): Promise<Shares> {
  const seed = member.rootSeed ?? fail("forbidden");
  const secret = systemRandom(32);
  const { sign, recipient } = keysOf(secret);
  const facts = { agency: member.agency, sign: b64u(sign.publicKey), recipient, held: [...held], at: member.now() };
  const key = signDocument("recovery-key", facts, enrol.rootOf(member));
  const opens = (await member.roles()).some((role) => CASE_ROLES.includes(role));
  const epochs = opens ? await member.epochSecrets() : member.begun;
  await enrol.publish(member, `${pathOf(member.agency)}/recovery`, {
    key,
    root: sealed(recipient, { v: 1, agency: member.agency, root: b64u(seed) }),
    epochs: sealed(recipient, epochsOf(member.agency, epochs)),
  });
  return { lines: await splitSecret(secret), where: placeOf(member, url) };
}

/** Seal the newest epochs to the agency's recovery key, if it has one; return whether it has. */
export async function refresh(member: Member): Promise<boolean> {
  const key = recoveryKey(await member.home());
  if (!key) return false;
  const epochs = sealed(key.recipient, epochsOf(member.agency, await member.epochSecrets()));
  await member.hub.put(`${pathOf(member.agency)}/recovery`, { sign: key.sign, epochs });
  return true;
}

/**
 * Recover the agency with two shares: enrol with its root and newest epochs. Everybody of the agency is told. `enrolled` is
 * awaited once the hub knows the member: it may want more of them before it lets them on.
 */
export async function join(
  desk: Desk,
  where: Invitation,
  lines: readonly string[],
  enrolled: (member: Member) => Promise<void> = () => Promise.resolve(),
): Promise<{ member: Member; sheet: Sheet }> {
  const secret = await combine(lines);
  const { sign, open } = keysOf(secret);
  const me = b64u(systemRandom(16));
  const facts = { agency: where.agency, sign: b64u(sign.publicKey), member: me, at: desk.now() };
  const use = signDocument("recovery-use", facts, sign);
  const given = await desk.hub.post(`${pathOf(where.agency)}/recoveries`, { use }, "");
  expect(isObject(given) && typeof given["code"] === "string");
  const invitation = { ...where, code: given["code"], member: me };
  const { member, sheet } = enrol.prepare(desk, invitation);
  await enrol.register(member, invitation);
  await enrolled(member);
  const { entry } = await member.home();
  const root = readRoot(openWith(open, given["root"]), entry);
  const epochs = readEpochs(openWith(open, given["epochs"]), entry);
  await member.keep({ root: b64u(root), epochs });
  await enrol.certify(member, enrol.thisDevice(member, where.roles), where.roles);
  return { member, sheet };
}

function keysOf(secret: Bytes): { sign: Signer; open: SecretKey; recipient: string } {
  const open = new SecretKey(hkdf(secret, "rcp/1/agency-recovery/enc"));
  const sign = new Signer(hkdf(secret, "rcp/1/agency-recovery/sign"));
  return { sign, open, recipient: formatRecipient(open.recipient) };
}

const pathOf = (agency: string): string => `/api/v1/agencies/${encodeURIComponent(agency)}`;

const sealed = (recipient: string, value: JsonObject): string =>
  b64u(sealTo(canonical(value), parseRecipient(recipient)));

function epochsOf(agency: string, secrets: ReadonlyMap<number, SecretKey>): JsonObject {
  const newest = [...secrets].sort(([one], [other]) => one - other).slice(-EPOCHS);
  return { v: 1, agency, epochs: newest.map(([epoch, secret]) => ({ epoch, secret: b64u(secret.bytes) })) };
}

function placeOf(member: Member, url: string): Invitation {
  const { pins } = member.trust;
  const host = hostOf(member.agency);
  return {
    ...{ v: 1, url, host, hub_key: pins.hubs[host] ?? refuse("unknown_signer"), agency: member.agency },
    ...{ roles: [...COMES_BACK_AS], code: "-", member: null, certifiers: [...pins.certifiers].sort() },
  };
}

function openWith({ recipient, bytes }: SecretKey, given: unknown): JsonObject {
  const value = parseJson(openSealed(fromB64u(given), recipient, bytes) ?? refuse("bad_signature"));
  return isObject(value) ? value : refuse("bad_signature");
}

function readRoot(value: JsonObject, entry: KeyEntry): Bytes {
  ROOT(value);
  const root = fromB64u(value["root"], 32);
  need(value["agency"] === entry.agency && b64u(new Signer(root).publicKey) === entry.root, "bad_signature");
  return root;
}

/** Those of the epochs that the agency has published. */
function readEpochs(value: JsonObject, { agency, enc }: KeyEntry): JsonObject {
  KEPT_EPOCHS(value);
  need(value["agency"] === agency, "bad_signature");
  const rows = value["epochs"] as { epoch: number; secret: string }[];
  const published = rows.filter(({ epoch, secret }) => {
    const { recipient } = publicEpoch(epoch, new SecretKey(fromB64u(secret, 32)));
    return enc.some((row) => row.epoch === epoch && row.recipient === recipient);
  });
  return Object.fromEntries(published.map(({ epoch, secret }) => [String(epoch), secret]));
}

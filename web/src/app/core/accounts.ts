/**
 * The accounts of this device: what is needed before a vault is open, and the ways to open it.
 *
 * A row holds no secret that counts without the passphrase or a passkey: the device secret, the sealed vault, passkeys'
 * wraps, and, sealed under the device's key, the session's token and which packets were accepted. Kept until somebody
 * removes the account here; lock and log-out leave it.
 */

import { Member, type Kept, type Known } from "../../client/member.ts";
import { makePasskey, openWithPasskey, type Wrap } from "../../client/passkey.ts";
import { recover, renew } from "../../client/recovery.ts";
import { HubError, HubSession } from "../../client/session.ts";
import { ready } from "../../client/sodium.ts";
import { parseCode } from "../../client/vault.ts";
import { ascii, b64u, canonical, isObject, parseJson, same, type Bytes, type JsonObject } from "../../rcp/encoding.ts";
import { PacketError } from "../../rcp/errors.ts";
import type { Front } from "./app.ts";
import { change as changeRow, read, readAll, remove } from "./database.ts";

export interface Account extends Known {
  readonly key: string;
  readonly group: "account";
  readonly device: Bytes;
  readonly seen: number;
  readonly passkeys: readonly Wrap[];
  /** The session's token, sealed. */
  readonly token: Bytes | null;
  /** What shows the hub that this device has signed in before, sealed. */
  readonly known: Bytes | null;
  /** Which packets were accepted here, sealed: one that comes again with other bytes is refused. */
  readonly accepted: Bytes | null;
  /** When the recovery sheet was typed back; null: it does not count yet. */
  readonly tested: number | null;
  /** Why the hub ended the last session, if it did. */
  readonly ended: string | null;
  readonly used: number;
}

const GROUP = "account";
const TOKEN = "session";
const KNOWN = "known";
const ACCEPTED = "accepted";
/** A passphrase that does not open what is here opens nothing at the hub either, or nobody can ask there. */
const NOT_HERE = ["unauthenticated", "peer_unreachable"];
/** Asks for the six digits of an authenticator app; the screen of sign-in says how. */
type AskCode = (wrong: boolean) => Promise<string>;

let askCode: AskCode | null = null;
let ended: (() => void) | null = null;
/** Older browsers have none: then each tab locks by itself. */
const tabs = typeof BroadcastChannel === "function" ? new BroadcastChannel("handover") : null;

/** Let `ask` ask a person for codes, and `end` be told when a hub ended a session for good. */
export const listen = (ask: AskCode | null, end: (() => void) | null): void => {
  if (ask) askCode = ask;
  if (end) ended = end;
  if (tabs) tabs.onmessage = () => ended?.();
};

/** Lock every other tab of this browser, too. */
export const lockOthers = (): void => tabs?.postMessage("lock");

/** The accounts of this device, the one that was used last first. */
export async function accounts(): Promise<Account[]> {
  return (await readAll<Account>("accounts", GROUP)).sort((one, other) => other.used - one.used);
}

export const accountOf = (login: string): Promise<Account | undefined> => read<Account>("accounts", login);

/** Remove an account from this device, for good. */
export const forget = (login: string): Promise<void> => remove("accounts", login);

/** Sign in on a device that does not know the account, or again after the passphrase was changed elsewhere. */
export async function signIn(front: Front, login: string, passphrase: string, device: Bytes): Promise<Member> {
  await readied();
  const seen = (await accountOf(login))?.seen ?? 0;
  const hub = session(front, login);
  const member = await Member.signIn(hub, login, passphrase, { device, seen, accepted: new Map() }, front.now);
  return signedIn(member);
}

/** Keep the account of whoever is signed in, or enrolled just now, on this device. */
export async function signedIn(member: Member): Promise<Member> {
  const { device } = member.kept;
  const fresh = { passkeys: [], token: null, known: null, accepted: null, tested: null };
  await change(member.login, (row) => ({
    ...vaultOf(member),
    ...(row && same(row.device, device) ? newer(row, member) : fresh), // who lost a device comes back with other keys
    key: member.login,
    group: GROUP,
    device,
    ended: null,
    used: member.now(),
  }));
  const row = await accountOf(member.login);
  recall(member, row?.accepted ?? null);
  member.onVault = () => change(member.login, (kept) => kept && newer(kept, member));
  member.hub.onToken = (token) => void keepToken(member, token);
  const token = member.hub.current;
  if (token) await keepToken(member, token);
  return member;
}

/** What is kept of a member's vault. */
const vaultOf = (member: Member) => ({ ...member.known, seen: member.kept.seen });

/** An account with the newer of two vaults: another tab may have kept one since. */
const newer = (row: Account, member: Member): Account =>
  row.seen > member.kept.seen ? row : { ...row, ...vaultOf(member) };

/** Open the vault that this device kept. If the passphrase was changed elsewhere, it opens the one that the hub has. */
export async function unlock(front: Front, account: Account, passphrase: string): Promise<Member> {
  await readied();
  const { login, device } = account;
  if (account.ended === "unauthenticated") return signIn(front, login, passphrase, device);
  try {
    const hub = session(front, login);
    return await resumed(Member.unlock(hub, account, passphrase, keptOf(account), front.now), account);
  } catch (wrong) {
    if (!(wrong instanceof PacketError)) throw wrong;
    return signIn(front, login, passphrase, device).catch((error: unknown) => {
      throw error instanceof HubError && NOT_HERE.includes(error.code) ? wrong : error;
    });
  }
}

export async function unlockWithPasskey(front: Front, account: Account): Promise<Member> {
  await readied();
  const keys = await openWithPasskey(account.passkeys, account.login);
  const hub = session(front, account.login);
  return resumed(Member.unlockWith(hub, account, keys, keptOf(account), front.now), account);
}

/** Open the vault that this device kept with the code of the recovery sheet, and give it a new passphrase. */
export async function recovered(front: Front, account: Account, code: string, passphrase: string): Promise<Member> {
  await readied();
  const bytes = parseCode(code);
  const hub = session(front, account.login);
  const member = await resumed(recover(hub, account, bytes, keptOf(account), front.now), account);
  await renew(member, passphrase, bytes);
  await dropPasskeys(member.login);
  return member;
}

/** Whether this hub asks everybody for codes of an authenticator app and this login has none. */
export async function needsCodes(member: Member): Promise<boolean> {
  const found = await member.hub.get("/api/v1/totp");
  return isObject(found) && found["required"] === true && found["active"] !== true;
}

/** Let a passkey of this browser open the vault, too. */
export async function addPasskey(member: Member): Promise<void> {
  const wrap = await makePasskey(member.vaultKeys, member.login, member.now());
  await change(member.login, (row) => row && { ...row, passkeys: [...row.passkeys, wrap] });
}

export const removePasskey = (login: string, id: Bytes): Promise<void> =>
  change(login, (row) => row && { ...row, passkeys: row.passkeys.filter((wrap) => b64u(wrap.id) !== b64u(id)) });

/** What passkeys of this browser sealed is the old vault's key once the passphrase is another. */
export const dropPasskeys = (login: string): Promise<void> => change(login, (row) => row && { ...row, passkeys: [] });

export const sheetTested = (login: string, tested: number | null): Promise<void> =>
  change(login, (row) => row && { ...row, tested });

/** End the session at the hub and forget its token; the account stays on this device. */
export async function leave(member: Member): Promise<void> {
  await change(member.login, (row) => row && { ...row, token: null });
  await member.signOut();
}

/** A conversation with the hub on behalf of a login of this device. */
export function session(front: Front, login: string): HubSession {
  const hub = new HubSession(front.hub, front.line);
  hub.askCode = askCode;
  hub.onEnd = (code) => {
    void change(login, (row) => row && { ...row, token: null, ended: code }).finally(() => ended?.());
  };
  return hub;
}

async function resumed(member: Member, account: Account): Promise<Member> {
  const plain = (sealed: Bytes, name: string) => new TextDecoder().decode(member.openLocal(sealed, name));
  if (account.token) member.hub.use(plain(account.token, TOKEN));
  if (account.known) member.hub.known = plain(account.known, KNOWN);
  return signedIn(member);
}

const keptOf = ({ device, seen }: Account): Kept => ({ device, seen, accepted: new Map() });

const keepToken = (member: Member, token: string): Promise<void> => {
  const known = member.hub.known === null ? null : member.sealLocal(ascii(member.hub.known), KNOWN);
  const sealed = member.sealLocal(ascii(token), TOKEN);
  return change(member.login, (row) => row && { ...row, token: sealed, known: known ?? row.known, ended: null });
};

/** Fill `accepted` with what was accepted before, and keep what is from now on. */
function recall(member: Member, sealed: Bytes | null): void {
  const { accepted } = member.kept;
  const known = (held: Bytes | null) =>
    held ? (parseJson(member.openLocal(held, ACCEPTED)) as { readonly [packet: string]: string }) : {};
  for (const [packet, hash] of Object.entries(known(sealed))) accepted.set(packet, hash);
  const set = accepted.set.bind(accepted);
  accepted.set = (packet, hash) => {
    set(packet, hash);
    void change(member.login, (row) => {
      if (!row) return row;
      const all = { ...Object.fromEntries(accepted), ...known(row.accepted) }; // another tab may have accepted others
      return { ...row, accepted: member.sealLocal(canonical(all as JsonObject), ACCEPTED) };
    });
    return accepted;
  };
}

/** Change an account in one go: other tabs change it, too. */
const change = (login: string, by: (row: Account | undefined) => Account | undefined): Promise<void> =>
  changeRow<Account>("accounts", login, by);

/** Deriving keys stops everything for a moment: what says so has to be on the screen first. */
export async function readied(): Promise<void> {
  await ready();
  await new Promise((done) => setTimeout(done, 30));
}

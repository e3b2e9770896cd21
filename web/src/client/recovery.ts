/**
 * Getting back in: a member's printed sheet, tested before it counts, and a new passphrase. The twin of what
 * `hub/client/recovery.py` does for a member, and of `recover` in `hub/client/enrol.py`.
 *
 * Makes keys and words; does not print, and remembers nothing: whoever calls it keeps when a sheet was tested.
 */

import { b64u, fromB64u, same, type Bytes } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import { Member, type Kept, type Known } from "./member.ts";
import type { HubSession } from "./session.ts";
import type { Clock } from "./trust.ts";
import * as vaults from "./vault.ts";

/** What is printed: the code that opens the vault alone, and what a new device needs beside the passphrase. */
export interface Sheet {
  readonly recovery: string;
  readonly device: string;
}

export const SHORTEST = 12;

/** A new recovery code; the sheet before opens nothing any more. */
export async function newSheet(member: Member): Promise<Sheet> {
  const code = vaults.freshCode();
  await member.refresh();
  await member.keep({}, { recovery: member.wrapFor(code) });
  return sheetOf(member, code);
}

/** Try what was typed from the sheet on the vault as the hub keeps it. */
export async function testSheet(member: Member, code: string, device: string): Promise<void> {
  await member.refresh();
  member.checkCode(vaults.parseCode(code));
  need(same(readDevice(device), member.kept.device), "bad_signature");
}

/** Another passphrase: a new vault, every other session ends, and the sheet is another, since it opened the old key. `old` proves who asks. */
export async function changePassphrase(member: Member, old: string, passphrase: string): Promise<Sheet> {
  const now = vaults.derive(old, member.kept.device, member.known.stored.kdf);
  need(same(now.kek, member.vaultKeys.kek), "bad_signature");
  const code = vaults.freshCode();
  await relock(member, passphrase, code);
  return sheetOf(member, code);
}

/** Open the vault that this device kept with the recovery code alone; a new passphrase comes next: `renew`. */
export function recover(hub: HubSession, known: Known, code: Bytes, kept: Kept, now: Clock): Member {
  const { recovery } = known.stored;
  need(recovery !== null, "bad_signature");
  return Member.unlockWith(hub, known, vaults.recover(recovery, code, known.login), kept, now);
}

/** Give a vault that its code opened a passphrase; the code stays good. */
export const renew = (member: Member, passphrase: string, code: Bytes): Promise<void> =>
  relock(member, passphrase, code);

/** The device secret that somebody typed or scanned. */
export const readDevice = (text: string): Bytes => fromB64u(text.replace(/\s/g, ""), 16);

async function relock(member: Member, passphrase: string, code: Bytes): Promise<void> {
  need(passphrase.length >= SHORTEST, "malformed");
  await member.refresh();
  const kdf = vaults.kdfOf(member.kept.device);
  const keys = vaults.derive(passphrase, member.kept.device, kdf);
  await member.keep({}, { lock: { keys, kdf }, recovery: vaults.wrapForRecovery(keys, code, member.login) });
}

const sheetOf = (member: Member, code: Bytes): Sheet => ({
  recovery: vaults.formatCode(code),
  device: b64u(member.kept.device),
});

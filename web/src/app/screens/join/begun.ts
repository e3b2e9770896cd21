/** An agency that was begun on this device and waits for its certifiers: kept sealed, until it is registered. */

import type { Begun } from "../../../client/founding.ts";
import { Member, type Known } from "../../../client/member.ts";
import { canonical, parseJson, type Bytes } from "../../../rcp/encoding.ts";
import { readied, session } from "../../core/accounts.ts";
import type { Front } from "../../core/app.ts";
import { readAll, remove, write } from "../../core/database.ts";

const GROUP = "founding";
const NAME = "founding";

export interface Row extends Known {
  readonly key: string;
  readonly group: string;
  readonly device: Bytes;
  readonly begun: Bytes;
}

export const rows = (): Promise<Row[]> => readAll<Row>("accounts", GROUP);

export async function keepBegun(member: Member, begun: Begun): Promise<void> {
  const sealed = member.sealLocal(canonical(begun), NAME);
  const row: Row = { ...member.known, key: keyOf(member), group: GROUP, device: member.kept.device, begun: sealed };
  await write("accounts", row);
}

export async function openBegun(front: Front, row: Row, passphrase: string): Promise<{ member: Member; begun: Begun }> {
  await readied();
  const kept = { device: row.device, seen: row.stored.version, accepted: new Map<string, string>() };
  const member = Member.unlock(session(front, row.login), row, passphrase, kept, front.now);
  return { member, begun: parseJson(member.openLocal(row.begun, NAME)) as Begun };
}

export const forgetBegun = (member: Member): Promise<void> => remove("accounts", keyOf(member));

const keyOf = ({ login }: Member): string => `${GROUP}/${login}`;

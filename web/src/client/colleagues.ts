/** Who works at the own agency: members with certificates that are good now, under the names that they sign in with. */

import { isObject } from "../rcp/encoding.ts";
import { ROLES } from "./documents.ts";
import type { Member } from "./member.ts";
import { membersOf } from "./pins.ts";
import { expect } from "./session.ts";

/** `login` is the hub's word for a member; what they may do is the certificate's. */
export interface Colleague {
  readonly member: string;
  readonly login: string;
  readonly roles: readonly string[];
}

/** All of them, the member too, by login. */
export async function colleagues(member: Member): Promise<Colleague[]> {
  const rows = await member.hub.get("/api/v1/members");
  expect(Array.isArray(rows));
  const logins = new Map(rows.filter(isObject).map((row) => [String(row["member"]), String(row["login"])]));
  const certs = membersOf(await member.home(), member.now());
  const found = [...new Set(certs.map((cert) => cert.member))].map((id) => {
    const roles = certs.filter((cert) => cert.member === id).flatMap((cert) => cert.roles);
    return { member: id, login: logins.get(id) ?? id.slice(0, 6), roles: ROLES.filter((role) => roles.includes(role)) };
  });
  return found.sort((one, other) => one.login.localeCompare(other.login));
}

/** What a member is called; a part of the id for one who has left. */
export const calledIn = (rows: readonly Colleague[], member: string): string =>
  rows.find((row) => row.member === member)?.login ?? member.slice(0, 6);

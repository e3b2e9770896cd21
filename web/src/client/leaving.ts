/**
 * Links of somebody who leaves: hubs let nobody open them from the revocation on; saying so lets both sides know that
 * another one is needed. The twin of `revoke_of` in `hub/client/links.py`.
 */

import { pages, show, type Shown } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { unlink } from "./referrals.ts";
import { isMember } from "./statements.ts";

const MAY_UNLINK = ["caseworker", "supervisor"];
const NAMES = ["referral.submit", "referral.link"];

/** Revoke the links of open referrals that a colleague made and nobody has opened; return those handoffs. */
export async function revokeLinksOf(member: Member, gone: string): Promise<string[]> {
  if (!(await member.roles()).some((role) => MAY_UNLINK.includes(role))) return [];
  const open: string[] = [];
  for await (const row of pages(member, "referral", "out")) if (row["ball"] !== null) open.push(String(row["id"]));
  const revoked: string[] = [];
  for (const handoff of open) {
    const shown = await show(member, handoff);
    const { live } = shown.chain;
    if (!live || live.until < member.now() || shown.chain.bound(live.id) || madeBy(shown, live.id) !== gone) continue;
    await unlink(member, handoff);
    revoked.push(handoff);
  }
  return revoked;
}

/** Who made a link of a handoff. */
function madeBy({ lines }: Shown, link: string): string | null {
  const made = lines.find(({ statement: { type, body } }) => {
    const named = NAMES.includes(type) ? (body["link"] as { id: string } | null) : null;
    return named?.id === link;
  });
  return made?.statement.by.find(isMember)?.member ?? null;
}

/**
 * Links for providers without an account: made here, handed over by a person, known to no hub (docs/protocol.md §7.8). The
 * twin of `hub/client/links.py`.
 *
 * The secret stands behind `#` of the address, which no browser sends. It is shown once and kept nowhere: who loses it
 * makes another link, which revokes the one before. Seals nothing itself: `sending.ts` does, to the link's key.
 */

import { formatRecipient, systemRandom } from "../rcp/age.ts";
import { b64u, blake2b, fromB64u } from "../rcp/encoding.ts";
import { hostOf } from "../rcp/keys.ts";
import { keysOf, proofOf } from "../link/secret.ts";
import type { Shown } from "./handoffs.ts";
import type { Link } from "./links.ts";
import type { Member } from "./member.ts";
import { HubError } from "./session.ts";

const DAY = 86_400;
const LIFE = 30 * DAY;
const LONGEST = 60 * DAY;
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** A new link: what is signed about it, and the address and spoken code that are shown once. */
export interface Issued {
  readonly link: Link;
  readonly url: string;
  readonly code: string | null;
}

export interface Issuing {
  /** The digits are said by a person; else they are sent to the number that the service map has verified. */
  readonly spoken: boolean;
  /** The last second; null is thirty days on. */
  readonly until: number | null;
  /** Where the member's own hub is, for a recipient at home there. */
  readonly origin: string;
}

/** Make a link for an agency. */
export async function issue(member: Member, to: string, { spoken, until, origin }: Issuing): Promise<Issued> {
  const now = member.now();
  const last = until ?? now + LIFE;
  if (!(now < last && last <= now + LONGEST)) throw new HubError("invalid_request", "", null, { field: "until" });
  const [id, secret] = [b64u(systemRandom(16)), systemRandom(32)];
  const keys = keysOf(id, secret);
  const code = spoken ? digits() : null;
  const link = {
    id,
    sign: b64u(keys.signer.publicKey),
    recipient: formatRecipient(keys.identity.recipient),
    until: last,
    code: code === null ? null : codeOf(proofOf(keys, code)),
  };
  return { link, url: `${await base(member, hostOf(to), origin)}/l/${id}#${b64u(secret)}`, code };
}

/** How the newest link of a handoff stands, by what was signed; null where it has none. */
export type Standing = "open" | "bound" | "locked" | "revoked" | "expired";

export function standing(shown: Shown, now: number): Standing | null {
  const { chain } = shown;
  const newest = chain.links[chain.links.length - 1];
  if (!newest) return null;
  if (chain.revoked) return "revoked";
  const bound = chain.bound(newest.id);
  const locks = ({ type, body }: { type: string; body: { link?: unknown } }) =>
    type === "referral.lock_link" && body.link === newest.id;
  if (!bound && shown.lines.some(({ statement }) => locks(statement))) return "locked";
  if (now > newest.until) return "expired";
  return bound ? "bound" : "open";
}

/** What a link says of a spoken code, out of its proof. */
const codeOf = (proof: string): string => b64u(blake2b(fromB64u(proof, 32), "rcp/1/linkcode", 32));

function digits(): string {
  const most = 2 ** 32 - (2 ** 32 % 1_000_000);
  for (;;) {
    const drawn = new DataView(systemRandom(4).buffer).getUint32(0);
    if (drawn < most) return String(drawn % 1_000_000).padStart(6, "0");
  }
}

/**
 * Where the recipient's hub is: by its name, which stands in the agency's address and so in what its root signed. Only a hub
 * of this machine says where another one of this machine is.
 */
async function base(member: Member, host: string, origin: string): Promise<string> {
  const known = isHere(origin) ? (await member.trust.url(host)) || origin : origin;
  return isHere(known) ? known : `https://${host}`;
}

const isHere = (url: string): boolean => LOOPBACK.includes(new URL(url).hostname);

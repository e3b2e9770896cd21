/**
 * Links: how somebody without an account signs, and the chain by which everybody can check it (docs/protocol.md §7.8).
 *
 * The twin of `hub/statements/links.py`: reads verified statements of one handoff in the order in which they were taken.
 */

import { kid } from "../rcp/dsse.ts";
import type { Bytes } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import type { SenderKey } from "../rcp/packet.ts";
import type { Actor, Statement } from "../rcp/statements.ts";
import { agencyOf, isMember, keyBytes } from "./statements.ts";

const NAMES = ["referral.submit", "referral.link"];
const BIND = "referral.bind";
const UNLINK = "referral.unlink";

/** What a sender says of a link: its keys, its last second, and what proves the code that is told by voice. */
export type Link = { id: string; sign: string; recipient: string; until: number; code: string | null };

interface Bind {
  readonly link: string;
  readonly device: Bytes;
  readonly stands: boolean;
}

/** The links of one handoff and their devices; refused binds stay, as what they signed is still well signed. */
export class Chain {
  readonly links: readonly Link[];
  private readonly recipient: string;
  private readonly binds: readonly Bind[];
  /** Whether the newest link was revoked. */
  readonly revoked: boolean;

  constructor(recipient: string, links: readonly Link[] = [], binds: readonly Bind[] = [], revoked = false) {
    this.recipient = recipient;
    this.links = links;
    this.binds = binds;
    this.revoked = revoked;
  }

  /** The link that was not revoked; its time may be over. */
  get live(): Link | null {
    return this.revoked ? null : (this.links[this.links.length - 1] ?? null);
  }

  /** Whether a device answers for a link. */
  bound(link: string): boolean {
    return this.binds.some((bind) => bind.link === link && bind.stands);
  }

  /** The chain after a verified statement; only the sender's members name links, and end them. */
  after(statement: Statement, refused: boolean): Chain {
    const theirs = agencyOf(statement) === this.recipient;
    const link = NAMES.includes(statement.type) && !theirs ? (statement.body["link"] as Link | null) : null;
    if (statement.type === BIND) {
      const device = keyBytes(statement.body["sign"]);
      const bind = { link: actorOf(statement).member, device, stands: !refused };
      return new Chain(this.recipient, this.links, [...this.binds, bind], this.revoked);
    }
    if (link && !refused) return new Chain(this.recipient, [...this.links, link], this.binds, false);
    const ends = statement.type === UNLINK && !refused && !theirs;
    return ends ? new Chain(this.recipient, this.links, this.binds, true) : this;
  }

  /** The key that signs a statement of grade `link`: the link's own for a bind, else that of a bound device. */
  linkKey(statement: Statement, keyid: string): Bytes {
    const { agency, member } = actorOf(statement);
    const keys =
      statement.type === BIND
        ? this.links.filter(({ id }) => id === member).map(({ sign }) => keyBytes(sign))
        : this.binds.filter(({ link }) => link === member).map(({ device }) => device);
    need(agency === this.recipient, "unknown_signer");
    return keys.find((key) => kid(key) === keyid) ?? refuse("unknown_signer");
  }

  /** Whose device sealed a packet. */
  senderKey(agency: string, keyid: string): SenderKey {
    const found = this.binds.find(({ device }) => kid(device) === keyid);
    need(found !== undefined && agency === this.recipient, "unknown_signer");
    return { member: found.link, key: found.device };
  }

  /** Whether a well-signed statement of grade `link` may count now: its link is live, and its device the first. */
  lets(statement: Statement): boolean {
    const link = this.live;
    if (!link || link.id !== actorOf(statement).member || statement.at > link.until) return false;
    const bound = this.bound(link.id);
    return statement.type === BIND ? !bound : bound && statement.grade === "link";
  }
}

function actorOf({ by }: Statement): Actor {
  const [first] = by;
  return first && isMember(first) ? first : refuse("unknown_signer");
}

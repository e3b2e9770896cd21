/** Sealing a packet of any kind (docs/protocol.md §4): the basis is judged before, and only what fits the memory goes in. */

import { systemRandom } from "../rcp/age.ts";
import type { Signer } from "../rcp/dsse.ts";
import { ascii, b64u, blake2b, canonical, concat, fromB64u, hkdf } from "../rcp/encoding.ts";
import type { Bytes, Json, JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import { basisOf, commitment, sealFiles, textsOf, type Checkpoint } from "../rcp/packet.ts";

const OWN_FILE = 2 ** 20;
const MAX_TEXT = 4 * 2 ** 20;

/** The recipient's excerpt of the lawful basis, the key of its commitment, and what a hub may know of it. */
export interface Basis {
  readonly key: Bytes;
  readonly excerpt: JsonObject;
  readonly country: string;
  readonly until: string;
}

/** Everything that one packet is made of; `basis` is null for an own record and only then. */
export interface Plan {
  readonly packet: string;
  readonly from: string;
  readonly to: string;
  readonly inbox: string;
  readonly author: string;
  readonly created: number;
  readonly expires: number;
  readonly log: Checkpoint;
  readonly basis: Basis | null;
  readonly recipients: readonly Bytes[];
  readonly epoch: number | null;
  readonly member: string | null;
  readonly sections: { readonly [name: string]: Json };
  readonly attachments: ReadonlyMap<string, Bytes>;
}

/** A packet ready to send: its parts are named as a statement's body has them. */
export interface Sealed {
  readonly packet: string;
  readonly hash: string;
  readonly parts: ReadonlyMap<string, Bytes>;
}

export function seal(plan: Plan, signer: Signer): Sealed {
  const { packet, from, to, inbox, created, expires, log, basis } = plan;
  const grant = basis && {
    country: basis.country,
    until: basis.until,
    commit: commitment(basis.excerpt, basis.key),
  };
  const texts = [...(basis ? [basisOf(basis.key, basis.excerpt)] : []), ...textsOf(plan.sections)];
  const files = [...plan.attachments].map(([name, content]) => ({ name: `attachments/${name}`, content }));
  need(Object.keys(plan.sections).length + files.length > 0, "malformed");
  need(texts.reduce((size, { content }) => size + content.length, 0) <= MAX_TEXT, "too_large");
  const small = files.filter(({ content }) => content.length <= OWN_FILE);
  const large = files.filter(({ content }) => content.length > OWN_FILE);
  const head = { packet, from, to, inbox, created, expires, log, grant };
  const archives = [[...texts, ...small], ...large.map((file) => [file])];
  const sealed = sealFiles(head, plan, archives, signer, systemRandom);
  const named = sealed.files.map((data, i): [string, Bytes] => [i ? `att-${i}` : "body", data]);
  return { packet, hash: sealed.hash, parts: new Map([["manifest", canonical(sealed.manifest)], ...named]) };
}

/** The key of a packet's commitment, fresh for each packet and recipient (§4.3). */
export const basisKey = (secret: Bytes, packet: string, to: string): Bytes =>
  hkdf(secret, concat(ascii("rcp/1/commit\0"), fromB64u(packet, 16), ascii(to)));

/** The commitment to what a gate found, under the packet's basis key (§7.1). */
export function gateCommitment(finding: Json, key: Bytes, gate: string): string {
  return b64u(blake2b(canonical(finding), "rcp/1/gate", 32, hkdf(key, `rcp/1/gate\0${gate}`)));
}

/** What a request to freeze names, out of the token of a giver's receipt (§7.6). */
export const freezeKey = (token: string): Bytes => hkdf(ascii(token.replace(/-/g, "")), "rcp/1/freeze");

/** What lets the giver's receipt stop this packet. */
export const freezeHandle = (token: string, packet: string): string =>
  b64u(blake2b(fromB64u(packet, 16), "rcp/1/freeze", 32, freezeKey(token)));

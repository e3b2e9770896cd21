/**
 * What a link's secret gives (docs/protocol.md §7.8): the keys that open the packet and sign, and the proof of a code.
 *
 * The secret stands behind `#`, comes from nowhere else and is sent nowhere.
 */

import { Identity } from "../rcp/age.ts";
import { Signer } from "../rcp/dsse.ts";
import { ascii, b64u, blake2b, fromB64u, hkdf, type Bytes } from "../rcp/encoding.ts";

const PATH = /^\/l\/([A-Za-z0-9_-]{21}[AQgw])$/;
const AFTER = /[^A-Za-z0-9_-]+$/; // a full stop or bracket that a message put behind the address

export interface LinkKeys {
  readonly id: string;
  readonly signer: Signer;
  readonly identity: Identity;
  /** What wraps the device's own key at rest. */
  readonly box: Bytes;
  readonly code: Bytes;
}

/** The keys of the address that was opened, or null if it came damaged: without its secret, or with a part of it. */
export function readAddress(path: string, fragment: string): LinkKeys | null {
  const id = PATH.exec(path)?.[1];
  if (!id) return null;
  try {
    return keysOf(id, fromB64u(fragment.replace(/^#/, "").replace(AFTER, ""), 32));
  } catch {
    return null;
  }
}

export function keysOf(id: string, secret: Bytes): LinkKeys {
  const key = (name: string) => hkdf(secret, `rcp/1/link/${name}`);
  return {
    id,
    signer: new Signer(key("sign")),
    identity: new Identity(key("enc")),
    box: key("device"),
    code: key("code"),
  };
}

/** What shows the hub that somebody was told the six digits, without showing it the digits. */
export const proofOf = (keys: LinkKeys, digits: string): string =>
  b64u(blake2b(ascii(digits), "rcp/1/link", 32, keys.code));

/** Six digits as they were typed: in any of the scripts of the page's languages, with spaces or hyphens. Null if they are not six. */
export function readDigits(typed: string): string | null {
  const plain = typed
    .replace(/[\s-]/g, "")
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15));
  return /^[0-9]{6}$/.test(plain) ? plain : null;
}

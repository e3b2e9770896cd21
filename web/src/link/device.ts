/**
 * This device's own key for one link, kept in the browser and wrapped by a key out of the link's secret: neither the
 * device without the link nor the link without the device opens anything.
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { systemRandom } from "../rcp/age.ts";
import {
  ascii,
  b64u,
  canonical,
  concat,
  isObject,
  parseCanonical,
  type Bytes,
  type JsonObject,
} from "../rcp/encoding.ts";
import type { LinkKeys } from "./secret.ts";

/** Not the app's: both may be used in one browser. */
const NAME = "handover-links";
const STORE = "links";
const NONCE = 24;

export interface Kept {
  /** Seed of the device's signing key. */
  readonly seed: string;
  /** Whether a code was tried with it: the hub may have taken it, and its answer got lost. */
  readonly tried: boolean;
  /** The statement that binds it, as it was signed, so that it can be sent again after an answer was lost. */
  readonly bind: JsonObject | null;
  /** Manifest hash of each packet id that was opened here. */
  readonly seen: { readonly [packet: string]: string };
}

export const fresh = (): Kept => ({ seed: b64u(systemRandom(32)), tried: false, bind: null, seen: {} });

/** What this browser keeps of a link; null if nothing, or nothing that this secret opens. */
export async function load(keys: LinkKeys): Promise<Kept | null> {
  const box: unknown = await asked("readonly", (store) => store.get(keys.id));
  return box instanceof Uint8Array ? unwrap(keys, box as Bytes) : null;
}

/** Keep it, and return when it is on disk. Throws where the browser keeps nothing, as in a private window. */
export async function save(keys: LinkKeys, kept: Kept): Promise<void> {
  const nonce = systemRandom(NONCE);
  const sealed = xchacha20poly1305(keys.box, nonce, ascii(keys.id)).encrypt(canonical(kept as unknown as JsonObject));
  await asked("readwrite", (store) => store.put(concat(nonce, sealed), keys.id));
}

function unwrap(keys: LinkKeys, box: Bytes): Kept | null {
  try {
    const plain = xchacha20poly1305(keys.box, box.subarray(0, NONCE), ascii(keys.id)).decrypt(box.subarray(NONCE));
    const found = parseCanonical(plain as Bytes);
    return typeof found["seed"] === "string" && isObject(found["seen"]) ? (found as unknown as Kept) : null;
  } catch {
    return null;
  }
}

function asked<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    };
  });
}

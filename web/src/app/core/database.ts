/**
 * What the browser keeps for this app: one IndexedDB, two stores. `accounts` is what is needed before a vault is open and
 * is no secret without passphrase and device; `sealed` holds nothing but ciphertext under the vault.
 */

const NAME = "handover";
const VERSION = 1;
export type Store = "accounts" | "sealed";

let opening: Promise<IDBDatabase> | null = null;

export const read = <T>(store: Store, key: string): Promise<T | undefined> =>
  asked<T | undefined>(store, "readonly", (rows) => rows.get(key));

export const readAll = <T>(store: Store, group?: string): Promise<T[]> =>
  asked<T[]>(store, "readonly", (rows) => (group === undefined ? rows.getAll() : rows.index("group").getAll(group)));

/** Keep a row; its `key` and `group` are members of it. */
export const write = async (store: Store, row: { readonly key: string; readonly group: string }): Promise<void> => {
  await asked(store, "readwrite", (rows) => rows.put(row));
};

/** Change a row by what stands there, whatever other tabs do; nothing is kept where `by` gives none. */
export const change = async <T extends { readonly key: string }>(
  store: Store,
  key: string,
  by: (row: T | undefined) => T | undefined,
): Promise<void> => {
  await asked(store, "readwrite", (rows) => {
    const request: IDBRequest<T | undefined> = rows.get(key);
    request.onsuccess = () => {
      const row = by(request.result);
      if (row) rows.put(row);
    };
    return request;
  });
};

export const remove = async (store: Store, key: string): Promise<void> => {
  await asked(store, "readwrite", (rows) => rows.delete(key));
};

/** Whether nothing more can be kept, for the device has no room. */
export const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === "QuotaExceededError";

/** Of what can be asked for again: where there is no room for it, it is used all the same. */
export function unlessFull(error: unknown): void {
  if (!isFull(error)) throw error;
}

async function asked<T>(store: Store, mode: IDBTransactionMode, ask: (rows: IDBObjectStore) => IDBRequest): Promise<T> {
  opening ??= open();
  const transaction = (await opening).transaction(store, mode);
  const request = ask(transaction.objectStore(store));
  return new Promise((done, failed) => {
    transaction.oncomplete = () => done(request.result as T);
    transaction.onerror = transaction.onabort = () => failed(transaction.error ?? request.error);
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const store of ["accounts", "sealed"]) {
      request.result.createObjectStore(store, { keyPath: "key" }).createIndex("group", "group");
    }
  };
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = request.onblocked = () => failed(request.error);
  });
}

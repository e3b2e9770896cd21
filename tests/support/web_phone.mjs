// A phone in Node: the app's line to the hub, and what it keeps, by the name of whoever works there.
import { forget, forgetPackets } from "../../web/src/app/core/forgetting.ts";
import { Line } from "../../web/src/app/core/line.ts";

const stores = new Map();

/** What `Local` does, in this process. */
class Store {
  rows = new Map();
  at = 0;

  async getRow(group, name) {
    return this.rows.get(`${group}/${name}`) ?? null;
  }
  async putBytes(group, name, data) {
    this.rows.set(`${group}/${name}`, { group, name, data, size: data.length, at: ++this.at });
  }
  async delete(group, name) {
    this.rows.delete(`${group}/${name}`);
  }
  async held(group) {
    return [...this.rows.values()].filter((row) => row.group === group);
  }
  async get(group, name) {
    return JSON.parse(new TextDecoder().decode((await this.getRow(group, name))?.data) || "null");
  }
  put(group, name, value) {
    return this.putBytes(group, name, new TextEncoder().encode(JSON.stringify(value)));
  }
  load(name) {
    return this.get("kept", name);
  }
  save(name, value) {
    return this.put("kept", name, value);
  }
}

/** The line of somebody's phone, over a network that a test breaks. */
export function phoneLine({ fetch, wait }) {
  globalThis.fetch = fetch;
  globalThis.location ??= { href: "http://127.0.0.1/" };
  return Object.assign(new Line(), { wait });
}

/** Give a member their phone, with what it kept. */
export function takePhone(name, member, line) {
  const store = stores.get(name) ?? new Store();
  stores.set(name, store);
  line.local = member.shelf = store;
  member.letGo = (manifests, of) => forgetPackets(store, manifests, of);
}

/** What somebody types on their phone, what is there of it, and what letting go of a handoff leaves. */
export const typing = {
  type: ({ name, rows }) => Promise.all(rows.map(([about, words]) => stores.get(name).put("draft", about, words))),
  typed: async ({ name }) => (await stores.get(name).held("draft")).map((row) => row.name),
  forget_all: ({ name }, shown) => forget(stores.get(name), shown),
};

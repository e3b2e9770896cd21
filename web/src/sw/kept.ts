/**
 * What the service worker keeps: the files of releases, each in a cache of its own, and one record of where things stand.
 * Nothing of anybody's work is ever in here.
 */

import { isOf, readList, MANIFEST, type ReleaseFile, type ReleaseList, type Seen } from "../client/release.ts";
import { canonical, parseJson, utf8, ascii, type Bytes, type JsonObject } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";

const RELEASES = "handover-release-";
const STATE = "handover-state";
const WHERE = "state.json";
export const PAGE = "index.html";
const META = /(<meta name="hub" content=")([^"]*)(">)/;
const TYPES: { readonly [ending: string]: string } = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  wasm: "application/wasm",
  txt: "text/plain; charset=utf-8",
  json: "application/json",
  webmanifest: "application/manifest+json",
};

/** `unproven`: the log does not show the release that is offered. `changed`: a file is not what its release says. */
export type Warning = "unproven" | "changed";

export interface State {
  /** The hub's address; "" is the origin that the app came from. It never changes by itself. */
  readonly hub: string;
  readonly seen: Seen;
  readonly active: string;
  /** The release before: pages that are still open may ask for its chunks. */
  readonly before: string | null;
  readonly waiting: string | null;
  readonly warning: Warning | null;
  /** Whether a vault that was opened here knows another hub than the one whose log is followed. No release changes it. */
  readonly other: boolean;
}

export async function loadState(): Promise<State | null> {
  const found = await (await caches.open(STATE)).match(WHERE);
  return found ? (parseJson(await found.text()) as unknown as State) : null;
}

export async function saveState(state: State): Promise<State> {
  await (await caches.open(STATE)).put(WHERE, new Response(canonical(state as unknown as JsonObject)));
  return state;
}

/** A release whose list was verified, and those of its files that are here. */
export class Release {
  readonly list: ReleaseList;
  private readonly hub: string;
  private readonly cache: Cache;
  private readonly files: ReadonlyMap<string, ReleaseFile>;

  private constructor(list: ReleaseList, hub: string, cache: Cache) {
    this.list = list;
    this.hub = hub;
    this.cache = cache;
    this.files = new Map(
      list.files.filter(({ path }) => path.startsWith("app/")).map((file) => [file.path.slice(4), file]),
    );
  }

  static async keep(data: Bytes, hub: string): Promise<Release> {
    const list = readList(data);
    const cache = await caches.open(RELEASES + list.hash);
    await cache.put(MANIFEST, new Response(data));
    return new Release(list, hub, cache);
  }

  static async find(hash: string, hub: string): Promise<Release | null> {
    const cache = await caches.open(RELEASES + hash);
    const found = await cache.match(MANIFEST);
    return found ? new Release(readList(await bytesOf(found)), hub, cache) : null;
  }

  /** The names of its files, those that are needed at once first. */
  names(shellAlone = false): string[] {
    const wanted = [...this.files].filter(([, { shell }]) => shell || !shellAlone);
    return wanted.sort(([, one], [, other]) => Number(other.shell) - Number(one.shell)).map(([name]) => name);
  }

  has(name: string): boolean {
    return this.files.has(name);
  }

  /** Whether these bytes are what it has at a path of the hub. */
  lists(path: string, data: Bytes): boolean {
    const file = this.list.files.find((one) => one.path === path);
    return file !== undefined && isOf(file, data);
  }

  async kept(name: string): Promise<Response | null> {
    return (await this.cache.match(name)) ?? null;
  }

  /** A file out of the cache, or from the origin once its bytes are those of the release; a changed one is refused. */
  async file(name: string): Promise<Response> {
    const held = await this.kept(name);
    if (held) return held;
    const file = this.files.get(name);
    need(file !== undefined, "malformed");
    const answer = await fetch(name, { credentials: "omit", redirect: "error" });
    if (!answer.ok && answer.status >= 500) throw new TypeError("no answer");
    const data = await bytesOf(answer);
    need(answer.ok && isOf(file, name === PAGE ? plainPage(data, this.hub) : data), "bad_signature");
    const policy = name === PAGE ? policyFor(this.list.policy, this.hub) : null;
    await this.cache.put(name, made(name, data, policy));
    return made(name, data, policy);
  }
}

/** A file with headers of our own: those of an answer stand in no release. */
export function made(name: string, data: Bytes, policy: string | null): Response {
  const headers = {
    "Content-Type": TYPES[name.split(".").pop() ?? ""] ?? "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    ...(policy === null ? {} : { "Content-Security-Policy": policy }),
  };
  return new Response(data, { headers });
}

/** Let go of every release but these. */
export async function tidy(keep: readonly (string | null)[]): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(RELEASES) && !keep.includes(name.slice(RELEASES.length))) await caches.delete(name);
  }
}

/** The hub that a page names. */
export const hubIn = (page: Bytes): string => META.exec(utf8(page))?.[2] ?? "";

/** The page as the release has it: without the address of a hub, which must be the one that is known. */
function plainPage(page: Bytes, hub: string): Bytes {
  const text = utf8(page);
  need(hubIn(page) === hub, "bad_signature");
  return ascii(text.replace(META, "$1$3"));
}

const policyFor = (policy: string, hub: string): string =>
  hub ? policy.replace("connect-src 'self'", `connect-src 'self' ${hub}`) : policy;

export const bytesOf = async (answer: Response): Promise<Bytes> => new Uint8Array(await answer.arrayBuffer());

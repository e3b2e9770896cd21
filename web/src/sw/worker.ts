/**
 * The service worker: serves the app out of what it keeps, and lets another release in only if the hub's log shows it.
 *
 * A release that the hub has not logged, or that comes with a log which does not go on from what was seen, is left where
 * it is: the old one goes on, and the page says so. A new one waits until a person says yes, or until no page is open.
 *
 * At a hub its scope is the whole origin, for every page of an origin may read what the app keeps: another page is that of
 * a link, as a release has it, or is shown without scripts and as if it were of no origin. What is no page passes by
 * untouched. What this cannot stop is said in docs/threat-model.md: a browser fetches this very script past its own hands.
 */

import { judge, MANIFEST, readList, type Seen } from "../client/release.ts";
import { parseJson, type Bytes } from "../rcp/encoding.ts";
import { PacketError } from "../rcp/errors.ts";
import { bytesOf, hubIn, loadState, made, PAGE, Release, saveState, tidy, type State, type Warning } from "./kept.ts";

declare const self: ServiceWorkerGlobalScope;

/** Where the app is: this script lies beside its page, and its scope may be wider. */
const ROOT = new URL("./", self.location.href);
const LINKS = "/l/";
const LINK_PAGE = "l/link.html";
const POLICY = "Content-Security-Policy";
const BARE = "default-src 'none'; sandbox";
const PAST = ["sw.js", MANIFEST];
const PROOF = "api/v1/release";
const LEFT_OUT = ["sw.js", "licences.txt"];
/** Milliseconds for one file after which the line is left to whoever works on it. */
const SLOW = 1000;
let state: State | null = null;
const releases = new Map<string, Release>();
let checking: Promise<void> | null = null;

self.addEventListener("install", (event) => event.waitUntil(begin()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const name = nameOf(event.request);
  const page = event.request.mode === "navigate";
  if (name === null || PAST.includes(name)) {
    if (page) event.respondWith(otherPage(event.request));
    return;
  }
  if (page) event.waitUntil(check());
  event.respondWith(served(name, event.request));
});
self.addEventListener("message", (event) => {
  const asked = event.data as { type?: string; names?: readonly string[]; host?: string; key?: string };
  if (asked.type === "state") event.waitUntil(tell());
  if (asked.type === "use") event.waitUntil(use().then(tell));
  if (asked.type === "have") event.waitUntil(keep(asked.names ?? []));
  if (asked.type === "fill") event.waitUntil(fill());
  if (asked.type === "check") event.waitUntil(check());
  if (asked.type === "hub") event.waitUntil(compare(asked.host, asked.key));
});

/** A file of the app by its name below the app's root; null for everything else. */
function nameOf({ url, method }: Request): string | null {
  const asked = new URL(url);
  if (method !== "GET" || asked.origin !== ROOT.origin || !asked.pathname.startsWith(ROOT.pathname)) return null;
  return asked.pathname.slice(ROOT.pathname.length) || PAGE;
}

/** A page of this origin that is no file of the app: none of them gets at what the app keeps here. */
async function otherPage(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/" || `${pathname}/` === ROOT.pathname) return Response.redirect(ROOT.href);
  const answer = await fetch(request);
  if (answer.type === "opaqueredirect") return answer; // where it leads passes here, too
  if (!pathname.startsWith(LINKS) || !answer.ok) return bare(answer.body, answer);
  const data = await bytesOf(answer);
  if (!(await isListed(LINK_PAGE, data))) {
    await check(); // of a release that was not looked at yet
    if (!(await isListed(LINK_PAGE, data))) {
      await warn("changed");
      return bare(data, answer);
    }
  }
  return made(LINK_PAGE, data, answer.headers.get(POLICY) ?? BARE);
}

/** An answer as it is, but without scripts, forms, or an origin. */
function bare(body: BodyInit | null, { status, statusText, headers }: Response): Response {
  const kept = new Headers(headers);
  kept.set(POLICY, BARE);
  return new Response(body, { status, statusText, headers: kept });
}

/** Whether these bytes are a file of a release that the log showed. */
async function isListed(path: string, data: Bytes): Promise<boolean> {
  const now = await current();
  const found = await Promise.all([now?.active, now?.before, now?.waiting].map((hash) => hash && releaseOf(hash)));
  return found.some((release) => release && release.lists(path, data));
}

/** The first release is the one that the page came with; a later script finds what is here, and goes on. */
async function begin(): Promise<void> {
  if (!(await current())) {
    const hub = hubIn(await bytesOf(await fetch(PAGE, { credentials: "omit" })));
    const data = await offered();
    const { hash } = readList(data);
    const seen = await proven(hub, hash, null);
    const release = await Release.keep(data, hub);
    for (const name of release.names(true)) await release.file(name);
    state = await saveState({ hub, seen, active: hash, before: null, waiting: null, warning: null, other: false });
  }
  await self.skipWaiting();
}

async function served(name: string, request: Request): Promise<Response> {
  const now = await current();
  if (!now) return fetch(request);
  if (request.mode === "navigate" && now.waiting && (await pages()).length === 0) await use();
  for (const hash of [state?.active, state?.before, state?.waiting]) {
    const release = hash ? await releaseOf(hash) : null;
    if (!release?.has(name)) continue;
    try {
      return await release.file(name);
    } catch (error) {
      if (error instanceof PacketError) await warn("changed");
      return Response.error();
    }
  }
  return new Response(null, { status: 404 });
}

/** Look whether another release is offered; one at a time. */
function check(): Promise<void> {
  checking ??= look()
    .catch(async (error: unknown) => {
      if (error instanceof PacketError) await warn("unproven");
      else if (!(error instanceof TypeError)) throw error; // no line: nothing is known, and nothing changes
    })
    .finally(() => (checking = null));
  return checking;
}

async function look(): Promise<void> {
  const now = await current();
  if (!now) return;
  const data = await offered();
  const { hash } = readList(data);
  if (hash === now.active || hash === now.waiting) return now.warning === "unproven" ? warn(null) : undefined;
  const seen = await proven(now.hub, hash, now.seen);
  const release = await Release.keep(data, now.hub);
  for (const name of release.names(true)) await release.file(name);
  releases.set(hash, release);
  state = await saveState({ ...(state ?? now), seen, waiting: hash, warning: null });
  await tell();
}

async function offered() {
  const answer = await fetch(MANIFEST, { cache: "no-cache", credentials: "omit", redirect: "error" });
  if (!answer.ok) throw new TypeError("no answer");
  return bytesOf(answer);
}

/** What the hub's log shows of a release; refused is what it does not show. */
async function proven(hub: string, hash: string, seen: Seen | null): Promise<Seen> {
  const asked = `${hub || ROOT.origin}/${PROOF}?release=${hash}&seen=${seen?.head.size ?? 0}`;
  const answer = await fetch(asked, { cache: "no-store", credentials: "omit", redirect: "error" });
  if (answer.status === 404) throw new PacketError("bad_signature");
  if (!answer.ok) throw new TypeError("no answer");
  const found = judge(parseJson(await bytesOf(answer)), seen);
  if (found.release !== hash) throw new PacketError("bad_signature");
  return found;
}

/** Serve the release that waits from now on. */
async function use(): Promise<void> {
  const now = await current();
  if (!now?.waiting) return;
  state = await saveState({ ...now, active: now.waiting, before: now.active, waiting: null });
  await tidy([state.active, state.before]);
}

/** Keep what a page loaded before we served it: the browser has it still. */
async function keep(names: readonly string[]): Promise<void> {
  const release = await active();
  for (const name of names) if (release?.has(name)) await release.file(name).catch(() => undefined);
}

/** Fetch the rest, so that every screen opens without a line; ends where the line does, or where it is a slow one. */
async function fill(): Promise<void> {
  const release = await active();
  for (const name of release?.names() ?? []) {
    if (LEFT_OUT.includes(name)) continue;
    const began = performance.now();
    try {
      await release?.file(name);
    } catch {
      return;
    }
    if (performance.now() - began > SLOW) return;
  }
}

/** A vault has the hub's key from people who compared it: it must be the one whose log we follow. */
async function compare(host: string | undefined, key: string | undefined): Promise<void> {
  const now = await current();
  if (now) state = await saveState({ ...now, other: now.seen.host !== host || now.seen.key !== key });
  await tell();
}

async function warn(warning: Warning | null): Promise<void> {
  const now = await current();
  if (now) state = await saveState({ ...now, warning });
  await tell();
}

async function tell(): Promise<void> {
  const now = await current();
  const said = {
    type: "release",
    ready: Boolean(now?.waiting),
    warning: now?.other ? "other_hub" : (now?.warning ?? null),
    active: now?.active ?? null,
  };
  for (const page of await pages()) page.postMessage(said);
}

/** The open pages of the app. */
async function pages(): Promise<readonly WindowClient[]> {
  const all = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return all.filter(({ url }) => url.startsWith(ROOT.href));
}

async function current(): Promise<State | null> {
  state ??= await loadState();
  return state;
}

async function active(): Promise<Release | null> {
  const now = await current();
  return now ? releaseOf(now.active) : null;
}

async function releaseOf(hash: string): Promise<Release | null> {
  const found = releases.get(hash) ?? (await Release.find(hash, state?.hub ?? ""));
  if (found) releases.set(hash, found);
  return found;
}

/**
 * The page's side of the service worker (`web/src/sw`): registers it, hears whether a new release waits or is refused, and
 * lets it in when a person says so. Nothing is ever reloaded under somebody's hands. Without a worker the app works, online.
 */

import { hubAddress } from "./hub.ts";

const SCRIPT = "sw.js";
const HOUR = 3_600_000;
const LATER = 20_000;

/** `unproven`: a release was offered that the hub's log does not show; `changed`: a file was not what its release says;
 * `other_hub`: the log that is followed is another hub's than the vault knows. */
export interface Offer {
  readonly ready: boolean;
  readonly warning: string | null;
}

interface ScriptPolicy {
  createScriptURL(url: string): string;
}

export class Updates {
  offer: Offer = { ready: false, warning: null };
  private readonly listeners = new Set<(offer: Offer) => void>();
  private used: (() => void) | null = null;
  private own: Promise<ServiceWorkerRegistration> | null = null;

  /** Begin once the page stands: what is needed first goes first. */
  start(): void {
    const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    if (!workers || !globalThis.isSecureContext) return;
    workers.addEventListener("message", (event) => this.heard(event.data));
    workers.addEventListener("controllerchange", () => this.post({ type: "have", names: loaded() }));
    this.own = registered(workers);
    this.post({ type: "have", names: loaded() });
    this.post({ type: "state" });
    setInterval(() => this.post({ type: "check" }), HOUR);
  }

  /** Tell which hub key the vault has, and fetch the other screens while nobody waits for them. */
  signedIn(host: string, key: string | undefined): void {
    if (key !== undefined) this.post({ type: "hub", host, key });
    const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
    if (!connection?.saveData) setTimeout(() => this.post({ type: "fill" }), LATER);
  }

  /** Go on with the release that waits: the page begins anew. */
  async use(): Promise<void> {
    await new Promise<void>((done) => {
      this.used = done;
      this.post({ type: "use" });
    });
    globalThis.location.reload();
  }

  /** Call `listener` whenever something changes; returns what ends that. */
  watch(listener: (offer: Offer) => void): () => void {
    this.listeners.add(listener);
    listener(this.offer);
    return () => this.listeners.delete(listener);
  }

  private heard(data: unknown): void {
    const said = data as { type?: string; ready?: boolean; warning?: string | null } | null;
    if (said?.type !== "release") return;
    this.offer = { ready: said.ready === true, warning: said.warning ?? null };
    if (!this.offer.ready) this.used?.();
    this.listeners.forEach((listener) => listener(this.offer));
  }

  private post(message: object): void {
    void this.own?.then(({ active }) => active?.postMessage(message));
  }
}

export const updates = new Updates();

/** The worker of this page once it runs. At a hub it is that of every page of the origin, in place of one of the app alone. */
async function registered(workers: ServiceWorkerContainer): Promise<ServiceWorkerRegistration> {
  const narrow = new URL("./", globalThis.location.href).href;
  try {
    const made = await workers.register(scriptAddress(), { scope: hubAddress() ? narrow : "/" });
    if (await runs(made)) {
      for (const one of await workers.getRegistrations()) {
        if (one.scope === narrow && made.scope !== narrow) await one.unregister();
      }
    }
  } catch {
    // no line: the worker that is here goes on
  }
  return workers.ready;
}

/** Whether it serves pages, once what is being installed does or has failed: until then the one before it stays. */
function runs({ active, installing, waiting }: ServiceWorkerRegistration): Promise<boolean> | boolean {
  const coming = installing ?? waiting;
  if (active || !coming) return active !== null;
  return new Promise((done) => {
    const look = () => ["activated", "redundant"].includes(coming.state) && done(coming.state === "activated");
    coming.addEventListener("statechange", look);
    look();
  });
}

/** The one address that this page makes a script of, past Trusted Types. */
function scriptAddress(): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy };
  };
  const policy = trustedTypes?.createPolicy("handover", {
    createScriptURL: (url) => {
      if (url !== SCRIPT) throw new TypeError("no script of ours");
      return url;
    },
  });
  return policy?.createScriptURL(SCRIPT) ?? SCRIPT;
}

/** What this page has loaded of the app, below its address. */
function loaded(): string[] {
  const root = new URL("./", globalThis.location.href).href;
  const names = performance.getEntriesByType("resource").map(({ name }) => name);
  return ["index.html", ...names.filter((name) => name.startsWith(root)).map((name) => name.slice(root.length))];
}

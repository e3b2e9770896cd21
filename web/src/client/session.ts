/**
 * Talking to the home hub: JSON, packets up and down, problem documents turned back into errors (docs/errors.md).
 *
 * Knows no key and no plaintext. The session is a token in a header that only this code sends: no cookie, so nothing that
 * another site could make a browser send. No redirect, no secret and no person's id in an address. What is the same when
 * it is sent twice is tried again when the line breaks; a session that has ended is renewed once.
 */

import { ascii, b64u, concat, isObject, sha256, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { headerSize, systemRandom } from "../rcp/age.ts";

const MAX_ANSWER = 16 * 2 ** 20;
const TRIES = 4;
/** Above this a payload goes up in pieces; the first is so large, and none larger than a hub takes. */
const LARGE = 256 * 1024;
const PIECE = 64 * 1024;
const MAX_PIECE = 512 * 1024;
/** Milliseconds for a piece in which a line is quick. */
const QUICK = 1500;
const OWN_MEMBERS = ["self", "type", "title", "status", "code", "detail", "todo", "instance"];
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

/** An error of a code of docs/errors.md, as a hub or this client says it: safe to show. */
export class HubError extends Error {
  readonly code: string;
  /** What to do next, where the hub says so; in its language. */
  readonly todo: string | null;
  readonly facts: JsonObject;

  constructor(code: string, detail = "", todo: string | null = null, facts: JsonObject = {}) {
    super(detail || code);
    this.code = code;
    this.todo = todo;
    this.facts = facts;
  }
}

/** Nobody answered: there is no line, or somebody cut it. */
export class NoLine extends HubError {
  constructor() {
    super("peer_unreachable");
  }
}

export function fail(code: string): never {
  throw new HubError(code);
}

/** Go on if what a hub says is borne out, else say that it misbehaves. */
export function expect(holds: boolean): asserts holds {
  if (!holds) fail("peer_misbehaved");
}

export interface Surroundings {
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Wait so many seconds. */
  wait(seconds: number): Promise<void>;
}

const BROWSER: Surroundings = {
  fetch: (url, init) => fetch(url, init),
  wait: (seconds) => new Promise((done) => setTimeout(done, seconds * 1000)),
};

type Query = { readonly [name: string]: string | number };
/** How many bytes have come over of how many, to the hub or from it. */
export type Progress = (done: number, total: number, way: "up" | "down") => void;

interface Payload {
  /** Its hash. */
  readonly name: string;
  readonly data: Uint8Array;
}
interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: Bytes;
  readonly type?: string;
  readonly invitation?: string;
  /** Whether it is asked without a session. */
  readonly anonymous?: boolean;
  /** Whether a second try changes nothing. */
  readonly again: boolean;
  /** Whether it is not waited for a line that breaks. */
  readonly hurried?: boolean;
}

export class HubSession {
  readonly url: string;
  /** Returns a new token when the old one has ended. */
  signIn: (() => Promise<string>) | null = null;
  /** Hears how far a large packet has come over, up or down. */
  onProgress: Progress | null = null;
  /** Asks a person for the six digits of their authenticator app; `wrong` if those before did not fit. */
  askCode: ((wrong: boolean) => Promise<string>) | null = null;
  /** Told of a new session's token, to keep it sealed, with `known`. */
  onToken: ((token: string) => void) | null = null;
  /** What shows the hub that this client has signed in before: then nobody else's failures lock it out. */
  known: string | null = null;
  /** Told that this session is over and that no other can begin without the person: the code of the error. */
  onEnd: ((code: string) => void) | null = null;
  private token: string | null = null;
  private renewing: Promise<void> | null = null;
  private readonly around: Surroundings;

  /** The hub at `url`; "" is the origin that the page came from. */
  constructor(url: string, around: Surroundings = BROWSER) {
    this.url = checked(url);
    this.around = around;
  }

  /** `hurried`: who asks has something else to go by where nobody answers. */
  get(path: string, query: Query = {}, { hurried = false } = {}): Promise<Json> {
    return this.json({ method: "GET", path: path + asked(query), again: true, hurried });
  }

  async text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.ask({ method: "GET", path, again: true }, MAX_ANSWER));
  }

  post(path: string, value: JsonObject, invitation?: string): Promise<Json> {
    const given = invitation === undefined ? {} : { invitation, anonymous: true };
    return this.json({ method: "POST", path, ...body(value), ...given, again: false });
  }

  /** Return the token of a new session; where it takes a code of an authenticator app, too, a person is asked for it. */
  async open(login: string, auth: Bytes): Promise<string> {
    const given = { login, auth: b64u(auth), ...(this.known ? { known: this.known } : {}) };
    for (let code: string | null = null; ;) {
      try {
        return await this.opened(code === null ? given : { ...given, code });
      } catch (error) {
        const asks = error instanceof HubError && error.code === "totp_required";
        if (!asks || !this.askCode) throw error;
        code = await this.askCode(code !== null);
      }
    }
  }

  private async opened(given: JsonObject): Promise<string> {
    const answer = await this.json({
      method: "POST",
      path: "/api/v1/sessions",
      ...body(given),
      anonymous: true,
      again: false,
    });
    expect(isObject(answer) && typeof answer["token"] === "string");
    if (typeof answer["known"] === "string") this.known = answer["known"];
    this.onToken?.(answer["token"]);
    return answer["token"];
  }

  put(path: string, value: JsonObject): Promise<Json> {
    return this.json({ method: "PUT", path, ...body(value), again: false });
  }

  patch(path: string, value: JsonObject): Promise<Json> {
    return this.json({ method: "PATCH", path, ...body(value), again: false });
  }

  async delete(path: string): Promise<void> {
    await this.ask({ method: "DELETE", path, again: false }, MAX_ANSWER);
  }

  /**
   * Send a statement with what travels beside it. The same statement gets the same answer, so it may be sent again. Large
   * payloads go ahead in pieces, so that a line that breaks costs one of them.
   */
  async submit(path: string, parts: ReadonlyMap<string, Uint8Array>, onProgress?: Progress): Promise<Json> {
    const { sent, large } = parted(parts);
    const moved = this.moving(large, onProgress);
    for (let left = TRIES; ; left--) {
      for (const payload of large) await this.upload(payload, moved);
      try {
        return await this.sendAll(path, sent);
      } catch (error) {
        if (left === 1 || !(error instanceof HubError && error.code === "upload_missing")) throw error;
      }
    }
  }

  private sendAll(path: string, parts: ReadonlyMap<string, Uint8Array>): Promise<Json> {
    const boundary = `rcp-${b64u(systemRandom(16))}`;
    const type = `multipart/form-data; boundary=${boundary}`;
    return this.json({ method: "POST", path, body: multipart(boundary, parts), type, again: true });
  }

  /** Send a payload from where the hub has it. A quick line gets larger pieces. */
  private async upload({ name, data }: Payload, moved: (name: string, count: number) => void): Promise<void> {
    let [at, size, standstill] = [0, PIECE, 0];
    while (at < data.length) {
      const query = asked({ at, size: data.length });
      const began = performance.now();
      const piece = data.slice(at, at + size) as Bytes;
      const given = { body: piece, type: "application/octet-stream", again: true };
      const answer = await this.json({ method: "PUT", path: `/api/v1/uploads/${name}${query}`, ...given });
      expect(isObject(answer) && Number.isSafeInteger(answer["have"]));
      const have = answer["have"] as number;
      standstill = have > at ? 0 : standstill + 1;
      expect(0 <= have && have <= data.length && standstill < TRIES);
      at = have;
      size = performance.now() - began < QUICK ? Math.min(2 * size, MAX_PIECE) : PIECE;
      moved(name, at);
    }
  }

  private moving(large: readonly Payload[], onProgress?: Progress): (name: string, count: number) => void {
    const total = large.reduce((sum, { data }) => sum + data.length, 0);
    const counts = new Map<string, number>();
    return (name, count) => {
      counts.set(name, count);
      const done = [...counts.values()].reduce((sum, one) => sum + one, 0);
      onProgress?.(done, total, "up");
      this.onProgress?.(done, total, "up");
    };
  }

  /** Bytes of at most `size`; the answer to a POST where there is a `value` to send. */
  download(path: string, size: number, value?: JsonObject, onProgress?: Progress): Promise<Bytes> {
    const request = value ? { method: "POST", ...body(value) } : { method: "GET" };
    return this.ask({ ...request, path, again: true }, size, onProgress ?? this.onProgress ?? undefined);
  }

  /** A file of at most `size` bytes; a large one comes in pieces, so that a line that breaks costs one of them. */
  async file(path: string, size: number): Promise<Bytes> {
    if (size <= LARGE) return this.download(path, size);
    const pieces: Bytes[] = [];
    for (let have = 0; ;) {
      const moved: Progress = (done) => this.onProgress?.(have + done, Math.max(size, have + done), "down");
      const piece = await this.download(path + asked({ at: have }), MAX_PIECE, undefined, moved);
      have += piece.length;
      if (have > size) throw new HubError("too_large");
      pieces.push(piece);
      if (piece.length < MAX_PIECE) {
        this.onProgress?.(have, have, "down"); // the size was what it may be at most
        return concat(...pieces);
      }
    }
  }

  /** The session's token. */
  get current(): string | null {
    return this.token;
  }

  /** Use a session's token from now on; null forgets it. */
  use(token: string | null): void {
    this.token = token;
  }

  private async json(request: Request): Promise<Json> {
    const data = await this.ask(request, MAX_ANSWER);
    return data.length ? parsed(data) : null;
  }

  private async ask(request: Request, most: number, onProgress?: Progress): Promise<Bytes> {
    const used = this.token;
    let answer = await this.tried(request);
    if (answer.status === 401 && !request.anonymous && this.signIn) {
      const error = problem(401, await read(answer, MAX_ANSWER));
      if (error.code === "signed_out") throw this.ended(error);
      if (this.token === used) await this.renewed(this.signIn); // else another request did while this one waited
      answer = await this.tried(request);
    }
    if (answer.ok) return read(answer, most, onProgress);
    const error = problem(answer.status, await read(answer, MAX_ANSWER));
    throw error.code === "totp_setup" && !request.anonymous ? this.ended(error) : error;
  }

  /** Nobody goes on with what is open: whoever shows it is told, and forgets it. */
  private ended(error: HubError): HubError {
    this.onEnd?.(error.code);
    return error;
  }

  /** Many requests may find at once that the session has ended: one of them signs in for all. */
  private renewed(signIn: () => Promise<string>): Promise<void> {
    this.renewing ??= signIn()
      .then(
        (token) => this.use(token),
        (error: unknown) => {
          throw error instanceof HubError && error.code === "unauthenticated" ? this.ended(error) : error;
        },
      )
      .finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async tried(request: Request): Promise<Response> {
    for (let left = request.again ? TRIES : 1; ; left--) {
      const answer = await this.once(request);
      if (answer && (left === 1 || ![502, 503, 504].includes(answer.status))) return answer;
      if (left === 1 || (!answer && request.hurried)) throw new NoLine();
      await this.around.wait(2 ** (TRIES - left) * (0.5 + (systemRandom(1)[0] ?? 0) / 512));
    }
  }

  private async once({ method, path, body, type, invitation, anonymous }: Request): Promise<Response | null> {
    const session = this.token && !anonymous ? `Bearer ${this.token}` : null;
    const word = invitation === undefined ? session : `Invitation ${invitation}`;
    const headers = {
      Accept: "application/json",
      ...(type === undefined ? {} : { "Content-Type": type }),
      ...(word ? { Authorization: word } : {}),
    };
    try {
      return await this.around.fetch(this.url + path, {
        method,
        headers,
        body: body ?? null,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
      });
    } catch {
      return null;
    }
  }
}

const body = (value: JsonObject): { body: Bytes; type: string } => ({
  body: ascii(JSON.stringify(value)),
  type: "application/json",
});

const asked = (query: Query): string => {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return pairs.length ? `?${pairs.join("&")}` : "";
};

function multipart(boundary: string, parts: ReadonlyMap<string, Uint8Array>): Bytes {
  const pieces = [...parts].flatMap(([name, data]) => [
    ascii(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\n`),
    ascii("Content-Type: application/octet-stream\r\n\r\n"),
    data,
    ascii("\r\n"),
  ]);
  return concat(...pieces, ascii(`--${boundary}--\r\n`));
}

/** What is sent at once, and payloads that go ahead of it: their headers stay, and one part names them by their hash. */
function parted(parts: ReadonlyMap<string, Uint8Array>): { sent: Map<string, Uint8Array>; large: Payload[] } {
  const sent = new Map(parts);
  const names: { [part: string]: string } = {};
  const large: Payload[] = [];
  for (const [part, file] of parts) {
    if (file.length <= LARGE || !/^(?:body|att-[0-9]+)$/.test(part)) continue;
    const cut = headerSize(file);
    const data = file.subarray(cut);
    const name = b64u(sha256(data));
    sent.set(part, file.subarray(0, cut));
    names[part] = name;
    large.push({ name, data });
  }
  if (large.length) sent.set("uploads", ascii(JSON.stringify(names)));
  return { sent, large };
}

async function read(answer: Response, most: number, onProgress?: Progress): Promise<Bytes> {
  const pieces: Uint8Array[] = [];
  const total = Number(answer.headers.get("Content-Length") ?? 0);
  let size = 0;
  const reader = answer.body?.getReader();
  try {
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) break;
      size += piece.value.length;
      if (size > most) throw new HubError("too_large");
      pieces.push(piece.value);
      onProgress?.(size, Math.max(total, size), "down");
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error instanceof HubError ? error : unreachable();
  }
  return concat(...pieces);
}

/** The error that a problem document tells of: its extra members are facts. */
function problem(status: number, data: Bytes): HubError {
  let value: Json = null;
  try {
    value = parsed(data);
  } catch {
    // no document: the status alone speaks
  }
  if (!isObject(value) || typeof value["code"] !== "string") {
    return status >= 500 ? unreachable() : new HubError("peer_misbehaved");
  }
  const facts = Object.entries(value).filter(([name]) => !OWN_MEMBERS.includes(name));
  const { code, detail, todo } = value;
  return new HubError(code, String(detail ?? ""), typeof todo === "string" ? todo : null, Object.fromEntries(facts));
}

/** What a hub answers is plain JSON, with decimals on maps; whatever is signed in it is read strictly where it is verified. */
function parsed(data: Bytes): Json {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) as Json;
  } catch {
    throw new HubError("peer_misbehaved");
  }
}

const unreachable = (): HubError => new HubError("peer_unreachable");

function checked(url: string): string {
  if (url === "") return url;
  if (!/^https?:\/\//.test(url)) return fail("invalid_request");
  const { protocol, hostname, username, pathname, search, hash, origin } = new URL(url);
  const safe = protocol === "https:" || (protocol === "http:" && LOCAL.includes(hostname));
  if (!safe || username || pathname !== "/" || search || hash) throw new HubError("invalid_request");
  return origin;
}

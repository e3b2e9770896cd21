/**
 * Talking to the home hub: JSON, packets up and down, problem documents turned back into errors (docs/errors.md).
 *
 * Knows no key and no plaintext. The session is a token in a header that only this code sends: no cookie, so nothing that
 * another site could make a browser send. No redirect, no secret and no person's id in an address. What is the same when
 * it is sent twice is tried again when the line breaks; a session that has ended is renewed once.
 */

import { ascii, b64u, concat, isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { systemRandom } from "../rcp/age.ts";

const MAX_ANSWER = 16 * 2 ** 20;
const TRIES = 4;
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
}

export class HubSession {
  readonly url: string;
  /** Returns a new token when the old one has ended. */
  signIn: (() => Promise<string>) | null = null;
  private token: string | null = null;
  private renewing: Promise<void> | null = null;
  private readonly around: Surroundings;

  /** The hub at `url`; "" is the origin that the page came from. */
  constructor(url: string, around: Surroundings = BROWSER) {
    this.url = checked(url);
    this.around = around;
  }

  get(path: string, query: Query = {}): Promise<Json> {
    return this.json({ method: "GET", path: path + asked(query), again: true });
  }

  async text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.ask({ method: "GET", path, again: true }, MAX_ANSWER));
  }

  post(path: string, value: JsonObject, invitation?: string): Promise<Json> {
    const given = invitation === undefined ? {} : { invitation, anonymous: true };
    return this.json({ method: "POST", path, ...body(value), ...given, again: false });
  }

  /** Return the token of a new session. */
  async open(login: string, auth: Bytes): Promise<string> {
    const given = body({ login, auth: b64u(auth) });
    const answer = await this.json({
      method: "POST",
      path: "/api/v1/sessions",
      ...given,
      anonymous: true,
      again: false,
    });
    expect(isObject(answer) && typeof answer["token"] === "string");
    return answer["token"];
  }

  put(path: string, value: JsonObject): Promise<Json> {
    return this.json({ method: "PUT", path, ...body(value), again: false });
  }

  async delete(path: string): Promise<void> {
    await this.ask({ method: "DELETE", path, again: false }, MAX_ANSWER);
  }

  /** Send a statement with what travels beside it. The same statement gets the same answer, so it may be sent again. */
  submit(path: string, parts: ReadonlyMap<string, Uint8Array>): Promise<Json> {
    const boundary = `rcp-${b64u(systemRandom(16))}`;
    const type = `multipart/form-data; boundary=${boundary}`;
    return this.json({ method: "POST", path, body: multipart(boundary, parts), type, again: true });
  }

  /** Bytes of at most `size`; the answer to a POST where there is a `value` to send. */
  download(path: string, size: number, value?: JsonObject): Promise<Bytes> {
    const request = value ? { method: "POST", ...body(value) } : { method: "GET" };
    return this.ask({ ...request, path, again: true }, size);
  }

  /** A conversation with another hub, about what it shows everybody. */
  other(url: string): HubSession {
    return new HubSession(url, this.around);
  }

  /** Use a session's token from now on; null forgets it. */
  use(token: string | null): void {
    this.token = token;
  }

  private async json(request: Request): Promise<Json> {
    const data = await this.ask(request, MAX_ANSWER);
    return data.length ? parsed(data) : null;
  }

  private async ask(request: Request, most: number): Promise<Bytes> {
    let answer = await this.tried(request);
    if (answer.status === 401 && !request.anonymous && this.signIn) {
      await this.renewed(this.signIn);
      answer = await this.tried(request);
    }
    if (!answer.ok) throw problem(answer.status, await read(answer, MAX_ANSWER));
    return read(answer, most);
  }

  /** Many requests may find at once that the session has ended: one of them signs in for all. */
  private renewed(signIn: () => Promise<string>): Promise<void> {
    this.renewing ??= signIn()
      .then((token) => this.use(token))
      .finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async tried(request: Request): Promise<Response> {
    for (let left = request.again ? TRIES : 1; ; left--) {
      const answer = await this.once(request);
      if (answer && (left === 1 || ![502, 503, 504].includes(answer.status))) return answer;
      if (left === 1) throw unreachable();
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

async function read(answer: Response, most: number): Promise<Bytes> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = answer.body?.getReader();
  try {
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) break;
      size += piece.value.length;
      if (size > most) throw new HubError("too_large");
      pieces.push(piece.value);
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

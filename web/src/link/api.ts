/**
 * Requests to the own hub about one link, each signed (docs/protocol.md §7.8): no cookie, no session.
 *
 * An error is the hub's code and facts; its sentences are not shown, the page has its own.
 */

import { systemRandom } from "../rcp/age.ts";
import type { Signer } from "../rcp/dsse.ts";
import {
  ascii,
  b64u,
  canonical,
  isObject,
  parseJson,
  sha256,
  type Bytes,
  type Json,
  type JsonObject,
} from "../rcp/encoding.ts";

export class ApiError extends Error {
  readonly code: string;
  readonly facts: JsonObject;

  constructor(code: string, facts: JsonObject = {}) {
    super(code);
    this.code = code;
    this.facts = facts;
  }
}

export class LinkApi {
  private readonly path: string;
  /** How far this device's clock is behind the hub's: old phones are often wrong. */
  private ahead = 0;

  constructor(id: string) {
    this.path = `/api/v1/links/${id}`;
  }

  now(): number {
    return Math.floor(Date.now() / 1000) + this.ahead;
  }

  async get(by: Signer, path = ""): Promise<JsonObject> {
    return object(await (await this.send(by, path, null)).text());
  }

  async post(by: Signer, path: string, body: JsonObject): Promise<JsonObject> {
    return object(await (await this.send(by, path, canonical(body))).text());
  }

  async bytes(by: Signer, path: string): Promise<Bytes> {
    return new Uint8Array(await (await this.send(by, path, null)).arrayBuffer());
  }

  private async send(by: Signer, path: string, body: Bytes | null, again = true): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(this.path + path, this.request(by, path, body));
    } catch {
      throw new ApiError("offline");
    }
    if (answer.ok) return answer;
    const error = await problem(answer);
    const now = error.facts["now"];
    if (answer.status === 401 && again && typeof now === "number") {
      this.ahead = now - Math.floor(Date.now() / 1000);
      return this.send(by, path, body, false);
    }
    throw error;
  }

  private request(by: Signer, path: string, body: Bytes | null): RequestInit {
    const method = body ? "POST" : "GET";
    const type = body ? "application/json" : "-";
    const [at, nonce] = [this.now(), b64u(systemRandom(16))];
    const digest = b64u(sha256(body ?? new Uint8Array()));
    const said = ["rcp/1/link-request", method, this.path + path, at, nonce, type, digest].join("\n");
    const authorization = `Link key=${b64u(by.publicKey)},at=${at},nonce=${nonce},sig=${b64u(by.sign(ascii(said)))}`;
    const headers = { Authorization: authorization, ...(body ? { "Content-Type": type } : {}) };
    return {
      method,
      headers,
      body,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    };
  }
}

async function problem(answer: Response): Promise<ApiError> {
  try {
    const facts = object(await answer.text());
    return new ApiError(typeof facts["code"] === "string" ? facts["code"] : "unavailable", facts);
  } catch {
    return new ApiError("unavailable");
  }
}

function object(text: string): JsonObject {
  const value: Json = parseJson(text);
  if (!isObject(value)) throw new ApiError("unavailable");
  return value;
}

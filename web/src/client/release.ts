/**
 * Releases: which programs a hub serves, how it says so in its log, and how whoever gets them finds out whether it lies.
 * The twin of `hub/keys/releases.py`; the service worker, the app and the tests use it. Does not fetch, keeps nothing.
 */

import { readEnvelope, verifiedBy } from "../rcp/dsse.ts";
import { b64u, canonical, fromB64u, parseJson, same, sha256, type Bytes, type Json } from "../rcp/encoding.ts";
import { need } from "../rcp/errors.ts";
import { checkGrown, checkInclusion, verifyNote } from "../rcp/log.ts";
import type { Checkpoint } from "../rcp/packet.ts";
import * as a from "../rcp/shapes.ts";
import { readDocument, verifyHubEntry, type HubEntry } from "./documents.ts";

export const MANIFEST = "release.json";
const RELEASE_TYPE = "application/vnd.rcp.release+json;v=1";
const MAX_FILE = 8 * 2 ** 20;
const MAX_FILES = 1000;
const PATH = a.matches(/^(?:app|l)\/(?:[a-z0-9_-]+\/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$/);
const FILE = a.objectOf({ path: PATH, size: a.integer(0, MAX_FILE), sha256: a.hash, shell: a.flag });
const LIST = a.objectOf({
  v: a.integer(1, 1),
  policy: a.string,
  files: a.distinctBy(a.listOf(FILE, MAX_FILES, 1), "path"),
});
const PROVEN = a.objectOf({
  index: a.integer(),
  salt: a.hash,
  proof: a.listOf(a.hash, 64),
  document: a.atLeast({}),
});
const ANSWER = a.objectOf({
  hub: a.atLeast({}),
  checkpoint: a.matches(/^[^]{1,131072}$/),
  release: PROVEN,
  grown: a.listOf(a.hash, 64),
});
const RELEASE = a.atLeast({ host: a.host, release: a.hash, seq: a.integer(), at: a.seconds });

export interface ReleaseFile {
  /** Where it stands at a hub. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Whether it is needed before anybody signed in. */
  readonly shell: boolean;
}

/** The files of a release, the policy of the app's page, and the release's name. */
export interface ReleaseList {
  readonly hash: string;
  readonly policy: string;
  readonly files: readonly ReleaseFile[];
}

/** What somebody knows of a hub's log, and of the release that it says to serve. */
export interface Seen {
  readonly host: string;
  readonly key: string;
  readonly head: Checkpoint;
  readonly index: number;
  readonly release: string;
}

/** The list that these bytes are, in their one form. */
export function readList(data: Bytes): ReleaseList {
  const value = parseJson(data);
  LIST(value);
  need(same(canonical(value), data), "bad_signature");
  const { policy, files } = value as unknown as Omit<ReleaseList, "hash">;
  return { hash: b64u(sha256(data)), policy, files };
}

export const isOf = (file: ReleaseFile, data: Bytes): boolean =>
  data.length === file.size && b64u(sha256(data)) === file.sha256;

/**
 * What a hub's answer shows: a release that it signed, at its place in its log. The log goes on from what was seen, by the
 * same key, and the place does not stand before that of the release that was known. Without `seen` the hub is taken at its
 * own word: a first meeting.
 */
export function judge(answer: Json, seen: Seen | null): Seen {
  ANSWER(answer);
  const given = answer as unknown as Answer;
  const { host, sign } = hubOf(given.hub);
  need(!seen || (host === seen.host && sign === seen.key), "bad_signature");
  const head = verifyNote(given.checkpoint, host, fromB64u(sign, 32));
  const grown = given.grown.map((node) => fromB64u(node));
  if (seen) checkGrown(seen.head, head, grown);
  const { document, index, salt, proof } = given.release;
  const envelope = readEnvelope(document, RELEASE_TYPE);
  const nodes = proof.map((node) => fromB64u(node));
  checkInclusion(envelope.document, fromB64u(salt), index, nodes, head.size, fromB64u(head.root));
  need(envelope.value["v"] === 1, "unsupported_version");
  RELEASE(envelope.value);
  verifiedBy(envelope, [fromB64u(sign, 32)]);
  need(envelope.value["host"] === host && index >= (seen?.index ?? 0), "bad_signature");
  return { host, key: sign, head, index, release: String(envelope.value["release"]) };
}

interface Answer {
  readonly hub: Json;
  readonly checkpoint: string;
  readonly release: { document: Json; index: number; salt: string; proof: string[] };
  readonly grown: string[];
}

const hubOf = (document: Json): HubEntry => verifyHubEntry(readDocument(document), null).value;

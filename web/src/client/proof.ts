/**
 * The proof of who holds a case, as a file that is checked without any hub: statements, receipts, keys, checkpoints. The
 * twin of `hub/client/proof.py`, which reads the same files.
 *
 * `make` gathers what `register.ts` read, with the newest checkpoint of each log and the proofs that those of the receipts
 * grew into it. `check` believes the hub keys and certifiers that its reader trusts, and nothing else: it walks the chain
 * from the opening, and says who held the case when the file was made. What came later no file can show.
 */

import { b64u, fromB64u, type Json, type JsonObject } from "../rcp/encoding.ts";
import { need, refuse } from "../rcp/errors.ts";
import { hostOf } from "../rcp/keys.ts";
import { checkGrown, verifyNote } from "../rcp/log.ts";
import type { Receipt } from "../rcp/statements.ts";
import * as a from "../rcp/shapes.ts";
import { show } from "./handoffs.ts";
import type { Member } from "./member.ts";
import { hubKey, TrustedKeys, type TrustedAgency } from "./pins.ts";
import { HOLD, OPEN, whoHolds } from "./register.ts";
import * as says from "./statements.ts";

const RECEIPT = "hub.receipt";
const STEP = a.objectOf({ statement: a.atLeast({}), receipts: a.listOf(a.atLeast({}), 8, 1) });
const GROWN = a.objectOf({ size: a.integer(1), root: a.hash, proof: a.listOf(a.hash, 64) });
const HEAD = a.objectOf({ host: a.host, note: a.string, grown: a.listOf(GROWN, 64) });
const FORM = a.objectOf({
  v: a.integer(1, 1),
  made: a.seconds,
  steps: a.listOf(STEP, 64, 1),
  agencies: a.atLeast({}),
  heads: a.distinctBy(a.listOf(HEAD, 16, 1), "host"),
});

type Row = { readonly statement: Json; readonly receipts: readonly Json[] };
type Head = { host: string; note: string; grown: { size: number; root: string; proof: string[] }[] };
type Proof = { made: number; steps: Row[]; agencies: { [name: string]: JsonObject }; heads: Head[] };

/** One proven word of the register, and where it stands in which log. */
export interface Step {
  readonly type: string;
  readonly handoff: string;
  readonly hash: string;
  readonly by: string;
  readonly at: number;
  readonly origin: string;
  readonly index: number;
}

/** What a file proves: who held the case when it was made, whether a release was open, by which words. */
export interface Proven {
  readonly made: number;
  readonly holder: string;
  readonly release: string | null;
  readonly unilateral: boolean;
  readonly steps: readonly Step[];
}

// Making

/** Return the proof of who holds a case, or a leg's part of it; `name` is what `whoHolds` takes. */
export async function make(member: Member, name: string): Promise<JsonObject> {
  const { chain } = await whoHolds(member, name);
  const links = chain.filter(({ position, type }) => position !== null || [OPEN, HOLD].includes(type));
  const rows = new Map<string, Row>();
  for (const handoff of new Set(links.map((link) => link.handoff))) {
    for (const row of (await show(member, handoff)).view.statements) rows.set(row.hash, stepOf(row));
  }
  const steps = links.map(({ hash }) => rows.get(hash) ?? refuse("malformed"));
  const signers = steps.flatMap(({ statement }) => says.readUnverified(statement).statement.by.filter(says.isMember));
  const agencies: { [name: string]: JsonObject } = {};
  for (const agency of [...new Set(signers.map((one) => one.agency))].sort()) {
    await member.trust.agency(agency);
    agencies[agency] = member.trust.served.get(agency) ?? refuse("malformed");
  }
  const value = { v: 1, made: member.now(), steps, agencies, heads: await headsOf(member, steps) } as unknown;
  check(member, value as Json);
  return value as JsonObject;
}

function stepOf(row: { envelope: Json; answer: Json; words: readonly { envelope: Json }[] }): Row {
  const said = [row.answer, ...row.words.map(({ envelope }) => envelope)];
  const receipts = said.filter((one) => says.readUnverified(one).statement.type === RECEIPT);
  return { statement: row.envelope, receipts };
}

async function headsOf(member: Member, steps: readonly Row[]): Promise<Head[]> {
  const logs = new Map<string, Map<number, string>>();
  for (const receipt of steps.flatMap(({ receipts }) => receipts)) {
    const { origin, size, root } = says.readUnverified(receipt).statement.body["log"] as unknown as Receipt["log"];
    logs.set(origin, (logs.get(origin) ?? new Map()).set(size, root));
  }
  const hosts = [...logs.keys()].sort();
  return Promise.all(hosts.map((host) => headOf(member, host, logs.get(host)!)));
}

async function headOf(member: Member, host: string, sizes: ReadonlyMap<number, string>): Promise<Head> {
  const note = await member.trust.head(host);
  const { size: newest } = verifyNote(note, host, hubKey(member.trust.pins, host));
  const grown: Head["grown"] = [];
  for (const [size, root] of [...sizes].sort(([one], [other]) => one - other)) {
    const nodes = await member.trust.grown(host, Math.min(size, newest), Math.max(size, newest));
    grown.push({ size, root, proof: nodes.map(b64u) });
  }
  return { host, note, grown };
}

// Checking

/** Return what a proof shows, checked without a hub by what this member trusts. */
export function check(member: Member, value: Json): Proven {
  const { made, steps, agencies, heads } = ofForm(value);
  const { pins } = member.trust;
  const found = new Map<string, TrustedAgency>();
  for (const [name, served] of Object.entries(agencies)) {
    hubKey(pins, hostOf(name));
    found.set(name, member.trust.keptAgency(name, served));
  }
  const keys = new TrustedKeys(found, pins);
  const logs = new Map(heads.map((head) => [head.host, grownInto(hubKey(pins, head.host), head)]));
  return walk(
    steps.map((row) => provenStep(row, keys, logs, made)),
    made,
  );
}

/** Look up the agencies that a proof names at the home hub, so that their hubs' keys are known here. */
export async function learn(member: Member, value: Json): Promise<void> {
  for (const agency of Object.keys(ofForm(value).agencies)) await member.trust.agency(agency);
}

function ofForm(value: Json): Proof {
  FORM(value);
  const found = value as unknown as Proof;
  Object.keys(found.agencies).forEach(a.agency);
  return found;
}

/** The heads of a log that are of one history with its signed checkpoint, which may be a minute behind. */
function grownInto(key: Uint8Array, { host, note, grown }: Head): Set<string> {
  const head = verifyNote(note, host, key as Parameters<typeof verifyNote>[2]);
  for (const { size, root, proof } of grown) {
    const said = { origin: host, size, root };
    const [old, now] = size <= head.size ? [said, head] : [head, said];
    const nodes = proof.map((node) => fromB64u(node));
    checkGrown(old, now, nodes);
  }
  return new Set(grown.map(({ size, root }) => `${size} ${root}`));
}

/** A verified statement with its receipts by host, and the hashes of those. */
interface Said {
  readonly read: ReturnType<typeof says.readUnverified>;
  readonly receipts: ReadonlyMap<string, Receipt>;
  readonly hashes: ReadonlyMap<string, string>;
}

function provenStep(row: Row, keys: TrustedKeys, logs: ReadonlyMap<string, Set<string>>, now: number): Said {
  const { statement } = says.readUnverified(row.statement);
  const home = says.hubOf(statement) ?? hostOf(says.agencyOf(statement) ?? refuse("malformed"));
  const own = row.receipts.map(says.claimedPlace).find((place) => place?.host === home) ?? refuse("bad_signature");
  const read = says.verifyStatement(row.statement, keys.standingAt(home, own.index), now, false);
  const receipts = new Map<string, Receipt>();
  const hashes = new Map<string, string>();
  for (const answer of row.receipts) {
    const { host, receipt } = says.readWord(answer, read, keys, now);
    need(
      receipt !== null && (logs.get(host)?.has(`${receipt.log.size} ${receipt.log.root}`) ?? false),
      "bad_signature",
    );
    receipts.set(host, receipt);
    hashes.set(host, says.readUnverified(answer).envelope.hash);
  }
  return { read, receipts, hashes };
}

/** How far the walk has come. */
interface Known {
  readonly holder: string | null;
  readonly release: string | null;
  readonly leg: string | null;
  readonly legs: readonly string[];
  readonly taken: Said | null;
  readonly unilateral: boolean;
}

function walk(steps: readonly Said[], made: number): Proven {
  const begin: Known = { holder: null, release: null, leg: null, legs: [], taken: null, unilateral: false };
  const { holder, release, unilateral } = steps.reduce(after, begin);
  return { made, holder: holder ?? refuse("bad_signature"), release, unilateral, steps: steps.map(shown) };
}

/** How far the chain has come after one more word, if that word goes on from those before. */
function after(known: Known, step: Said): Known {
  const { envelope, statement } = step.read;
  const { type, handoff, body } = statement;
  const agency = says.agencyOf(statement) ?? "";
  const taken = { holder: agency, release: null, taken: step };
  const free = known.holder === null;
  if ((type === OPEN || type === "transfer.intake") && free) {
    isPlaced(step, hostOf(agency));
    return { ...known, holder: agency };
  }
  if (type === HOLD && known.taken !== null && cites(step, known.taken)) {
    return { ...known, holder: String(body["to"]), taken: null, legs: [] };
  }
  if (type === "case.leg" && agency === known.holder) {
    isPlaced(step, hostOf(agency));
    return { ...known, legs: [...known.legs, String(body["leg"])] };
  }
  const mine = free || known.holder === agency;
  if (type === "transfer.release" && mine && (known.legs.length === 0 || known.legs.includes(handoff))) {
    isPlaced(step, hostOf(agency));
    return { ...known, holder: agency, release: envelope.hash, leg: handoff };
  }
  if (type === "transfer.take" && body["release"] === known.release && handoff === known.leg) {
    isPlaced(step, hostOf(known.holder ?? ""));
    return { ...known, ...taken };
  }
  if (type === says.ASSUME && (free || known.holder === body["of"])) {
    isPlaced(step, hostOf(String(body["of"])));
    return { ...known, ...taken, unilateral: true };
  }
  if (type === "transfer.succeeded" && known.holder !== null && says.hubOf(statement) === hostOf(known.holder)) {
    return { ...known, holder: String(body["by"]), release: null, unilateral: true };
  }
  return refuse("bad_signature");
}

/** Only the ordering hub's receipt gives a place among the words that count. */
function isPlaced({ receipts }: Said, host: string): void {
  need((receipts.get(host)?.position ?? null) !== null, "bad_signature");
}

/** Whether the first word of a register cites the take before it, by the ordering hub's receipt. */
function cites({ read: { statement } }: Said, taken: Said): boolean {
  const { body } = statement;
  const { origin, index } = body["log"] as unknown as { origin: string; index: number };
  const receipt = taken.receipts.get(origin);
  const to = String(body["to"]);
  return (
    receipt !== undefined &&
    receipt.position !== null &&
    receipt.index === index &&
    body["take"] === taken.read.envelope.hash &&
    body["receipt"] === taken.hashes.get(origin) &&
    to === says.agencyOf(taken.read.statement) &&
    says.hubOf(statement) === hostOf(to)
  );
}

function shown({ read: { envelope, statement }, receipts }: Said): Step {
  const { log, index } = [...receipts.values()][0]!;
  const by = says.agencyOf(statement) ?? says.hubOf(statement) ?? "";
  const { type, handoff, at } = statement;
  return { type, handoff, hash: envelope.hash, by, at, origin: log.origin, index };
}

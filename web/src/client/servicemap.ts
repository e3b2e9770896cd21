/**
 * The service map at the own hub: search, records, what is due, change requests, duplicates, areas and gaps.
 *
 * Every question travels in a body and names nobody. Nothing here is sealed or signed: it is what the hub shows of its own
 * directory. Slices, which are signed and matched with a person, are not its business.
 */

import { isObject, type Bytes, type Json, type JsonObject } from "../rcp/encoding.ts";
import { expect, type HubSession } from "./session.ts";

const PATH = "/api/v1/directory";
const MAX_EXPORT = 2 ** 28;

export type Kind = "provider" | "service" | "site";
export const KINDS: readonly Kind[] = ["service", "provider", "site"];

/** A record as the caller may see it: `level` says as whom, `may` what they may do with it. */
export interface MapRecord {
  readonly id: string;
  readonly kind: Kind;
  readonly host: string;
  readonly steward: string;
  readonly version: number;
  readonly changed_at: number;
  readonly level: string;
  readonly may: readonly string[];
  /** How the caller may know that it still is, where they may say so. */
  readonly still_right: readonly string[];
  readonly document: JsonObject;
}

/** One version of a record: of each member that changed the old and the new value. */
export interface Change {
  readonly version: number;
  readonly at: number;
  readonly agency: string;
  readonly member: string;
  readonly how: string;
  readonly note: string;
  readonly fields: { readonly [member: string]: readonly [Json, Json] };
}

/** What became of a draft; `held`: contact details that wait for a call or three days. */
export interface Outcome {
  readonly id: string;
  readonly what: string;
  readonly version: number;
  readonly fields: readonly string[];
  readonly held: readonly string[];
  readonly name?: string;
}

export interface Why {
  readonly typed: string;
  readonly how: string;
  readonly field: string;
  readonly met: string;
}

/** A service that a search found, why, and whether it is open now; null where nobody said when it is. */
export interface Found {
  readonly listing: Listing;
  readonly why: readonly Why[];
  readonly open: boolean | null;
  readonly stale: boolean;
}

export interface Place {
  readonly site: string;
  readonly name?: string;
  readonly area?: string;
  readonly path?: readonly string[];
  /** Millionths of a degree. */
  readonly lat?: number;
  readonly lon?: number;
  readonly precision: string;
  readonly address?: string;
  readonly mobile?: boolean;
}

/** One service, its provider and its places as the caller may see them. */
export interface Listing {
  readonly id: string;
  readonly name: string;
  readonly status?: string;
  readonly needs?: readonly string[];
  readonly provider: { readonly id: string; readonly name: string; readonly kind?: string; readonly formal?: boolean };
  readonly places?: readonly Place[];
  readonly covers?: readonly string[];
  readonly capacity?: { readonly state?: string; readonly until?: string };
  readonly verified?: { readonly [group: string]: string };
  readonly shown_until: string;
  readonly translations?: { readonly [language: string]: { readonly [field: string]: { readonly text: string } } };
}

export interface SearchQuestion {
  readonly text?: string;
  readonly needs?: string[];
  readonly areas?: string[];
  readonly languages?: string[];
  readonly kinds?: string[];
  readonly access?: string[];
  readonly capacity?: string[];
  readonly free?: boolean;
  readonly open_now?: boolean;
  readonly include_stale?: boolean;
  readonly limit?: number;
  readonly after?: number;
}

export interface Answer {
  readonly found: readonly Found[];
  readonly total: number;
  readonly facets: { readonly [facet: string]: { readonly [code: string]: number } };
  readonly needs: { readonly [need: string]: string };
  readonly every_word: boolean;
  readonly after: number | null;
}

/** One group of one record that is due: since when, and when it counts no longer. */
export interface DueItem {
  readonly record: string;
  readonly kind: Kind;
  readonly name: string;
  readonly version: number;
  readonly group: string;
  readonly due: string;
  readonly limit: string;
  readonly state: string;
  readonly rung: number;
  readonly told_at: number | null;
  readonly still_right: readonly string[];
}

export interface ChangeRequest {
  readonly id: string;
  readonly record: string;
  readonly kind: Kind;
  readonly name: string;
  readonly state: string;
  readonly steward: string;
  readonly agency: string;
  readonly member: string;
  readonly how: string;
  readonly note: string;
  readonly at: number;
  readonly until: number | null;
  readonly version: number;
  readonly groups: readonly string[];
  readonly differences: { readonly [member: string]: { readonly was?: Json; readonly now?: Json; readonly new: Json } };
  readonly taken: readonly string[];
  readonly reason: string;
}

export interface Pair {
  readonly id: string;
  readonly kind: Kind;
  readonly score: number;
  readonly strength: string;
  readonly reasons: readonly { readonly code: string; readonly points: number }[];
  readonly records: readonly {
    readonly id: string;
    readonly name: string;
    readonly steward: string;
    readonly host: string;
  }[];
  readonly state: string;
  readonly kept: string | null;
  readonly said: readonly string[];
  readonly agency: string | null;
  readonly decided_at: number | null;
}

export interface Import {
  readonly id: string;
  readonly format: string;
  readonly source: { readonly name: string; readonly day: string };
  readonly at: number;
  readonly state: string;
  readonly total: number;
  readonly done: number;
  readonly counts: { readonly [kind: string]: { readonly [what: string]: number } };
  readonly error: string | null;
}

/** What became, or would become, of one row of a file. */
export interface ImportRow {
  readonly n: number;
  readonly kind: string;
  readonly row: string;
  readonly record: string | null;
  readonly what: string;
  readonly fields: readonly string[];
  readonly kept: readonly string[];
  readonly held: readonly string[];
  readonly problems: readonly { readonly field: string; readonly code: string; readonly message: string }[];
}

export interface Area {
  readonly code: string;
  readonly level: number;
  readonly path: readonly string[];
  readonly names: { readonly [language: string]: string };
}

/** An agency whose case workers belong to an area, or to one above it; who says so. */
export interface AreaAgency {
  readonly area: string;
  readonly agency: string;
  readonly lead: boolean;
  readonly by_agency: string;
  readonly at: number;
}

export interface AreaDetail extends Area {
  readonly scheme: string;
  readonly country: string;
  readonly valid_from: string;
  readonly valid_to: string;
  /** Other codes of the same area. */
  readonly aliases: readonly string[];
  readonly agencies: readonly AreaAgency[];
  /** What its code has meant. */
  readonly history: readonly (Area & { readonly valid_from: string; readonly valid_to: string })[];
  readonly children: readonly Area[];
}

/** What an import of areas did, or would do: a line for each row that is not the same as before. */
export interface AreaReport {
  readonly applied: boolean;
  readonly counts: { readonly [result: string]: number };
  readonly rows: readonly {
    readonly row: number;
    readonly result: string;
    readonly code?: string;
    readonly name?: string;
    readonly area?: string;
    readonly because?: string;
  }[];
  /** Areas of the levels that the file has which it does not name. */
  readonly unseen: readonly string[];
  readonly elsewhere: number;
}

export interface GapCell {
  readonly here: number;
  readonly covers: number;
  readonly open: number;
  readonly usable: number;
  readonly claimed: number;
  readonly unmet: number | null;
  readonly hidden: number;
}

export interface GapTable {
  readonly country: string;
  readonly month: string | null;
  readonly needs: readonly string[];
  readonly areas: readonly {
    readonly code: string;
    readonly names: { readonly [language: string]: string };
    readonly cells: { readonly [need: string]: GapCell };
  }[];
  readonly first: readonly {
    readonly area: string;
    readonly need: string;
    readonly unmet: number | null;
    readonly hidden: number;
  }[];
}

export interface Outlines {
  readonly features: readonly {
    readonly id: string;
    readonly properties: { readonly names: { readonly [language: string]: string } };
    readonly geometry: { readonly type: "Polygon" | "MultiPolygon"; readonly coordinates: unknown };
  }[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly after: string | null;
}

const told = <T>(value: Json): T => {
  expect(isObject(value));
  return value as unknown as T;
};

const post = async <T>(hub: HubSession, path: string, value: JsonObject): Promise<T> =>
  told<T>(await hub.post(`${PATH}/${path}`, value));

// Records

/** Services by words, needs, areas and more; it has no field for a person. */
export const search = (hub: HubSession, question: SearchQuestion): Promise<Answer> =>
  post(hub, "search", { ...question });

export const records = (
  hub: HubSession,
  given: { kind?: Kind; mine?: boolean; after?: string; limit?: number },
): Promise<Page<MapRecord>> => post(hub, "records/list", given);

/** A record; the id of a merged one leads to the one that was kept. */
export const record = async (hub: HubSession, id: string): Promise<MapRecord> =>
  told(await hub.get(`${PATH}/records/${id}`));

export const history = async (hub: HubSession, id: string): Promise<readonly Change[]> =>
  told<{ items: Change[] }>(await hub.get(`${PATH}/records/${id}/history`)).items;

/** Make a record that the own agency keeps; `how` it is known, so that it counts as checked today. */
export const create = (hub: HubSession, kind: Kind, document: JsonObject, how: string): Promise<Outcome> =>
  post(hub, "records", { kind, document, ...(how ? { how } : {}) });

/** Change members of a record as it was in a version; null takes one away. */
export const edit = async (
  hub: HubSession,
  id: string,
  version: number,
  changes: JsonObject,
  how: string,
): Promise<Outcome> => {
  const given = { base_version: version, changes, ...(how ? { how } : {}) };
  return told(await hub.patch(`${PATH}/records/${id}`, given));
};

// What is due

export const due = (
  hub: HubSession,
  given: { area?: string; provider?: string; kinds?: string[]; groups?: string[]; after?: string; limit?: number },
): Promise<Page<DueItem> & { readonly records: number }> => post(hub, "due", given);

/** Say that groups of a record (none named: all) are still right, and how that is known. */
export const verify = (hub: HubSession, id: string, groups: string[], how: string, note = ""): Promise<Outcome> =>
  post(hub, `records/${id}/verify`, { groups, how, note });

/** Say of many records, in the versions that were looked at, that groups are still right. */
export const renew = (
  hub: HubSession,
  versions: { [record: string]: number },
  given: { groups: string[]; how: string; ends?: string; dry_run: boolean },
): Promise<{ readonly items: readonly Outcome[] }> => post(hub, "renew", { ...given, records: versions });

/** A link by which a provider without an account says what is right; its address only if it is handed over. */
export const updateLink = (
  hub: HubSession,
  id: string,
  language: string,
  by: "mail" | "hand",
): Promise<{ readonly expires: number; readonly url: string | null }> =>
  post(hub, "links", { record: id, language, by });

// Change requests

export const requests = (
  hub: HubSession,
  given: { states?: string[]; record?: string; after?: string; limit?: number },
): Promise<Page<ChangeRequest>> => post(hub, "requests/list", given);

export const propose = (
  hub: HubSession,
  given: { kind: Kind; record?: string; base_version?: number; changes: JsonObject; groups?: string[]; note?: string },
): Promise<ChangeRequest> => post(hub, "requests", given);

/** Write what was proposed, or only some members; `version` of the record that it was compared with. */
export const approve = (hub: HubSession, id: string, version: number, members: string[] | null): Promise<Outcome> =>
  post(hub, `requests/${id}/approve`, { version, ...(members ? { members } : {}) });

export const refuse = (hub: HubSession, id: string, reason: string): Promise<Json> =>
  hub.post(`${PATH}/requests/${id}/refuse`, { reason });

export const takeBack = (hub: HubSession, id: string): Promise<Json> => hub.post(`${PATH}/requests/${id}/withdraw`, {});

/** Let contact details through: the old number was called and said so. */
export const called = (hub: HubSession, id: string, note: string): Promise<Outcome> =>
  post(hub, `requests/${id}/called`, { note });

// Duplicates

export const compare = (hub: HubSession, kind: Kind): Promise<{ readonly new: number }> =>
  post(hub, "pairs/propose", { kind });

export const pairs = (
  hub: HubSession,
  given: { states?: string[]; kind?: Kind; after?: number; limit?: number },
): Promise<{ readonly items: readonly Pair[]; readonly after: number | null }> => post(hub, "pairs/list", given);

export const decide = (
  hub: HubSession,
  pair: string,
  decision: "merge" | "not_same" | "later" | "undo",
  keep?: string,
): Promise<{ readonly state: string }> =>
  post(hub, `pairs/${pair}/decision`, { decision, ...(keep === undefined ? {} : { keep }) });

// Files

/** Send a file for a dry run; `about` says its format and its source. */
export const sendFile = async (hub: HubSession, about: JsonObject, file: Uint8Array): Promise<Import> => {
  const said = new TextEncoder().encode(JSON.stringify({ ...about, dry_run: true }));
  const parts = new Map([
    ["about", said],
    ["file", file],
  ]);
  return told(await hub.submit(`${PATH}/imports`, parts));
};

export const imports = async (hub: HubSession): Promise<readonly Import[]> =>
  told<{ items: Import[] }>(await hub.get(`${PATH}/imports`)).items;

export const oneImport = async (hub: HubSession, id: string): Promise<Import> =>
  told(await hub.get(`${PATH}/imports/${id}`));

/** The lines of a report: those that say something, or all. */
export const importRows = async (
  hub: HubSession,
  id: string,
  after = 0,
  all = false,
): Promise<{ readonly items: readonly ImportRow[]; readonly after: number | null }> =>
  told(await hub.get(`${PATH}/imports/${id}/rows`, { after, limit: 100, all: String(all) }));

export const applyImport = (hub: HubSession, id: string): Promise<Import> => post(hub, `imports/${id}/apply`, {});

/** The map as the caller may see it, as a file. */
export const exported = (hub: HubSession, format: string, mine: boolean): Promise<Bytes> =>
  hub.download(`${PATH}/export`, MAX_EXPORT, { format, mine });

// Areas and gaps

export const findAreas = async (hub: HubSession, text: string): Promise<readonly Area[]> =>
  (await post<{ areas: Area[] }>(hub, "areas/find", { text })).areas;

export const areasOf = async (hub: HubSession, country: string, level?: number): Promise<readonly Area[]> =>
  (await post<{ areas: Area[] }>(hub, "areas/list", { country, ...(level === undefined ? {} : { level }) })).areas;

export const area = async (hub: HubSession, code: string): Promise<Area> =>
  told(await hub.get(`${PATH}/areas/${encodeURIComponent(code)}`));

export const areaDetail = async (hub: HubSession, code: string): Promise<AreaDetail> =>
  told(await hub.get(`${PATH}/areas/${encodeURIComponent(code)}`));

/** Say that another agency's case workers belong to an area, or with `remove` no longer; never of the own agency. */
export const assignArea = async (
  hub: HubSession,
  code: string,
  given: { agency: string; lead?: boolean; remove?: boolean },
): Promise<AreaDetail> => told(await hub.put(`${PATH}/areas/${encodeURIComponent(code)}/agencies`, given));

/** Join a file of areas (p-code CSV, GeoJSON, zipped shapefile) to a country's; without `apply` nothing is changed. */
export const importAreas = async (hub: HubSession, options: JsonObject, file: Uint8Array): Promise<AreaReport> => {
  const said = new TextEncoder().encode(JSON.stringify(options));
  const parts = new Map([
    ["options", said],
    ["file", file],
  ]);
  return told(await hub.submit(`${PATH}/areas/import`, parts));
};

/** Outlines as GeoJSON, out of the hub's own areas. */
export const outlines = (hub: HubSession, country: string, level: number): Promise<Outlines> =>
  post(hub, "areas/outlines", { country, level });

export interface GapQuestion {
  readonly country: string;
  readonly needs?: string[];
  readonly group?: string;
  readonly level?: number;
  readonly month?: string;
}

export const gaps = (hub: HubSession, question: GapQuestion): Promise<GapTable> => post(hub, "gaps", { ...question });

export const gapsCsv = async (hub: HubSession, question: GapQuestion, language: string): Promise<string> =>
  (await post<{ text: string }>(hub, "gaps/csv", { ...question, language })).text;

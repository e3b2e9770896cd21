/**
 * Monthly counts of unmet need that an agency keeps elsewhere, out of a CSV. The twin of `hub/directory/gaps/unmet.py` and of
 * `hub directory unmet`: no small number leaves the agency, nor one from which a small one can be worked out. Pure but for `send`.
 */

import policy from "../../../hub/directory/records/policy.json" with { type: "json" };
import vocabulary from "../../../hub/directory/records/vocabulary.json" with { type: "json" };
import { isObject, type JsonObject } from "../rcp/encoding.ts";
import { NEEDS } from "./reasons.ts";
import { expect, type HubSession } from "./session.ts";

const LEAST: number = policy.suppress_below.value;
const TOTAL = "all";
const AGE_GROUPS: readonly string[] = vocabulary.age_groups.list;
const PARTS = [AGE_GROUPS, ["female", "male"]];
const GROUPS = [TOTAL, ...PARTS.flat()];
const COLUMNS = ["month", "area", "need", "group", "count"];
const MONTH = /^20[0-9]{2}-(0[1-9]|1[0-2])$/;
/** Who may send them. */
export const REPORTERS: readonly string[] = ["coordinator", "agency_admin", "supervisor"];

/** How many of a group in an area had a need and nobody to meet it; null: some, but fewer than ten. */
export interface Count {
  readonly area: string;
  readonly need: string;
  readonly group: string;
  readonly count: number | null;
}

/** What a file says by month, and the lines of it that are not of their form. */
export function read(text: string): { months: ReadonlyMap<string, readonly Count[]>; wrong: readonly number[] } {
  const [head = [], ...lines] = tableOf(text.replace(/^\ufeff/, ""));
  const months = new Map<string, Count[]>();
  if (!COLUMNS.every((name) => head.includes(name))) return { months, wrong: [1] };
  const wrong: number[] = [];
  lines.forEach((cells, index) => {
    if (cells.every((cell) => cell === "")) return;
    const [month, area, need, group, count] = COLUMNS.map((name) => (cells[head.indexOf(name)] ?? "").trim()) as [
      ...[string, string, string, string, string],
    ];
    if (!MONTH.test(month) || !area || !(need in NEEDS) || !GROUPS.includes(group) || !/^[0-9]{0,9}$/.test(count)) {
      wrong.push(index + 2);
      return;
    }
    months.set(month, [...(months.get(month) ?? []), { area, need, group, count: count ? Number(count) : null }]);
  });
  return { months, wrong };
}

/** Counts as they may leave an agency: small ones, and what would tell them, are null. */
export function suppress(rows: readonly Count[]): Count[] {
  const cells = new Map<string, Map<string, Count>>();
  for (const row of rows) {
    const cell = cells.get(placeOf(row)) ?? new Map<string, Count>();
    cell.set(row.group, isSmall(row.count) ? { ...row, count: null } : row);
    cells.set(placeOf(row), cell);
  }
  for (const cell of cells.values()) {
    for (let part = telling(cell); part.length; part = telling(cell)) {
      const told = part.filter(({ count }) => count);
      const hidden = told.length
        ? told.reduce((best, one) => (one.count! < best.count! ? one : best))
        : cell.get(TOTAL)!;
      cell.set(hidden.group, { ...hidden, count: null });
    }
  }
  return rows.map((row) => cells.get(placeOf(row))!.get(row.group)!);
}

/** Send one month, suppressed; a hub takes each once. */
export async function send(hub: HubSession, month: string, rows: readonly Count[]): Promise<void> {
  const safe = suppress(rows).map((row): JsonObject => ({ ...row }));
  expect(isObject(await hub.put("/api/v1/directory/unmet", { month, rows: safe })));
}

const placeOf = ({ area, need }: Count): string => `${area}/${need}`;
const isSmall = (count: number | null): boolean => count !== null && count > 0 && count < LEAST;

/** The parts of a total that together tell a suppressed one, or none. */
function telling(cell: ReadonlyMap<string, Count>): readonly Count[] {
  const total = cell.get(TOTAL)?.count ?? null;
  if (total === null) return [];
  for (const names of PARTS) {
    const parts = names.flatMap((name) => cell.get(name) ?? []);
    const hidden = parts.filter(({ count }) => count === null).length;
    const left = parts.reduce((rest, { count }) => rest - (count ?? 0), total);
    if (hidden && (hidden === 1 || left < LEAST)) return parts;
  }
  return [];
}

/** The cells of a CSV; a cell in quotes may hold commas, lines and doubled quotes. */
function tableOf(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    const [, quoted, plain = "", end] = found;
    rows[rows.length - 1]!.push(quoted === undefined ? plain : quoted.replace(/""/g, '"'));
    if (end === "") return rows;
    if (end !== ",") rows.push([]);
  }
  rows[rows.length - 1]!.push("?"); // a quote in the wrong place: what follows cannot be told apart
  return rows;
}

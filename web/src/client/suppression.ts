/**
 * Which counts may be told: none below ten, and none from which such a one can be worked out. The twin of
 * `hub/reports/suppression.py`, which says why; it hides the same of the same facts, to the last cell. Pure.
 *
 * Places from the top down, with a rest of ten at least. Of each split the counts are edges of a network, and wherever what
 * can flow round a hidden one is fewer than ten, the way round that tells least is hidden as well.
 */

import vocabulary from "../../../hub/directory/records/vocabulary.json" with { type: "json" };
import limits from "../../../hub/reports/policy.json" with { type: "json" };
import { GRADES } from "./bodies.ts";
import * as coded from "./reasons.ts";

export const POLICY: string = limits.policy;
/** The smallest number that may be told, and how many numbers a hidden one must at least be able to be. */
export const LEAST: number = limits.suppress_below.value;
export const UNSAID = "unsaid";
/** What became of it; the first five are an answer, `nowhere`: there was nobody to refer to. */
export const ENDINGS: readonly string[] = "yes partial no declined not_completed expired stopped open nowhere".split(
  " ",
);
const ANSWERED = ENDINGS.slice(0, 5);
const AGE_GROUPS: readonly string[] = vocabulary.age_groups.list;
const FEMALE = "female";
const DEPTH = 4;
/** The levels of which everybody knows all members: age bands and sexes. */
const CLOSED: { readonly [depth: number]: number } = { 2: AGE_GROUPS.length + 1, 3: 2 };
const FLAG = ["said", "not"];
/** The last step of the path of a rest; no code is empty. */
const REST = "";
const PLENTY = 2 ** 40;

/** One need for which an agency sought help in a month. It does not say whom it is about. */
export interface Fact {
  readonly service: string;
  readonly area: string;
  readonly age_band: string;
  readonly sex: string;
  readonly ending: string;
  readonly reason: string | null;
  readonly barriers: readonly string[];
  /** Whether the same need had been referred before. */
  readonly again: boolean;
  readonly unmet: boolean;
  /** How good the evidence of its ending is; null where nobody answered. */
  readonly grade: string | null;
}

/** Nothing for all, else service, area, age band and sex, as far as it goes. */
export type Path = readonly string[];

/** A place that is told: for how many needs help was sought, and of each split the classes that may be told. */
export interface Row {
  readonly at: Path;
  readonly sought: number;
  readonly told: { [split: string]: { [one: string]: number } };
}

interface Split {
  readonly name: string;
  readonly classes: readonly string[];
  /** The endings of those that it splits. */
  readonly of: readonly string[];
  readonly classOf: (fact: Fact) => string;
}

const flag = (name: string, said: (fact: Fact) => boolean, of = ENDINGS): Split => {
  return { name, classes: FLAG, of, classOf: (fact) => FLAG[said(fact) ? 0 : 1]! };
};
const known = (one: string | null, classes: readonly string[], other: string): string =>
  one !== null && classes.includes(one) ? one : other;
const TOLD_GRADES = GRADES.filter((grade) => grade !== "hub");
const ENDING: Split = { name: "ending", classes: ENDINGS, of: ENDINGS, classOf: ({ ending }) => ending };
const reasonOf = (ending: string): Split => ({
  ...{ name: `reason.${ending}`, classes: coded.REASONS, of: [ending] },
  classOf: ({ reason }) => known(reason, coded.REASONS, "other"),
});
const SPLITS: readonly Split[] = [
  ENDING,
  {
    ...{ name: "grade", classes: TOLD_GRADES, of: ANSWERED },
    classOf: ({ grade }) => known(grade, TOLD_GRADES, "reported"),
  },
  reasonOf("declined"),
  reasonOf("not_completed"),
  flag(
    "unmet",
    ({ unmet }) => unmet,
    ENDINGS.filter((one) => one !== "yes" && one !== "nowhere"),
  ),
  flag("again", ({ again }) => again),
  ...coded.BARRIERS.map((code) => flag(`barrier.${code}`, ({ barriers }) => barriers.includes(code))),
];

const keyOf = (path: Path): string => JSON.stringify(path);
const ups = (path: Path): Path[] => path.map((_, index) => path.slice(0, path.length - 1 - index));

/** Codes compare by their letters, as in Python: they are all ASCII. */
export function byPlace(one: Path, other: Path): number {
  for (let depth = 0; depth < Math.min(one.length, other.length); depth++) {
    if (one[depth] !== other[depth]) return one[depth]! < other[depth]! ? -1 : 1;
  }
  return one.length - other.length;
}

export function pathOf({ service, area, age_band, sex }: Fact): Path {
  return [service, area, known(age_band, AGE_GROUPS, UNSAID), sex === FEMALE ? FEMALE : "others"];
}

/** What may be told of an agency's facts of one month, those above first; `but` names splits that are left out. */
export function suppress(facts: readonly Fact[], but: readonly string[] = []): Row[] {
  const sizes = new Map<string, number>();
  const below = new Map<string, Path[]>();
  for (const whole of facts.map(pathOf)) {
    for (let depth = 0; depth <= DEPTH; depth++) {
      const path = whole.slice(0, depth);
      const before = sizes.get(keyOf(path)) ?? 0;
      sizes.set(keyOf(path), before + 1);
      if (depth && !before) put(below, keyOf(path.slice(0, -1)), path);
    }
  }
  const size = (path: Path) => sizes.get(keyOf(path)) ?? 0;
  const rows = places(size, below).map((at): Row => ({ at, sought: size(at), told: {} }));
  SPLITS.filter(({ name }) => !but.includes(name)).forEach((split) => tell(split, rows, facts));
  return rows;
}

function put<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function places(size: (path: Path) => number, below: ReadonlyMap<string, readonly Path[]>): Path[] {
  const told: Path[] = size([]) >= LEAST ? [[]] : [];
  for (const place of told) {
    const large = (below.get(keyOf(place)) ?? []).filter((path) => size(path) >= LEAST);
    large.sort((one, other) => size(other) - size(one) || byPlace(other, one));
    const rest = () => size(place) - large.reduce((sum, path) => sum + size(path), 0);
    while (large.length && !restIsSafe(place, rest(), large.length)) large.pop();
    told.push(...large.sort(byPlace)); // grows while it is read
  }
  return told;
}

function restIsSafe(place: Path, rest: number, told: number): boolean {
  const closed = CLOSED[place.length];
  if (closed === undefined) return rest === 0 || rest >= LEAST;
  const hidden = closed - told;
  return (hidden === 0 && rest === 0) || (hidden > 1 && rest >= LEAST);
}

/** A count, as an edge from the class above to the class here, or to the leaf. */
interface Cell {
  readonly path: Path;
  readonly of: string;
  readonly source: number;
  readonly target: number;
  /** What is left of the place above: no place of its own, and never told. */
  readonly rest: boolean;
  count: number;
  hidden: boolean;
}

type Moved = Map<Cell, number>;
/** A way through the network: which cells grow on it (1) and which shrink (-1). */
type Way = readonly (readonly [Cell, number])[];
type Came = Map<number, readonly [cell: Cell, sign: number, before: number] | null>;
interface Side {
  readonly start: number;
  readonly end: number;
  readonly moved: Moved;
  readonly most: number;
}

/** The counts of one split at the told places, and their rests, as a network. */
class Network {
  readonly cells: Cell[] = [];
  private readonly split: Split;
  private readonly sizes = new Map<string, number>();
  private readonly nodes = new Map<string, number>();
  private readonly around = new Map<number, Cell[]>();

  constructor(split: Split, rows: readonly Row[]) {
    this.split = split;
    const at: Path[] = [];
    for (const row of rows) {
      const size = sizeOf(split, row);
      if (size === null) continue;
      this.sizes.set(keyOf(row.at), size);
      at.push(row.at);
    }
    const above = new Map(at.map((path) => [path, ups(path).find((up) => this.holds(up)) ?? null]));
    const size = (path: Path) => this.sizes.get(keyOf(path))!;
    const parts = new Map<string, Path[]>();
    for (const [path, up] of above) if (up) put(parts, keyOf(up), path);
    for (const [path, up] of above) this.row(path, up, parts.has(keyOf(path)));
    for (const path of at.filter((one) => parts.has(keyOf(one))).sort(byPlace)) {
      const inside = parts.get(keyOf(path))!.reduce((sum, one) => sum + size(one), 0);
      if (size(path) > inside) this.row([...path, REST], path, false);
    }
  }

  holds(path: Path): boolean {
    return this.sizes.has(keyOf(path));
  }

  /** Where a fact is counted last: its lowest place of this table, or the rest of it. */
  placeOf(path: Path): Path {
    const place = [path, ...ups(path)].find((up) => this.holds(up));
    if (!place) return [...path, REST];
    return this.nodes.has(keyOf([...place, this.split.classes[0]!, "class"])) ? [...place, REST] : place;
  }

  /** Which told cells have to be hidden, in their order, so that a hidden one may be any of enough numbers. */
  protect(cell: Cell): Set<Cell> {
    const used = new Set<Cell>();
    const more: Moved = new Map();
    const less: Moved = new Map();
    let [left, lowest] = cell.rest ? [LEAST - cell.count, 0] : [LEAST, cell.count];
    while (left > 0) {
      const sides: Side[] = [{ start: cell.target, end: cell.source, moved: more, most: left }];
      if (lowest) sides.push({ start: cell.source, end: cell.target, moved: less, most: Math.min(lowest, left) });
      const found = this.free(sides, cell) ?? this.paid(sides, cell);
      if (!found) break;
      const { way, moved, most } = found;
      const step = Math.min(most, roomOf(way, moved));
      for (const [edge, sign] of way) {
        moved.set(edge, (moved.get(edge) ?? 0) + sign * step);
        if (!edge.hidden) used.add(edge);
      }
      left -= step;
      if (moved === less) lowest -= step;
    }
    return left > 0 ? new Set() : used;
  }

  /** The first way round a cell through hidden cells. */
  private free(sides: readonly Side[], cell: Cell): (Side & { way: Way }) | null {
    for (const side of sides) {
      const way = this.shortest(side, cell);
      if (way) return { ...side, way };
    }
    return null;
  }

  /** The way that tells least, through told cells as well. */
  private paid(sides: readonly Side[], cell: Cell): (Side & { way: Way }) | null {
    const ways = sides.flatMap((side) => {
      const found = this.cheapest(side, cell);
      return found ? [{ ...side, ...found }] : [];
    });
    return ways.length ? ways.reduce((best, one) => (one.cost < best.cost ? one : best)) : null;
  }

  /** A shortest way through hidden cells, looked for from both ends at once. */
  private shortest({ start, end, moved }: Side, but: Cell): Way | null {
    const ahead: Came = new Map([[start, null]]);
    const behind: Came = new Map([[end, null]]);
    let [here, there] = [[start], [end]];
    while (here.length && there.length) {
      const forward = here.length <= there.length;
      const [came, other, edge] = forward ? [ahead, behind, here] : [behind, ahead, there];
      const reached: number[] = [];
      for (const node of edge) {
        for (const [cell, sign, following] of this.steps(node, moved, forward)) {
          if (!cell.hidden || cell === but || came.has(following)) continue;
          came.set(following, [cell, sign, node]);
          if (other.has(following)) return [...back(ahead, following).reverse(), ...back(behind, following)];
          reached.push(following);
        }
      }
      if (forward) here = reached;
      else there = reached;
    }
    return null;
  }

  /** The way on which told cells tell least, and how much they tell; hidden cells cost nothing. */
  private cheapest({ start, end, moved }: Side, but: Cell): { cost: number; way: Way } | null {
    const queue: [cost: number, order: number, node: number][] = [[0, 0, start]];
    const best = new Map([[start, 0]]);
    const came: Came = new Map([[start, null]]);
    const done = new Set<number>();
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [cost, , node] = next;
      if (node === end) return { cost, way: back(came, end).reverse() };
      if (done.has(node)) continue;
      done.add(node);
      for (const [cell, sign, following] of this.steps(node, moved, true)) {
        const price = cost + (cell.hidden || moved.has(cell) ? 0 : cell.count + 1);
        if (cell === but || price >= (best.get(following) ?? price + 1)) continue;
        best.set(following, price);
        came.set(following, [cell, sign, node]);
        enqueue(queue, [price, best.size, following]);
      }
    }
    return null;
  }

  /** What may grow or shrink on the way from a node, or else to it, and the node at the other end. */
  private *steps(node: number, moved: Moved, forward: boolean): Generator<readonly [Cell, number, number]> {
    for (const cell of this.around.get(node) ?? []) {
      if ((cell.source === node) === forward) yield [cell, 1, forward ? cell.target : cell.source];
      else if (cell.count + (moved.get(cell) ?? 0) > 0) yield [cell, -1, forward ? cell.source : cell.target];
    }
  }

  private row(path: Path, up: Path | null, inner: boolean): void {
    const from = up === null ? this.node([...path, "from"]) : null;
    const to = inner ? null : this.node([...path, "to"]);
    for (const of of this.split.classes) {
      const source = from ?? this.node([...up!, of, "class"]);
      const target = to ?? this.node([...path, of, "class"]);
      const rest = path[path.length - 1] === REST;
      const cell: Cell = { path, of, source, target, rest, count: 0, hidden: true };
      this.cells.push(cell);
      put(this.around, source, cell);
      put(this.around, target, cell);
    }
  }

  private node(name: Path): number {
    const key = keyOf(name);
    const found = this.nodes.get(key) ?? this.nodes.size;
    this.nodes.set(key, found);
    return found;
  }
}

/** Write into the rows what a split may tell. */
function tell(split: Split, rows: readonly Row[], facts: readonly Fact[]): void {
  const network = new Network(split, rows);
  const counts = new Map<string, number>();
  for (const fact of facts.filter(({ ending }) => split.of.includes(ending))) {
    const place = network.placeOf(pathOf(fact));
    const ends = place[place.length - 1] === REST ? place.slice(0, -1) : place;
    const counted = [place, ends, ...ups(ends)].filter((path) => path === place || network.holds(path));
    for (const key of new Set(counted.map((path) => keyOf([...path, split.classOf(fact)])))) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  for (const cell of network.cells) {
    cell.count = counts.get(keyOf([...cell.path, cell.of])) ?? 0;
    cell.hidden = cell.rest || cell.count < LEAST;
  }
  const hides = network.cells.some(({ hidden }) => !hidden);
  const waiting = hides ? network.cells.filter(({ hidden }) => hidden) : [];
  for (const cell of waiting) {
    for (const other of network.protect(cell)) {
      other.hidden = true;
      waiting.push(other); // grows while it is read
    }
  }
  const told = new Map(rows.map((row) => [keyOf(row.at), row.told]));
  for (const { path, of, count, hidden } of network.cells) {
    if (!hidden) (told.get(keyOf(path))![split.name] ??= {})[of] = count;
  }
}

/** How many needs of a place a split is of, where that can be told, else null. */
function sizeOf({ of }: Split, { sought, told }: Row): number | null {
  const counts = told[ENDING.name] ?? {};
  const others = ENDINGS.filter((one) => !of.includes(one));
  const sum = (names: readonly string[]) => names.reduce((all, name) => all + counts[name]!, 0);
  const allTold = (names: readonly string[]) => names.every((name) => name in counts);
  if (!others.length) return sought;
  if (allTold(of)) return sum(of);
  return allTold(others) ? sought - sum(others) : null;
}

const roomOf = (way: Way, moved: Moved): number =>
  way.reduce((most, [cell, sign]) => (sign < 0 ? Math.min(most, cell.count + (moved.get(cell) ?? 0)) : most), PLENTY);

/** The steps by which a node was reached, the last one first. */
function back(came: Came, node: number): [Cell, number][] {
  const steps: [Cell, number][] = [];
  for (let step = came.get(node); step; step = came.get(step[2])) steps.push([step[0], step[1]]);
  return steps;
}

/** Keep a queue in its order, the next one last. */
function enqueue(queue: [number, number, number][], item: [number, number, number]): void {
  const after = (one: readonly number[]) => one[0]! - item[0] || one[1]! - item[1] || one[2]! - item[2];
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (after(queue[middle]!) > 0) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, item);
}

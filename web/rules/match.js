// @ts-check
/**
 * Which services fit a person? The twin of `hub/directory/matching/match.py`: the same criteria, listings and ranks.
 *
 * `match` asks each criterion of each listing of a slice and ranks; it is pure and makes no request, because only the
 * client knows anything of the person. Who calls it has verified the slice. Days and minutes are those of the wall clock
 * of each service's zone; positions are millionths of a degree.
 *
 * @module
 */
import { compiled, dayNumber, dayText, isObject, scopeOf } from "./evaluate.js";

/** @typedef {import("./evaluate.js").Json} Json */
/** @typedef {import("./evaluate.js").Ask} Ask */
/** @typedef {import("./evaluate.js").Scope} Scope */
/** @typedef {{[name: string]: any}} Listing */
/** @typedef {{area?: string | null, path?: string[], point?: [number, number] | null, km?: number | null}} Where */
/** @typedef {{need: string, person: {[name: string]: Json}, where: Where, when: number | null}} Question `person` is what `Person.facts` makes */
/** @typedef {{area: string, metres: number | null, approximate: boolean, site: Listing | null}} Near */
/** @typedef {{id: string, weight: string, group: string | null, since: string | null, asked: Ask, when: Ask | null, must: Ask,
 *   why: {[said: string]: [string, Ask][]}, tells: {[name: string]: Ask}}} Criterion */
/** @typedef {{criteria: Criterion[], cadence: number, decaying: Set<string>}} Policy */
/** @typedef {{id: string, said: string, code: string, since: string | null, tells: {[name: string]: Json}}} Said */
/** @typedef {{listing: Listing, near: Near, rank: number[], answers: Map<string, boolean | null>, scope: Scope}} Ranked */

export const RANK = ["misses", "asks", "area", "lacks", "stale", "special", "support", "metres"];
const EARTH_KM = 6371.0088;
const MICRO = 1_000_000;
const FAR = 1_000_000_000;
const DAY_SECONDS = 86_400;
const LAST_DAY = "9999-12-31";
const YEAR = 12;
const WEEK = 7;
const WITHIN_DAYS = 62;
/** @type {Map<string, boolean>} */
const FITS = new Map([["here", true], ["covers", true], ["within", true], ["elsewhere", false], ["too_far", false]]);
/** @type {Map<string, number>} */
const ORDER = new Map([["here", 0], ["within", 0], ["covers", 1]]);
const WORST_FIRST = ["does_not", "unknown", "meets"];

/**
 * Return what `criteria.json` and the `groups` of the map's policy hold, compiled.
 * @param {any} file
 * @param {any} groups
 * @returns {Policy}
 * @throws {import("./evaluate.js").RuleError} an expression is none
 */
export function criteriaOf(file, groups) {
  /** @param {Json} expression */
  const each = (expression) => compiled(expression, file.named);
  /** @param {any} row @returns {Criterion} */
  const criterion = (row) => ({
    id: row.id,
    weight: row.weight,
    group: row.group ?? null,
    since: row.since ?? null,
    asked: each(row.asked ?? true),
    when: row.when === undefined ? null : each(row.when),
    must: each(row.must),
    why: mapped(row.why ?? {}, (rows) => rows.map((/** @type {[string, Json]} */ [code, condition]) => [code, each(condition)])),
    tells: mapped(row.tells ?? {}, each),
  });
  const decaying = Object.keys(groups).filter((code) => groups[code].past === "unknown");
  return { criteria: file.criteria.map(criterion), cadence: groups.offer.cadence, decaying: new Set(decaying) };
}

/**
 * Return the services of a slice, the best first and the near misses last.
 * @param {Policy} policy
 * @param {Listing[]} listings
 * @param {Question} asked
 * @param {{[code: string]: any}} areas
 * @param {number} now Unix seconds
 * @returns {Ranked[]}
 */
export function match(policy, listings, asked, areas, now) {
  const { where, when } = asked;
  const today = dayOf(now);
  const base = scopeOf({
    person: asked.person,
    where: { need: asked.need, asked: known(where.area) || known(where.km) },
    when: { asked: when !== null, at: when, day: dayOf(when ?? now) },
    now: { day: today },
  });
  const active = policy.criteria.filter((criterion) => criterion.asked(base) !== false);
  const due = dayText(/** @type {number} */ (dayNumber(today)) - policy.cadence);
  /** @type {Map<string, [string, number] | null>} */
  const clocks = new Map();
  const found = listings.map((listing) => {
    const lies = near(listing, where, areas);
    const names = new Map(base.names);
    names.set("listing", listing).set("near", { fits: FITS.get(lies.area) ?? null, area: lies.area });
    names.set("open", when === null ? null : openThen(listing.hours, when, clocks));
    const scope = { names, watch: null };
    return ranked(policy, active, listing, lies, scope, today, due);
  });
  return found.sort(better);
}

/** @param {Ranked} one @param {Ranked} other */
function better(one, other) {
  const at = one.rank.findIndex((value, n) => value !== other.rank[n]);
  if (at >= 0) return one.rank[at] - other.rank[at];
  return one.listing.id < other.listing.id ? -1 : Number(one.listing.id > other.listing.id);
}

/** @param {Policy} policy @param {Criterion[]} active @param {Listing} listing @param {Near} lies @param {Scope} scope @param {string} today @param {string} due @returns {Ranked} */
function ranked(policy, active, listing, lies, scope, today, due) {
  /** @type {Map<string, boolean | null>} */
  const answers = new Map();
  let [misses, asks, lacks] = [0, 0, 0];
  for (const criterion of active) {
    if (criterion.when !== null && criterion.when(scope) === false) continue;
    const answer = /** @type {boolean | null} */ (isPast(policy, criterion, listing, today) ? null : criterion.must(scope));
    answers.set(criterion.id, answer);
    if (answer === true) continue;
    if (criterion.weight !== "must") lacks += 1;
    else if (answer === false) misses += 1;
    else asks += 1;
  }
  const wanted = /** @type {any} */ (scope.names.get("person")).vulnerabilities ?? [];
  const special = wanted.length === 0 || wanted.some((/** @type {string} */ code) => (listing.specialisms ?? []).includes(code));
  const metres = lies.metres === null || lies.approximate ? FAR : lies.metres;
  const support = Number(listing.role === "support");
  const rank = [misses, asks, ORDER.get(lies.area) ?? 2, lacks, stale(listing, today, due), Number(!special), support, metres];
  return { listing, near: lies, rank, answers, scope };
}

/** Return how fresh the offer is: 0 fresh, 1 due to be checked, 2 past. @param {Listing} listing @param {string} today @param {string} due */
function stale(listing, today, due) {
  if ((listing.shown_until ?? "") < today) return 2;
  return Number((listing.verified?.offer ?? "") <= due);
}

/** @param {Policy} policy @param {Criterion} criterion @param {Listing} listing @param {string} today */
function isPast(policy, criterion, listing, today) {
  return criterion.group !== null && policy.decaying.has(criterion.group) && (listing.until?.[criterion.group] ?? LAST_DAY) < today;
}

// Why

/**
 * Return what each criterion answers and why, those that speak against it first.
 * @param {Policy} policy
 * @param {Ranked} found
 * @returns {Said[]}
 */
export function reasons(policy, found) {
  const { listing } = found;
  const today = /** @type {any} */ (found.scope.names.get("now")).day;
  const at = /** @type {any} */ (found.scope.names.get("when")).at;
  /** @param {Criterion} criterion @returns {Said} */
  const said = (criterion) => {
    const answer = found.answers.get(criterion.id);
    const word = answer === true ? "meets" : answer === false ? "does_not" : "unknown";
    const opens = criterion.id === "open" && answer === false ? nextOpening(listing.hours, at) : null;
    const scope = { names: new Map(found.scope.names).set("group", limits(listing)).set("opens", opens), watch: null };
    const why = (criterion.why[word] ?? []).find(([, ask]) => ask(scope) === true);
    const told = Object.entries(mapped(criterion.tells, (/** @type {Ask} */ ask) => ask(scope)));
    return {
      id: criterion.id,
      said: word,
      code: isPast(policy, criterion, listing, today) ? "stale" : why?.[0] ?? word,
      since: listing.verified?.[criterion.group ?? criterion.since ?? ""] ?? null,
      tells: Object.fromEntries(told.filter(([, value]) => value !== null)),
    };
  };
  const all = policy.criteria.filter((criterion) => found.answers.has(criterion.id)).map(said);
  return all.sort((one, other) => WORST_FIRST.indexOf(one.said) - WORST_FIRST.indexOf(other.said));
}

/**
 * Return a ranked service as JSON.
 * @param {Policy} policy
 * @param {Ranked} found
 */
export function valueOf(policy, found) {
  const { listing, near: lies, rank } = found;
  return {
    id: listing.id,
    fits: rank[0] === 0,
    sure: rank[0] === 0 && rank[1] === 0,
    informal: listing.provider?.formal === false,
    rank: Object.fromEntries(RANK.map((name, n) => [name, rank[n]])),
    area: lies.area,
    metres: lies.metres,
    approximate: lies.approximate,
    site: lies.site?.site ?? null,
    criteria: reasons(policy, found),
  };
}

/** Return the youngest and the oldest age that any group of a service takes. @param {Listing} listing @returns {{[name: string]: Json}} */
function limits(listing) {
  /** @type {any[]} */
  const bands = listing.bands ?? [];
  const first = bands.length > 0 ? Math.min(...bands.map((band) => band.from ?? 0)) : 0;
  const open = bands.length === 0 || bands.some((band) => !known(band.below));
  const below = open ? null : Math.max(...bands.map((band) => band.below));
  const { labour_from: labour } = listing;
  return {
    from: tenths(Math.floor((first * 10) / YEAR)),
    to: below === null ? null : tenths(below % YEAR === 0 ? (below / YEAR - 1) * 10 : Math.floor(((below - 1) * 10) / YEAR)),
    labour: known(labour) ? tenths(Math.floor((labour * 10) / YEAR)) : null,
  };
}

/** @param {number} years */
function tenths(years) {
  const [whole, tenth] = [Math.floor(years / 10), years % 10];
  return tenth === 0 ? String(whole) : `${whole}.${tenth}`;
}

// Where

/**
 * Return the distance of two positions in millionths of a degree, in kilometres, on a sphere (haversine).
 * @param {[number, number]} one
 * @param {[number, number]} other
 */
export function kilometres(one, other) {
  const [lat, lon, toLat, toLon] = [...one, ...other].map((each) => (each / MICRO) * (Math.PI / 180));
  const half = Math.sin((toLat - lat) / 2) ** 2 + Math.cos(lat) * Math.cos(toLat) * Math.sin((toLon - lon) / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(Math.min(1, half)));
}

/**
 * Return how a listing lies, seen from where help is wanted.
 * @param {Listing} listing
 * @param {Where} where
 * @param {{[code: string]: any}} areas
 * @returns {Near}
 */
export function near(listing, where, areas) {
  /** @type {Listing[]} */
  const places = listing.places ?? [];
  let found = places.map((place) => distance(place, where, areas)).filter((each) => each !== null);
  const inside = places.filter((place) => known(where.area) && (place.path ?? []).includes(where.area));
  if (inside.length > 0) {
    const there = found.filter((each) => inside.includes(each.site));
    if (there.length > 0) found = there;
  }
  const best = found.reduce((/** @type {typeof found[0] | null} */ first, each) => (first === null || closer(each, first) ? each : first), null);
  let area = areaOf(listing, where, areas);
  if (best !== null && !ORDER.has(area) && !known(where.area) && known(where.km)) area = within(listing, where, best);
  const metres = best === null ? null : Math.floor(best.km * 10 + 0.5) * 100;
  return { area, metres, approximate: best?.approximate ?? false, site: best?.site ?? inside[0] ?? places[0] ?? null };
}

/** @param {{km: number, approximate: boolean}} one @param {{km: number, approximate: boolean}} other */
function closer(one, other) {
  return one.approximate === other.approximate ? one.km < other.km : !one.approximate;
}

/** @param {Listing} listing @param {Where} where @param {{[code: string]: any}} areas */
function areaOf(listing, where, areas) {
  /** @type {Listing[]} */
  const places = listing.places ?? [];
  /** @type {string[]} */
  const covers = listing.covers ?? [];
  /** @type {string[][]} */
  const paths = places.map((place) => place.path ?? []).filter((path) => path.length > 0);
  const asked = where.area ?? "";
  const way = where.path ?? [];
  if (asked && paths.some((path) => path.includes(asked))) return "here";
  if (covers.some((code) => way.includes(code))) return "covers";
  const ways = covers.map((code) => own(areas, code)?.path ?? []);
  if (asked && ways.some((codes) => codes.includes(asked))) return "part";
  if (paths.some((path) => way.includes(path[path.length - 1]))) return "wider";
  const told = paths.length === places.length && ways.every((codes) => codes.length > 0) && (paths.length > 0 || ways.length > 0);
  return asked && told ? "elsewhere" : "not_said";
}

/** @param {Listing} listing @param {Where} where @param {{km: number, approximate: boolean}} nearest */
function within(listing, where, nearest) {
  if (nearest.approximate) return "approximate";
  if (nearest.km <= (where.km ?? 0)) return "within";
  return (listing.covers ?? []).length > 0 ? "part" : "too_far";
}

/** @param {Listing} place @param {Where} where @param {{[code: string]: any}} areas @returns {{km: number, approximate: boolean, site: Listing} | null} */
function distance(place, where, areas) {
  if (!where.point || ["virtual", "postal"].includes(place.type)) return null;
  const middle = own(areas, place.area ?? "") ?? {};
  let exact = ["exact", "access_point"].includes(place.precision) && !place.mobile;
  let at = place.mobile ? middle : place;
  if (!known(at.lat) || !known(at.lon)) [at, exact] = [middle, false];
  if (!known(at.lat) || !known(at.lon)) return null;
  return { km: kilometres(where.point, [at.lat, at.lon]), approximate: !exact, site: place };
}

// When: the twin of `open_at`, `next_open` and `local` in `hub/directory/records/hours.py`

/**
 * Say whether it is open at a minute of a local day; null is unknown.
 * @param {any} hours
 * @param {string} day
 * @param {number} minute
 * @returns {boolean | null}
 */
export function openAt(hours, day, minute) {
  const week = weekOf(hours, day);
  return week && ofDay(week, day).some((row) => row.from <= minute && minute < row.to);
}

/**
 * Return the local day and minute from which it is open next, now included; null if unknown or not in two months.
 * @param {any} hours
 * @param {string} day
 * @param {number} minute
 * @returns {[string, number] | null}
 */
export function nextOpen(hours, day, minute) {
  const first = /** @type {number} */ (dayNumber(day));
  for (let n = 0; n <= WITHIN_DAYS; n += 1) {
    const shown = dayText(first + n);
    const least = n === 0 ? minute : 0;
    const week = weekOf(hours, shown);
    if (week === null) return null;
    const starts = ofDay(week, shown).filter((row) => row.to > least).map((row) => Math.max(row.from, least));
    if (starts.length > 0) return [shown, Math.min(...starts)];
  }
  return null;
}

/** @param {any} hours @param {string} day @returns {any[] | null} */
function weekOf(hours, day) {
  if (!isObject(hours) || Object.keys(hours).length === 0) return null;
  const one = /** @type {any} */ (hours);
  for (const exception of one.exceptions ?? []) if (exception.from <= day && day <= exception.to) return exception.week;
  const { from, to } = one.valid ?? {};
  return (from || day) <= day && day <= (to || day) ? one.week : null;
}

/** @param {any[]} week @param {string} day */
function ofDay(week, day) {
  const number = /** @type {number} */ (dayNumber(day));
  const weekday = (((number + 3) % WEEK) + WEEK) % WEEK;
  const of = Number(day.slice(8));
  const length = new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate();
  const nth = [Math.floor((of - 1) / WEEK) + 1, -(Math.floor((length - of) / WEEK) + 1)];
  return week.filter((row) => row.day === weekday && (!row.nth?.length || nth.some((each) => row.nth.includes(each))));
}

/**
 * Return the day and the minute that the wall clock of a zone shows; null where there is no such zone.
 * @param {number} when
 * @param {string} zone
 * @returns {[string, number] | null}
 */
export function local(when, zone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  try {
    const parts = new Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", form).formatToParts(new Date(when * 1000));
    const { year, month, day, hour, minute } = Object.fromEntries(parts.map((part) => [part.type, part.value]));
    return [`${year.padStart(4, "0")}-${month}-${day}`, Number(hour) * 60 + Number(minute)];
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** @param {any} hours @param {number} when @param {Map<string, [string, number] | null>} clocks */
function openThen(hours, when, clocks) {
  const at = clock(hours, when, clocks);
  return at && openAt(hours, ...at);
}

/** @param {any} hours @param {number} when @param {Map<string, [string, number] | null>} clocks */
function clock(hours, when, clocks) {
  const zone = isObject(hours) && /** @type {any} */ (hours).zone;
  if (!zone) return null;
  if (!clocks.has(zone)) clocks.set(zone, local(when, zone));
  return clocks.get(zone) ?? null;
}

/** @param {any} hours @param {number} when */
function nextOpening(hours, when) {
  const at = clock(hours, when, new Map());
  const found = at && nextOpen(hours, ...at);
  const two = (/** @type {number} */ each) => String(each).padStart(2, "0");
  return found && `${found[0]} ${two(Math.floor(found[1] / 60))}:${two(found[1] % 60)}`;
}

// Facts

/** @param {unknown} value */
function known(value) {
  return value !== null && value !== undefined;
}

/** @param {any} table @param {string} name */
function own(table, name) {
  return Object.hasOwn(table, name) ? table[name] : null;
}

/** @param {number} now */
function dayOf(now) {
  return dayText(Math.floor(now / DAY_SECONDS));
}

/** @template T @param {{[name: string]: any}} table @param {(value: any) => T} each @returns {{[name: string]: T}} */
function mapped(table, each) {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, each(value)]));
}

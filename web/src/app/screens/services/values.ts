/** Values of a record as lines of text in the reader's words. Pure: what others wrote stays text, nothing becomes markup. */

import type { Kind } from "../../../client/servicemap.ts";
import { isObject, type Json, type JsonObject } from "../../../rcp/encoding.ts";
import { date } from "../../core/time.ts";
import { localeOf, type Say } from "../../core/words.ts";
import { at, FIELDS, isEmpty, topOf, type As } from "./fields.ts";
import type { Labels } from "./labels.ts";

export const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
const MONDAY = Date.UTC(2024, 0, 1);

/** What a value needs to be said. */
export interface Reader {
  readonly say: Say;
  readonly labels: Labels;
  /** Names of areas, sites and providers by their codes and ids. */
  readonly names: ReadonlyMap<string, string>;
}

/** A part of a member with its plain label. */
export interface Line {
  readonly label: string;
  readonly texts: readonly string[];
}

/** The label of a member, or of a part of one; what has none is said as it is written. */
export function labelOf(say: Say, path: string): string {
  const key = `services.field.${path.replace(/\./g, "_")}`;
  return say.has(key) ? say(key) : path.split(".").slice(-1)[0]!.replace(/_/g, " ");
}

/** One member, which may have several parts. */
export function linesOf(reader: Reader, kind: Kind, name: string, value: Json): readonly Line[] {
  const parts = FIELDS[kind].filter(({ path }) => topOf(path) === name);
  const known = parts.map(({ path, as }) => ({
    label: labelOf(reader.say, path),
    texts: textsOf(reader, as, at({ [name]: value }, path)),
  }));
  const said = known.filter(({ texts }) => texts.length);
  return said.length || isEmpty(value) ? said : [{ label: labelOf(reader.say, name), texts: plain(value) }];
}

export function textsOf(reader: Reader, as: As, value: Json | undefined): readonly string[] {
  if (value === undefined || isEmpty(value)) return [];
  const { say, labels, names } = reader;
  const named = (code: Json) => names.get(String(code)) ?? String(code);
  switch (as.is) {
    case "day":
      return [date(say, String(value))];
    case "flag":
      return [say(value === true ? "services.yes" : "services.no")];
    case "whole":
    case "number":
      return [number(say, value)];
    case "own":
      return [say(`services.code.${String(value).replace(/ /g, "_")}`)];
    case "one":
      return [labels.code(as.list, String(value))];
    case "many":
    case "many_or_any":
      return any(say, value) ?? list(value).map((code) => labels.code(as.list, String(code)));
    case "agency":
      return [String(value).replace("urn:rcp:agency:", "")];
    case "country":
      return [labels.country(String(value))];
    case "countries_or_any":
      return any(say, value) ?? list(value).map((code) => labels.country(String(code)));
    case "areas_or_any":
      return any(say, value) ?? list(value).map(named);
    case "area":
    case "provider":
      return [named(value)];
    case "areas":
      return list(value).map(named);
    case "sites":
      return list(value).map((row) => named(member(row, "location_id")));
    case "languages":
      return list(value).map((row) => labels.language(String(member(row, "code") || member(row, "name"))));
    case "phones":
      return list(value).map((row) => [member(row, "number"), member(row, "description")].filter(Boolean).join(", "));
    case "days":
      return isObject(value)
        ? Object.entries(value).map(([code, day]) =>
            say("services.until_day", { what: labels.code(as.list, code), day: date(say, String(day)) }),
          )
        : plain(value);
    case "bands":
      return list(value).map((row) => bandOf(reader, row));
    case "hours":
      return isObject(value) ? hoursOf(say, value) : plain(value);
    case "exclusions":
      return list(value).map((row) => exclusionOf(reader, row));
    case "translations":
      return isObject(value) ? translatedOf(reader, value) : plain(value);
    default:
      return plain(value);
  }
}

/** A group of persons: ages, sex, situation. */
function bandOf({ say, labels }: Reader, row: Json): string {
  const [low, high] = [member(row, "age_from"), member(row, "age_to")];
  const ages =
    low === "" && high === ""
      ? say("services.any_age")
      : high === ""
        ? say("services.ages_from", { from: number(say, low) })
        : say("services.ages_between", { from: number(say, low === "" ? 0 : low), to: number(say, high) });
  const lists = (["sexes", "situations"] as const).map((name) => {
    const value = member(row, name);
    return Array.isArray(value)
      ? joined(
          say,
          value.map((code) => labels.code(name, String(code))),
        )
      : "";
  });
  return [ages, ...lists].filter(Boolean).join("; ");
}

/** Where the values of an attribute by which a service excludes have words; others are as they were written. */
export const EXCLUDED_BY: { readonly [attribute: string]: string } = {
  status: "statuses",
  documents: "documents",
  sex: "sexes",
};

/** Who is not served, by which law, who reviewed it, and until when it counts; without law or day it excludes nobody. */
function exclusionOf({ say, labels }: Reader, row: Json): string {
  const attribute = String(member(row, "attribute"));
  const words = list(member(row, "values")).map((value) => {
    if (attribute === "nationality") return labels.country(String(value));
    if (attribute === "language") return labels.language(String(value));
    return labels.code(EXCLUDED_BY[attribute] ?? "", String(value));
  });
  const [law, by, until] = ["legal_reason", "reviewed_by", "review_by"].map((name) => String(member(row, name)));
  const who = `${labels.code("protected_attributes", attribute)}: ${joined(say, words) || "–"}`;
  const review = law && until ? say("services.counts_until", { day: date(say, until) }) : say("services.not_reviewed");
  return [who, law, by && say("services.was_reviewed_by", { by }), review].filter(Boolean).join(". ");
}

function translatedOf({ say, labels }: Reader, value: JsonObject): readonly string[] {
  return Object.entries(value).flatMap(([language, fields]) =>
    Object.entries(isObject(fields) ? fields : {}).map(([name, said]) => {
      const how = labels.code("translation_states", String(member(said, "state")));
      return `${labels.language(language)}, ${labelOf(say, name)}: ${String(member(said, "text"))} (${how})`;
    }),
  );
}

function hoursOf(say: Say, hours: JsonObject): readonly string[] {
  const zone = member(hours, "zone") ? [say("services.zone", { zone: String(hours["zone"]) })] : [];
  if (hours["always"] === true) return [say("services.always_open"), ...zone];
  const week = list(hours["week"] ?? []).map((row) => opening(say, row));
  const exceptions = list(hours["exceptions"] ?? []).map((row) => {
    const days = `${date(say, String(member(row, "from")))} – ${date(say, String(member(row, "to")))}`;
    const what = member(row, "closed")
      ? say("services.closed")
      : list(member(row, "week"))
          .map((one) => opening(say, one))
          .join("; ");
    return [days, what, member(row, "note")].filter(Boolean).join(": ");
  });
  return [...week, ...exceptions, ...zone];
}

function opening(say: Say, row: Json): string {
  const days = list(member(row, "days")).map((code) => weekday(say, String(code)));
  const nth = list(member(row, "nth")).map((each) =>
    Number(each) < 0 ? say("services.nth_last", { nth: -Number(each) }) : say("services.nth", { nth: Number(each) }),
  );
  const when = `${String(member(row, "opens"))} – ${String(member(row, "closes"))}`;
  return `${[...nth, joined(say, days)].join(" ")} ${when}`;
}

/** A day of the week by its code, as the reader's language writes it. */
export function weekday(say: Say, code: string): string {
  const index = DAYS.indexOf(code as (typeof DAYS)[number]);
  if (index < 0) return code;
  const format = new Intl.DateTimeFormat(localeOf(say.lang), { weekday: "short", timeZone: "UTC" });
  return format.format(MONDAY + index * 86_400_000);
}

/** Several texts as one, parted as the reader's language parts them. */
export const joined = (say: Say, texts: readonly string[]): string => texts.join(say.lang === "ar" ? "، " : ", ");

const number = (say: Say, value: Json): string =>
  typeof value === "number"
    ? new Intl.NumberFormat(localeOf(say.lang), { maximumFractionDigits: 6 }).format(value)
    : String(value);

const any = (say: Say, value: Json): readonly string[] | null => (value === "any" ? [say("services.no_limit")] : null);

export const list = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

/** A member of what may be an object; "" where it is not there. */
export const member = (value: Json, name: string): Json => (isObject(value) ? (value[name] ?? "") : "");

/** A value that no table knows: its texts and numbers, one line for each row. */
export function plain(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((row) => [plain(row).join(", ")]).filter(Boolean);
  if (!isObject(value)) return value === null || typeof value === "boolean" ? [] : [String(value)];
  return Object.entries(value).flatMap(([name, inner]) => {
    const said = name === "id" || name.endsWith("_id") ? "" : plain(inner).join(", ");
    return said ? [`${name.replace(/_/g, " ")}: ${said}`] : [];
  });
}

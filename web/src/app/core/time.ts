/** Moments in a person's words. All times are Unix seconds; a date that a person types is a day without a zone. */

import { localeOf, type Say } from "./words.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const day = (say: Say, at: number): string => format(say, at, { dateStyle: "medium" });

export const moment = (say: Say, at: number): string => format(say, at, { dateStyle: "medium", timeStyle: "short" });

export const weekday = (say: Say, at: number): string =>
  format(say, at, { weekday: "long", day: "numeric", month: "long" });

/** A date of a document, `2026-11-03`, as the reader writes dates; what is none is shown as it is. */
export function date(say: Say, text: string): string {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!found) return text;
  const at = Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3])) / 1000;
  return format(say, at, { dateStyle: "medium", timeZone: "UTC" });
}

/** How far away a moment is: "in 3 hours", "2 days ago". */
export function away(say: Say, at: number, now: number): string {
  const seconds = at - now;
  const [unit, size] = unitOf(Math.abs(seconds));
  const format = new Intl.RelativeTimeFormat(localeOf(say.lang), { numeric: "auto" });
  return format.format(Math.trunc(seconds / size), unit);
}

/** The day of a moment where the reader is, as a document writes it. */
export function dateOf(at: number): string {
  const local = new Date(at * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`;
}

function unitOf(seconds: number): [Intl.RelativeTimeFormatUnit, number] {
  if (seconds >= 2 * DAY) return ["day", DAY];
  if (seconds >= 2 * HOUR) return ["hour", HOUR];
  return ["minute", MINUTE];
}

const format = (say: Say, at: number, how: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(localeOf(say.lang), how).format(at * 1000);
